import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

// What programs print, as the site shows it. UPDATE_OUTPUTS=1 writes it anew.
const OUTPUTS = fileURLToPath(new URL('../outputs/', import.meta.url))

/** What they print in another order, or with other numbers, at each run. */
const BY_CHANCE = new Set(['audit-log', 'json-file-crash', 'queue-email', 'state-snapshots'])

/** Holds what a program printed, when it ran for the first time in `folder`, against what the site shows of it. */
export function expectShown(program: string, output: string, folder: string): void {
  const name = program.replace(/\.ts$/, '')
  const path = join(OUTPUTS, `${name}.txt`)
  const printed = output.replaceAll(folder, 'state')
  if (process.env['UPDATE_OUTPUTS'] !== undefined) writeFileSync(path, printed)
  if (!existsSync(path)) return
  const shown = readFileSync(path, 'utf8')
  expect(comparable(name, printed)).toBe(comparable(name, shown))
}

function comparable(name: string, text: string): string {
  if (!BY_CHANCE.has(name)) return text
  return text.replaceAll(/\d+/g, '#').split('\n').toSorted().join('\n')
}
