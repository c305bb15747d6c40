import { readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { expect } from 'vitest'
import { type Numbered, recordOf } from './numbered.mjs'

/** Every record that the journal holds is the one that belongs there: none is missing between, doubled, or changed. */
export async function expectWholeJournal(path: string): Promise<{ first: number; last: number }> {
  const wrong: number[] = []
  let first = 0
  let last = 0
  for await (const { seq, record } of MiniStore.entries<Numbered>(path)) {
    if (first === 0) first = seq
    else if (seq !== last + 1) wrong.push(seq)
    last = seq
    const { n, text } = recordOf(seq)
    if (record.n !== n || record.text !== text) wrong.push(seq)
  }
  expect(wrong, `${path}: records that do not belong there`).toEqual([])
  return { first, last }
}

/** The bytes of a journal's segments and of what was set aside, by name. */
export function journalBytes(path: string): Map<string, string> {
  const names = readdirSync(dirname(path)).filter((name) => {
    return name.startsWith(basename(path)) && !/\.(ack|lock)$/.test(name)
  })
  return new Map(
    names.toSorted().map((name) => [name, readFileSync(join(dirname(path), name), 'latin1')]),
  )
}

/** The highest number in lines such as `acknowledged 17`; 0 for none. */
export function highestOf(word: string, lines: readonly string[]): number {
  const numbers = lines.filter((line) => line.startsWith(`${word} `))
  return Math.max(0, ...numbers.map((line) => Number(line.slice(word.length + 1))))
}
