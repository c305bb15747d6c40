import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import type { Followed, Log } from '@mini-rs/ministore'
import { dropUntilGone } from './dropping.js'
import { assertRangeError, assertRefused, errorOf } from '../check.js'
import {
  type LogCheck,
  type LogSubject,
  collect,
  entriesOf,
  otherOf,
  withoutBatches,
  withoutOther,
} from './subject.js'

/** What following promises. */
export const followingChecks: readonly LogCheck[] = [
  {
    name: 'follows what is there, and says that it has caught up',
    run: async ({ log }) => {
      const entries = await entriesAfter(log, ['a', 'b', 'c'])
      const { taken } = await followed(log, { until: 1 })
      const records = entries.map((entry) => ({ kind: 'record', ...entry }))
      deepStrictEqual(taken, [...records, { kind: 'caughtUp', seq: entries.at(-1)?.seq }])
    },
  },
  {
    name: 'says at once that it has caught up where nothing is: at 0, or right before its start',
    run: async ({ log }) => {
      deepStrictEqual((await followed(log, { until: 1 })).taken, [{ kind: 'caughtUp', seq: 0 }])
      const seq = await log.append('a')
      await log.flush()
      const { taken } = await followed(log, { from: seq + 1, until: 1 })
      deepStrictEqual(taken, [{ kind: 'caughtUp', seq }])
    },
  },
  {
    name: 'goes on with what is appended later, and says each time that it has caught up',
    run: async ({ log }) => {
      await entriesAfter(log, ['a'])
      const appended = ['b', 'c', 'd']
      const onCaughtUp = async (): Promise<void> => {
        const record = appended.shift()
        if (record !== undefined) await log.append(record)
        await log.flush()
      }
      const { taken } = await followed(log, { until: 4, onCaughtUp })
      const entries = await entriesOf(log)
      const wanted = entries.flatMap((entry) => [
        { kind: 'record', ...entry },
        { kind: 'caughtUp', seq: entry.seq },
      ])
      deepStrictEqual(taken, wanted)
    },
  },
  {
    name: 'wakes a follower that waits',
    run: async ({ log }) => {
      const abort = new AbortController()
      const following = log.follow({ signal: abort.signal })[Symbol.asyncIterator]()
      deepStrictEqual((await following.next()).value, { kind: 'caughtUp', seq: 0 })
      const waiting = following.next()
      const seq = await log.append('a')
      await log.flush()
      deepStrictEqual(await waiting, {
        done: false,
        value: { kind: 'record', seq, record: 'a', commitEnd: true },
      })
      abort.abort()
      deepStrictEqual(await following.next(), { done: true, value: undefined })
    },
  },
  {
    name: 'follows from a number, inclusive, and from number + 1 what is after it',
    run: async ({ log }) => {
      const entries = await entriesAfter(log, ['a', 'b', 'c', 'd'])
      for (const [index, { seq }] of entries.entries()) {
        const from = await followed(log, { from: seq, until: 1 })
        deepStrictEqual(recordsIn(from.taken), recordsOfEntries(entries.slice(index)))
        const after = await followed(log, { from: seq + 1, until: 1 })
        deepStrictEqual(recordsIn(after.taken), recordsOfEntries(entries.slice(index + 1)))
      }
    },
  },
  {
    name: 'shows every record once and in order while others are appended',
    run: async (subject) => {
      const { log, other = log } = subject
      const count = 40
      const writing = Promise.all(
        Array.from({ length: count }, (_, n) => (n % 2 === 0 ? log : other).append({ n })),
      ).then(() => Promise.all([log.flush(), other.flush()]))
      const { taken } = await followed(log, { untilRecords: count })
      await writing
      const seen = taken.flatMap((item) => (item.kind === 'record' ? [item.seq] : []))
      deepStrictEqual(
        seen,
        (await entriesOf(log)).map(({ seq }) => seq),
      )
    },
  },
  {
    name: 'shows what another writer appends',
    skipReason: withoutOther,
    run: async (subject: LogSubject) => {
      const other = otherOf(subject)
      let seq = 0
      const onCaughtUp = async (): Promise<void> => void (seq = await other.append('theirs'))
      const { taken } = await followed(subject.log, { untilRecords: 1, onCaughtUp })
      deepStrictEqual(taken.at(-1), { kind: 'record', seq, record: 'theirs', commitEnd: true })
    },
  },
  {
    name: 'marks commit ends as entries does',
    skipReason: withoutBatches,
    run: async ({ log }) => {
      await log.appendMany(['a', 'b', 'c'])
      const entries = await entriesAfter(log, ['d'])
      const { taken } = await followed(log, { until: 1 })
      const marks = taken.flatMap((item) => (item.kind === 'record' ? [item.commitEnd] : []))
      deepStrictEqual(
        marks,
        entries.map(({ commitEnd }) => commitEnd),
      )
      deepStrictEqual(marks, [false, false, true, true])
    },
  },
  {
    name: 'returns when its signal says so: before it begins, among records, and while it waits',
    run: async ({ log }) => {
      await entriesAfter(log, ['a', 'b', 'c'])
      deepStrictEqual(await collect(log.follow({ signal: AbortSignal.abort() })), [])
      for (let until = 1; until <= 4; until++) {
        const abort = new AbortController()
        const seen: unknown[] = []
        for await (const item of log.follow({ signal: abort.signal })) {
          if (seen.push(item) === until) abort.abort()
        }
        strictEqual(seen.length, until)
      }
      const abort = new AbortController()
      const following = log.follow({ signal: abort.signal })[Symbol.asyncIterator]()
      for (let count = 0; count < 4; count++) await following.next()
      const waiting = following.next()
      abort.abort()
      deepStrictEqual(await waiting, { done: true, value: undefined })
    },
  },
  {
    name: 'refuses to follow from a dropped number with SEQ_DROPPED, which names the oldest record',
    run: async ({ log }) => {
      await entriesAfter(log, ['a', 'b', 'c', 'd'])
      await dropUntilGone(log)
      const entries = await entriesAfter(log, ['e'])
      const refusal = { code: 'SEQ_DROPPED', firstSeq: entries[0]?.seq }
      for (let from = 1; from <= log.droppedThroughSeq; from++) {
        await assertRefused(() => log.follow({ from })[Symbol.asyncIterator]().next(), refusal)
      }
      const { taken } = await followed(log, { from: log.droppedThroughSeq + 1, until: 1 })
      deepStrictEqual(recordsIn(taken), recordsOfEntries(entries))
      deepStrictEqual((await followed(log, { until: 1 })).taken, taken)
    },
  },
  {
    name: 'begins behind everything that was dropped when nothing is left',
    run: async ({ log }) => {
      await entriesAfter(log, ['a', 'b', 'c'])
      await dropUntilGone(log)
      for (let attempt = 0; attempt < 20; attempt++) await log.dropBefore(log.lastSeq + 1)
      const left = await entriesOf(log)
      const { taken } = await followed(log, { until: 1 })
      deepStrictEqual(taken.length, left.length + 1)
      deepStrictEqual(taken.at(-1), { kind: 'caughtUp', seq: log.lastSeq })
    },
  },
  {
    name: 'never jumps over what was dropped before it was shown',
    run: async ({ log }) => {
      const [first] = await entriesAfter(log, ['a'])
      const following = log.follow({ from: first?.seq ?? 1 })[Symbol.asyncIterator]()
      strictEqual((await following.next()).value?.kind, 'record')
      strictEqual((await following.next()).value?.kind, 'caughtUp')
      await entriesAfter(log, ['b', 'c', 'd', 'e', 'f'])
      while (log.droppedThroughSeq <= (first?.seq ?? 0)) await log.dropBefore(log.lastSeq + 1)
      await assertRefused(() => following.next(), { code: 'SEQ_DROPPED', firstSeq: log.firstSeq })
    },
  },
  {
    name: 'refuses a start that is no number of a record with a RangeError',
    run: async ({ log }) => {
      for (const from of [0, -1, 1.5, Number.NaN]) {
        await assertRangeError(() => log.follow({ from })[Symbol.asyncIterator]().next())
      }
    },
  },
  {
    name: 'ends a follower that waits when the log is closed, with STORE_CLOSED',
    run: async ({ log }) => {
      const following = log.follow()[Symbol.asyncIterator]()
      await following.next()
      const waiting = errorOf(() => following.next())
      await log.close()
      strictEqual(((await waiting) as { code?: unknown }).code, 'STORE_CLOSED')
    },
  },
]

interface Until {
  readonly from?: number
  /** Ends it after so many times `caughtUp`. */
  readonly until?: number
  /** Ends it after so many records. */
  readonly untilRecords?: number
  readonly onCaughtUp?: () => Promise<void>
}

async function followed(
  log: Log<unknown>,
  { from, until, untilRecords, onCaughtUp }: Until,
): Promise<{ readonly taken: Followed<unknown>[] }> {
  const abort = new AbortController()
  const { signal } = abort
  const taken: Followed<unknown>[] = []
  let recordCount = 0
  let caughtUpCount = 0
  for await (const item of log.follow(from === undefined ? { signal } : { from, signal })) {
    ok(!signal.aborted, 'it goes on after its signal')
    taken.push(item)
    if (item.kind === 'record') recordCount++
    else caughtUpCount++
    if (caughtUpCount === until || recordCount === untilRecords) abort.abort()
    else if (item.kind === 'caughtUp') await onCaughtUp?.()
  }
  return { taken }
}

async function entriesAfter(
  log: Log<unknown>,
  records: readonly unknown[],
): ReturnType<typeof entriesOf> {
  for (const record of records) await log.append(record)
  await log.flush()
  return entriesOf(log)
}

function recordsIn(items: readonly Followed<unknown>[]): [number, unknown][] {
  return items.flatMap((item) => (item.kind === 'record' ? [[item.seq, item.record]] : []))
}

function recordsOfEntries(entries: Awaited<ReturnType<typeof entriesOf>>): [number, unknown][] {
  return entries.map(({ seq, record }) => [seq, record])
}
