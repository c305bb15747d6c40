import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { PACKAGES } from '../src/install.js'

const COMMON = ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'package.json']
const library = (name: string): string[] =>
  ['cjs', 'cjs.map', 'd.cts', 'd.ts', 'js', 'js.map'].map((ending) => `dist/${name}.${ending}`)

const MORE: Readonly<Record<(typeof PACKAGES)[number], readonly string[]>> = {
  ministore: [
    'FORMAT.md',
    'THIRD-PARTY-NOTICES',
    'dist/cli.cjs',
    ...library('fs'),
    ...library('seal'),
  ],
  minisnap: [...library('msgpack'), ...library('values')],
  ministate: [],
  miniqueue: ['THIRD-PARTY-NOTICES', 'dist/cli.cjs', ...library('testing')],
}

/** What the bundler shares between entries; its names change. */
const PART = /^dist\/(chunk-.*|[\w-]+-[\w-]{8}\.d\.c?ts)$/

describe('a packed package', () => {
  it.for(PACKAGES)('holds what it should, and nothing else: %s', async (name) => {
    const folder = join(inject('project'), 'node_modules', '@mini-rs', name)
    const found = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = found
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .replaceAll('\\', '/'),
      )
    const whole = files.filter((file) => !PART.test(file))
    expect(new Set(whole)).toEqual(new Set([...COMMON, ...library('index'), ...MORE[name]]))
  })
})
