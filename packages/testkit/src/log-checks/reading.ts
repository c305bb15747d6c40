import { deepStrictEqual, fail, ok, strictEqual } from 'node:assert/strict'
import type { Entry, Log, LogRange } from '@mini-rs/ministore'
import { assertRangeError, errorOf } from '../check.js'
import { type LogCheck, collect, entriesOf, recordsOf, withoutBatches } from './subject.js'

/** What reading promises. */
export const readingChecks: readonly LogCheck[] = [
  {
    name: 'reads ranges whose ends are inclusive',
    run: async ({ log }) => {
      const entries = await filled(log, 6)
      for (const [low, from] of entries.entries()) {
        for (const [high, to] of entries.entries()) {
          const wanted = low <= high ? entries.slice(low, high + 1) : []
          deepStrictEqual(await collect(log.entries({ from: from.seq, to: to.seq })), wanted)
        }
        deepStrictEqual(await collect(log.entries({ from: from.seq })), entries.slice(low))
        deepStrictEqual(await collect(log.entries({ to: from.seq })), entries.slice(0, low + 1))
      }
    },
  },
  {
    name: 'reads what is after a record from its number + 1, whatever numbers are missing',
    run: async ({ log }) => {
      const entries = await filled(log, 8)
      for (const [index, { seq }] of entries.entries()) {
        const after = await collect(log.entries({ from: seq + 1 }))
        deepStrictEqual(after, entries.slice(index + 1))
      }
    },
  },
  {
    name: 'reads nothing behind the end',
    run: async ({ log }) => {
      const last = (await filled(log, 3)).at(-1)?.seq ?? 0
      deepStrictEqual(await collect(log.entries({ from: last + 1 })), [])
      deepStrictEqual(await collect(log.entries({ from: last + 1000, to: last + 2000 })), [])
      strictEqual((await collect(log.entries({ from: last, to: last + 1000 }))).length, 1)
    },
  },
  {
    name: 'ends a range where the log stood when the reading began',
    run: async ({ log }) => {
      const before = await filled(log, 3)
      const read: Entry<unknown>[] = []
      for await (const entry of log.entries()) {
        read.push(entry)
        if (read.length > before.length) fail('the range grows while it is read')
        await log.append('appended meanwhile')
        await log.flush()
      }
      deepStrictEqual(read, before)
      strictEqual((await entriesOf(log)).length, 2 * before.length)
    },
  },
  {
    name: 'refuses ends that are no number of a record with a RangeError',
    run: async ({ log }) => {
      await filled(log, 2)
      for (const from of [0, -1, 1.5, Number.NaN]) {
        await assertRangeError(() => collect(log.entries({ from })))
        await assertRangeError(() => collect(log.batches({ from })))
        await assertRangeError(() => log.read(from))
      }
      await assertRangeError(() => collect(log.entries({ to: -1 })))
    },
  },
  {
    name: 'rejects with the reason of a signal that ends the reading',
    run: async ({ log }) => {
      await filled(log, 3)
      const readings: Reading[] = [log.entries.bind(log), log.batches.bind(log)]
      for (const read of readings) {
        const aborted = AbortSignal.abort('before it began')
        strictEqual(await errorOf(() => collect(read({ signal: aborted }))), 'before it began')
      }
      const abort = new AbortController()
      const reading = log.entries({ signal: abort.signal })[Symbol.asyncIterator]()
      await reading.next()
      abort.abort('in the middle')
      strictEqual(await errorOf(() => reading.next()), 'in the middle')
    },
  },
  {
    name: 'reads one record by its number, and undefined where none is',
    run: async ({ log }) => {
      const entries = await filled(log, 8)
      for (const { seq, record } of entries) deepStrictEqual(await log.read(seq), record)
      const numbers = new Set(entries.map(({ seq }) => seq))
      const last = entries.at(-1)?.seq ?? 0
      for (let seq = 1; seq <= last + 1; seq++) {
        if (!numbers.has(seq)) strictEqual(await log.read(seq), undefined)
      }
      strictEqual(await log.read(last + 1000), undefined)
    },
  },
  {
    name: 'gives every reader a record of its own',
    run: async ({ log }) => {
      const seq = await log.append({ list: [1] })
      await log.flush()
      const readers = [() => log.read(seq), async () => (await recordsOf(log))[0]]
      for (const read of [...readers, ...readers]) {
        const record = await read()
        deepStrictEqual(record, { list: [1] })
        ;(record as { list: number[] }).list.push(2)
      }
    },
  },
  {
    name: 'marks the last record of each commit, and no other',
    skipReason: withoutBatches,
    run: async ({ log }) => {
      await log.append('a')
      const { first, last } = await log.appendMany(['b', 'c'])
      await log.append('d')
      const marks = (await entriesOf(log)).map(({ commitEnd }) => commitEnd)
      deepStrictEqual(marks, [true, false, true, true])
      const cut = await entriesOf(log, { to: last - 1 })
      deepStrictEqual(
        cut.map(({ commitEnd }) => commitEnd),
        [true, false],
        'the end of a range is no commit end',
      )
      const rest = await entriesOf(log, { from: first + 1 })
      deepStrictEqual(
        rest.map(({ commitEnd }) => commitEnd),
        [true, true],
      )
    },
  },
  {
    name: 'reads in batches exactly what it reads one by one',
    run: async ({ log }) => {
      const entries = await filled(log, 12)
      await assertSameInBatches(log, {})
      for (const { seq } of entries) {
        await assertSameInBatches(log, { from: seq })
        await assertSameInBatches(log, { to: seq })
        await assertSameInBatches(log, { from: seq + 1, to: seq + 4 })
      }
    },
  },
  {
    name: 'has no batch without a record',
    run: async ({ log }) => {
      deepStrictEqual(await collect(log.batches()), [])
      const entries = await filled(log, 5)
      const last = entries.at(-1)?.seq ?? 0
      deepStrictEqual(await collect(log.batches({ from: last + 1 })), [])
      for (const { records } of await collect(log.batches())) ok(records.length > 0)
    },
  },
  {
    name: 'holds all of it after it was opened again, and numbers go on',
    skipReason: ({ reopen }) => (reopen === undefined ? 'it cannot be opened again' : undefined),
    run: async ({ log, reopen }) => {
      const entries = await filled(log, 7)
      await log.close()
      const again = (await reopen?.()) ?? log
      deepStrictEqual(await entriesOf(again), entries)
      const last = entries.at(-1)?.seq ?? 0
      deepStrictEqual([again.firstSeq, again.lastSeq], [entries[0]?.seq, last])
      ok((await again.append('more', { expectedSeq: last })) > last)
    },
  },
]

type Reading = (range: LogRange) => AsyncIterable<unknown>

/** At least so many records: single ones, and batches where the log takes them. */
async function filled(log: Log<unknown>, count: number): Promise<Entry<unknown>[]> {
  const size = Math.min(3, log.limits.maxBatchRecords)
  for (let n = 0; n < count;) {
    if (n % 2 === 0) await log.append({ n: n++ })
    else {
      const batch = Array.from({ length: size }, () => ({ n: n++ }))
      await log.appendMany(batch)
    }
  }
  return entriesOf(log)
}

async function assertSameInBatches(log: Log<unknown>, range: LogRange): Promise<void> {
  const entries = await entriesOf(log, range)
  const marks = new Map(entries.map(({ seq, commitEnd }) => [seq, commitEnd]))
  const unpacked: [number, unknown][] = []
  for await (const { firstSeq, records, commitEnd } of log.batches(range)) {
    for (const [index, record] of records.entries()) unpacked.push([firstSeq + index, record])
    strictEqual(commitEnd, marks.get(firstSeq + records.length - 1))
  }
  deepStrictEqual(
    unpacked,
    entries.map(({ seq, record }) => [seq, record]),
  )
}
