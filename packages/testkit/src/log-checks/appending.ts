import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import type { Log } from '@mini-rs/ministore'
import { assertRangeError, assertRefused, errorOf } from '../check.js'
import { type LogCheck, entriesOf, recordsOf, withoutBatches } from './subject.js'

const JSON_VALUES: readonly unknown[] = [
  null,
  false,
  0,
  -1.5e-7,
  Number.MAX_SAFE_INTEGER,
  '',
  'a\nb\r\u2028\u0000 ü 🦀',
  [],
  [[], {}, [null]],
  {},
  { b: 1, a: { deep: [1, '2', { three: 3 }] }, '': 'no name' },
  JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'),
]

/** How many records a batch of these checks has, at least two. */
const BATCH = ['first', 'second', 'third']

/** What appending promises. */
export const appendingChecks: readonly LogCheck[] = [
  {
    name: 'is empty at first, and says so',
    run: async ({ log }) => {
      deepStrictEqual(await recordsOf(log), [])
      deepStrictEqual(
        [log.firstSeq, log.lastSeq, log.durableSeq, log.droppedThroughSeq],
        [1, 0, 0, 0],
      )
    },
  },
  {
    name: 'gives strictly increasing safe integers, without gaps where it says gapless',
    run: async ({ log }) => {
      const numbers: number[] = []
      for (let n = 0; n < 20; n++) numbers.push(await log.append({ n }))
      assertIncreasing(numbers, log)
      deepStrictEqual(await seqsOf(log), numbers)
      deepStrictEqual([log.firstSeq, log.lastSeq], [numbers[0], numbers.at(-1)])
    },
  },
  {
    name: 'keeps the order of the calls when many wait at once',
    run: async ({ log }) => {
      const wanted = Array.from({ length: 50 }, (_, n) => ({ n }))
      const numbers = await Promise.all(wanted.map((record) => log.append(record)))
      assertIncreasing(numbers, log)
      deepStrictEqual(await seqsOf(log), numbers)
      deepStrictEqual(await recordsOf(log), wanted)
    },
  },
  {
    name: 'gives back equal records of every JSON type, also after it was opened again',
    run: async ({ log, reopen }) => {
      for (const value of JSON_VALUES) await log.append(value)
      deepStrictEqual(await recordsOf(log), JSON_VALUES)
      strictEqual(({} as Record<string, unknown>)['polluted'], undefined)
      if (reopen === undefined) return
      await log.close()
      deepStrictEqual(await recordsOf(await reopen()), JSON_VALUES)
    },
  },
  {
    name: 'refuses what it cannot carry, and writes nothing of it',
    run: async ({ log }) => {
      const cycle: unknown[] = []
      cycle.push(cycle)
      const strange = [undefined, () => 1, 1n, Number.NaN, [undefined], new Map([[1, 2]]), cycle]
      const refusal = { code: 'RECORD_NOT_SERIALIZABLE', outcome: 'absent' }
      for (const record of strange) await assertRefused(() => log.append(record), refusal)
      deepStrictEqual(await recordsOf(log), [])
    },
  },
  {
    name: 'serialises at the call, so that changing the record later has no effect',
    run: async ({ log }) => {
      const record = { value: 'as it was' }
      const many = [{ value: 'of the batch' }]
      const appended = [log.append(record), log.appendMany(many)]
      record.value = 'changed'
      many[0] = { value: 'replaced' }
      await Promise.all(appended)
      deepStrictEqual(await recordsOf(log), [{ value: 'as it was' }, { value: 'of the batch' }])
    },
  },
  {
    name: 'has moved lastSeq and durableSeq to a record before its promise settles',
    run: async ({ log }) => {
      const appending = Array.from({ length: 10 }, async (_, n) => {
        const seq = await log.append(n)
        ok(log.lastSeq >= seq, `lastSeq is ${log.lastSeq} when ${seq} is acknowledged`)
        if (log.durability === 'os') return // durable only after flush
        ok(log.durableSeq >= seq, `durableSeq is ${log.durableSeq} when ${seq} is acknowledged`)
      })
      await Promise.all(appending)
      await log.flush()
      strictEqual(log.durableSeq, log.lastSeq)
    },
  },
  {
    name: 'appends many as one commit, whose numbers are the range that it names',
    skipReason: withoutBatches,
    run: async ({ log }) => {
      await log.append('before')
      const { first, last } = await log.appendMany(BATCH)
      await log.append('after')
      const batch = await entriesOf(log, { from: first, to: last })
      deepStrictEqual(
        batch.map(({ record, commitEnd }) => [record, commitEnd]),
        [
          ['first', false],
          ['second', false],
          ['third', true],
        ],
      )
      deepStrictEqual([batch[0]?.seq, batch[2]?.seq], [first, last])
      deepStrictEqual(await recordsOf(log), ['before', ...BATCH, 'after'])
    },
  },
  {
    name: 'appends nothing of a batch when one record of it is refused',
    skipReason: withoutBatches,
    run: async ({ log }) => {
      await log.append('before')
      const refusal = { code: 'RECORD_NOT_SERIALIZABLE', outcome: 'absent' }
      await assertRefused(() => log.appendMany(['good', undefined, 'good']), refusal)
      await log.append('after')
      deepStrictEqual(await recordsOf(log), ['before', 'after'])
    },
  },
  {
    name: 'refuses an empty batch with a RangeError',
    run: async ({ log }) => {
      await assertRangeError(() => log.appendMany([]))
      strictEqual(log.lastSeq, 0)
    },
  },
  {
    name: 'takes a record of limits.maxRecordBytes, and refuses one byte more by name',
    skipReason: ({ log }) => tooLargeToTry('maxRecordBytes', log.limits.maxRecordBytes),
    run: async ({ log }) => {
      const largest = 'x'.repeat(log.limits.maxRecordBytes - 2) // without its quotation marks
      await log.append(largest)
      const refusal = { code: 'RECORD_TOO_LARGE', outcome: 'absent' }
      await assertRefused(() => log.append(`${largest}x`), refusal)
      await assertRefused(() => log.append(`${largest.slice(1)}ü`), refusal)
      await assertRefused(() => log.appendMany([`${largest}x`]), refusal)
      deepStrictEqual((await recordsOf(log)).map(String), [largest])
    },
  },
  {
    name: 'takes a batch of limits.maxBatchBytes, and refuses one byte more by name',
    skipReason: ({ log }) => tooLargeToTry('maxBatchBytes', log.limits.maxBatchBytes),
    run: async ({ log }) => {
      const { maxBatchBytes, maxRecordBytes, maxBatchRecords } = log.limits
      const wholeRecords = Math.floor(maxBatchBytes / maxRecordBytes)
      const rest = maxBatchBytes % maxRecordBytes
      const sizes = [...Array.from({ length: wholeRecords }, () => maxRecordBytes), rest]
      const batch = sizes.filter((size) => size >= 2).map((size) => 'x'.repeat(size - 2))
      ok(batch.length < maxBatchRecords, 'the limits do not let a batch of maxBatchBytes in')
      const refusal = { code: 'RECORD_TOO_LARGE', outcome: 'absent' }
      await assertRefused(() => log.appendMany([...batch, 'x']), refusal)
      strictEqual(log.lastSeq, 0)
      await log.appendMany(batch)
      strictEqual((await recordsOf(log)).length, batch.length)
    },
  },
  {
    name: 'takes a batch of limits.maxBatchRecords, and refuses one record more',
    skipReason: ({ log }) => tooLargeToTry('maxBatchRecords', log.limits.maxBatchRecords),
    run: async ({ log }) => {
      const batch = Array.from({ length: log.limits.maxBatchRecords }, (_, n) => n)
      const error = await errorOf(() => log.appendMany([...batch, -1]))
      const isNamed = (error as { outcome?: unknown }).outcome === 'absent'
      ok(isNamed || error instanceof RangeError, `refused with: ${String(error)}`)
      await log.appendMany(batch)
      deepStrictEqual(await recordsOf(log), batch)
    },
  },
]

function assertIncreasing(numbers: readonly number[], { gapless }: Log<unknown>): void {
  for (const [index, seq] of numbers.entries()) {
    ok(Number.isSafeInteger(seq), `${seq} is no safe integer`)
    const before = index === 0 ? 0 : (numbers[index - 1] ?? 0)
    ok(gapless ? seq === before + 1 : seq > before, `${seq} stands behind ${before}`)
  }
}

async function seqsOf(log: Log<unknown>): Promise<number[]> {
  return (await entriesOf(log)).map(({ seq }) => seq)
}

function tooLargeToTry(name: string, limit: number): string | undefined {
  return limit <= 1024 * 1024 ? undefined : `limits.${name} is ${limit}: too much for a test`
}
