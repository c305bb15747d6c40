import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import type { Entry, Log } from '@mini-rs/ministore'
import { assertRangeError, assertRefused } from '../check.js'
import {
  type LogCheck,
  type LogSubject,
  collect,
  entriesOf,
  withoutOther,
  otherOf,
} from './subject.js'

const MOST_ATTEMPTS = 20

/** What `dropBefore` promises, and what is left for readers. */
export const droppingChecks: readonly LogCheck[] = [
  {
    name: 'drops no record at or behind the number, though it may keep some before it',
    run: async ({ log }) => {
      const before = await appended(log, 12)
      for (const { seq } of before) {
        const { droppedRecords } = await log.dropBefore(seq)
        ok(log.droppedThroughSeq < seq, `${log.droppedThroughSeq} is gone, and ${seq} was to stay`)
        ok(droppedRecords >= 0)
        const left = await entriesOf(log)
        deepStrictEqual(left, before.slice(before.length - left.length))
        ok((left[0]?.seq ?? Number.POSITIVE_INFINITY) <= seq)
        strictEqual(log.firstSeq, left[0]?.seq)
      }
    },
  },
  {
    name: 'counts the records that it dropped',
    run: async ({ log }) => {
      await appended(log, 12)
      for (let attempt = 0; attempt < 3; attempt++) {
        const before = (await entriesOf(log)).length
        const { droppedRecords } = await log.dropBefore(log.lastSeq - 3)
        strictEqual((await entriesOf(log)).length, before - droppedRecords)
      }
    },
  },
  {
    name: 'does nothing when there is nothing before the number',
    run: async ({ log }) => {
      strictEqual((await log.dropBefore(1)).droppedRecords, 0)
      const before = await appended(log, 3)
      strictEqual((await log.dropBefore(before[0]?.seq ?? 1)).droppedRecords, 0)
      strictEqual(log.droppedThroughSeq, 0)
      deepStrictEqual(await entriesOf(log), before)
    },
  },
  {
    name: 'refuses a number that is none with a RangeError',
    run: async ({ log }) => {
      for (const seq of [0, -1, 1.5, Number.NaN]) await assertRangeError(() => log.dropBefore(seq))
    },
  },
  {
    name: 'refuses every reading from a dropped number with SEQ_DROPPED, which names the oldest record',
    run: async ({ log }) => {
      const before = await appended(log, 8)
      await dropUntilGone(log)
      const left = await appended(log, 2)
      await assertDroppedThrough(log, before, left.slice(-2))
    },
  },
  {
    name: 'reads from droppedThroughSeq + 1, and without a start, all that is left',
    run: async ({ log }) => {
      await appended(log, 8)
      await dropUntilGone(log)
      await appended(log, 2)
      const left = await entriesOf(log)
      ok(left.length >= 2)
      deepStrictEqual(await entriesOf(log, { from: log.droppedThroughSeq + 1 }), left)
      deepStrictEqual(await entriesOf(log, { from: log.firstSeq }), left)
      strictEqual(left[0]?.seq, log.firstSeq)
    },
  },
  {
    name: 'never gives a number twice, though all records are dropped',
    run: async ({ log }) => {
      const before = await appended(log, 4)
      const last = before.at(-1)?.seq ?? 0
      await dropUntilGone(log)
      strictEqual(log.lastSeq, last)
      const left = await entriesOf(log)
      strictEqual(log.firstSeq, left[0]?.seq ?? last + 1)
      const next = await log.append('next', { expectedSeq: last })
      ok(next > last)
      deepStrictEqual((await entriesOf(log)).at(-1)?.record, 'next')
    },
  },
  {
    name: 'remembers what was dropped when it is opened again',
    skipReason: ({ reopen }) => (reopen === undefined ? 'it cannot be opened again' : undefined),
    run: async ({ log, reopen }) => {
      const before = await appended(log, 6)
      await dropUntilGone(log)
      const left = await appended(log, 2)
      const { droppedThroughSeq, firstSeq, lastSeq } = log
      await log.close()
      const again = (await reopen?.()) ?? log
      deepStrictEqual(
        [again.droppedThroughSeq, again.firstSeq, again.lastSeq],
        [droppedThroughSeq, firstSeq, lastSeq],
      )
      await assertDroppedThrough(again, before, left.slice(-2))
    },
  },
  {
    name: 'tells another writer what was dropped when it reads',
    skipReason: withoutOther,
    run: async (subject: LogSubject) => {
      const { log } = subject
      const other = otherOf(subject)
      await appended(log, 6)
      await dropUntilGone(log)
      const { droppedThroughSeq } = log
      const refusal = { code: 'SEQ_DROPPED' }
      await assertRefused(() => collect(other.entries({ from: droppedThroughSeq })), refusal)
      deepStrictEqual(await entriesOf(other), await entriesOf(log))
      strictEqual(other.droppedThroughSeq, droppedThroughSeq)
    },
  },
]

/** Drops until something is gone: a log may keep more than asked, but not all of it for ever. */
export async function dropUntilGone(log: Log<unknown>): Promise<void> {
  await log.flush()
  for (let attempt = 0; log.droppedThroughSeq === 0; attempt++) {
    ok(attempt < MOST_ATTEMPTS, 'dropBefore behind the last record drops nothing')
    await log.dropBefore(log.lastSeq + 1)
  }
}

async function appended(log: Log<unknown>, count: number): Promise<Entry<unknown>[]> {
  for (let n = 0; n < count; n++) await log.append({ n })
  return entriesOf(log)
}

async function assertDroppedThrough(
  log: Log<unknown>,
  before: readonly Entry<unknown>[],
  newest: readonly Entry<unknown>[],
): Promise<void> {
  const { droppedThroughSeq, firstSeq } = log
  const refusal = { code: 'SEQ_DROPPED', firstSeq }
  ok(
    before.some(({ seq }) => seq === droppedThroughSeq),
    'droppedThroughSeq was a record',
  )
  for (let seq = 1; seq <= droppedThroughSeq; seq++) {
    await assertRefused(() => log.read(seq), refusal)
    await assertRefused(() => collect(log.entries({ from: seq })), refusal)
    await assertRefused(() => collect(log.batches({ from: seq })), refusal)
    await assertRefused(() => collect(log.entries({ from: seq, to: log.lastSeq })), refusal)
  }
  for (const { seq, record } of newest) deepStrictEqual(await log.read(seq), record)
}
