import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import type { Log } from '@mini-rs/ministore'
import { assertRangeError, assertRefused, outcomesOf } from '../check.js'
import {
  type LogCheck,
  entriesOf,
  otherOf,
  recordsOf,
  withoutBatches,
  withoutOther,
} from './subject.js'

const CONFLICT = { code: 'WRONG_EXPECTED_SEQ', outcome: 'absent' }

/** What `expectedSeq` and a second writer promise. */
export const conflictChecks: readonly LogCheck[] = [
  {
    name: 'appends when expectedSeq is the last number, from 0 on',
    run: async ({ log }) => {
      const first = await log.append('a', { expectedSeq: 0 })
      const second = await log.append('b', { expectedSeq: first })
      const { last } = await log.appendMany(['c'], { expectedSeq: second })
      await log.append('d', { expectedSeq: last })
      deepStrictEqual(await recordsOf(log), ['a', 'b', 'c', 'd'])
    },
  },
  {
    name: 'refuses a wrong expectedSeq, too low or too high, and writes nothing',
    run: async ({ log }) => {
      await assertRefused(() => log.append('x', { expectedSeq: 1 }), CONFLICT)
      const first = await log.append('a')
      const last = await log.append('b')
      for (const expectedSeq of [0, first, last + 1]) {
        await assertRefused(() => log.append('x', { expectedSeq }), CONFLICT)
        await assertRefused(() => log.appendMany(['x'], { expectedSeq }), CONFLICT)
      }
      deepStrictEqual(await recordsOf(log), ['a', 'b'])
      await log.append('c', { expectedSeq: last })
    },
  },
  {
    name: 'refuses an expectedSeq that is no number of a record with a RangeError',
    run: async ({ log }) => {
      for (const expectedSeq of [-1, 0.5, Number.NaN, 2 ** 53]) {
        await assertRangeError(() => log.append('x', { expectedSeq }))
        await assertRangeError(() => log.appendMany(['x'], { expectedSeq }))
      }
      strictEqual(log.lastSeq, 0)
    },
  },
  {
    name: 'lets exactly one of several appends with the same expectedSeq win',
    run: async ({ log }) => {
      const expectedSeq = await log.append('before')
      await assertOneWins(log, expectedSeq, [log, log, log])
    },
  },
  {
    name: 'lets exactly one writer win when several append with the same expectedSeq',
    skipReason: withoutOther,
    run: async (subject) => {
      const { log } = subject
      const other = otherOf(subject)
      let expectedSeq = 0
      for (let round = 0; round < 10; round++) {
        const writers = round % 2 === 0 ? [log, other, log] : [other, log, other]
        expectedSeq = await assertOneWins(log, expectedSeq, writers)
      }
    },
  },
  {
    name: 'shows what another writer has appended, in one order for all',
    skipReason: withoutOther,
    run: async (subject) => {
      const { log } = subject
      const other = otherOf(subject)
      const writing = Array.from({ length: 20 }, async (_, n) => {
        await Promise.all([log.append(`log ${n}`), other.append(`other ${n}`)])
      })
      await Promise.all(writing)
      const entries = await entriesOf(log)
      deepStrictEqual(await entriesOf(other), entries)
      const seqs = entries.map(({ seq }) => seq)
      deepStrictEqual(
        seqs,
        [...new Set(seqs)].toSorted((a, b) => a - b),
      )
      const records = entries.map(({ record }) => String(record))
      for (const writer of ['log', 'other']) {
        const own = records.filter((record) => record.startsWith(writer))
        deepStrictEqual(
          own,
          Array.from({ length: 20 }, (_, n) => `${writer} ${n}`),
        )
      }
    },
  },
  {
    name: 'keeps batches of two writers whole and apart',
    skipReason: (subject) => withoutOther(subject) ?? withoutBatches(subject),
    run: async (subject) => {
      const writers = [subject.log, otherOf(subject)]
      const writing = writers.flatMap((writer, index) =>
        Array.from({ length: 10 }, (_, n) => writer.appendMany([`${index}/${n}`, `${index}/${n}`])),
      )
      await Promise.all(writing)
      const entries = await entriesOf(subject.log)
      strictEqual(entries.length, 40)
      for (let index = 0; index < entries.length; index += 2) {
        strictEqual(entries[index]?.record, entries[index + 1]?.record)
        deepStrictEqual([entries[index]?.commitEnd, entries[index + 1]?.commitEnd], [false, true])
      }
    },
  },
  {
    name: "refuses who has not read another writer's record, and takes it once that was read",
    skipReason: withoutOther,
    run: async (subject) => {
      const { log } = subject
      const before = await log.append('mine')
      const theirs = await otherOf(subject).append('theirs')
      await assertRefused(() => log.append('too late', { expectedSeq: before }), CONFLICT)
      const [entry] = await entriesOf(log, { from: before + 1 })
      deepStrictEqual([entry?.seq, entry?.record], [theirs, 'theirs'])
      await log.append('in time', { expectedSeq: theirs })
      deepStrictEqual(await recordsOf(log), ['mine', 'theirs', 'in time'])
    },
  },
]

/** Resolves to the number of the winner. */
async function assertOneWins(
  log: Log<unknown>,
  expectedSeq: number,
  writers: readonly Log<unknown>[],
): Promise<number> {
  const before = await recordsOf(log)
  const appends = writers.map((writer, index) => writer.append({ index }, { expectedSeq }))
  const { values, reasons } = outcomesOf(await Promise.allSettled(appends))
  deepStrictEqual([values.length, reasons.length], [1, writers.length - 1])
  for (const { code, outcome } of reasons) deepStrictEqual({ code, outcome }, CONFLICT)
  const entries = await entriesOf(log)
  strictEqual(entries.length, before.length + 1)
  const winner = entries.at(-1)?.seq ?? 0
  strictEqual(winner, values[0])
  ok(winner > expectedSeq)
  return winner
}
