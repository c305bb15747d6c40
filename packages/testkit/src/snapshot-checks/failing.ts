import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { assertRefused, errorOf } from '../check.js'
import {
  type Picture,
  type SnapshotCheck,
  asManyAsKept,
  assertRestores,
  create,
  notesOf,
  pictureOf,
  readerOf,
  seqsOf,
  stateOf,
  withoutScript,
} from './subject.js'

/** What holds when a create does not come to its end: it fails, its log is not there yet, its signal says so. */
export const failingChecks: readonly SnapshotCheck[] = [
  {
    name: 'leaves everything as it was when a create fails, and goes on',
    skipReason: withoutScript,
    run: async (subject) => {
      const { store, failNext } = subject
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      const before = await pictureOf(store)
      for (const seq of [1000, Math.max(...seqs)]) {
        failNext?.('unavailable')
        await errorOf(() => store.create('failed', seq))
        deepStrictEqual(await pictureOf(store), before)
        deepStrictEqual(await pictureOf(await readerOf(subject)), before)
      }
      await create(store, [1000])
      await assertRestores(store, 1000)
      deepStrictEqual(await seqsOf(store), [1000, ...seqs.slice(1).toReversed()])
    },
  },
  {
    name: 'has the whole of it or nothing when a create fails at its last step, and all that was there',
    skipReason: withoutScript,
    run: async (subject) => {
      const { store, failNext } = subject
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      const before = await pictureOf(store)
      failNext?.('unknownWritten')
      await errorOf(() => store.create(stateOf(1000), 1000, { notes: notesOf(1000) }))
      const [newest, ...older] = await pictureOf(store)
      deepStrictEqual(newest?.seq === 1000 ? older : [newest, ...older], before)
      await assertRestores(store, newest?.seq ?? 0)
      await create(store, [1000])
      await assertRestores(store, 1000)
      deepStrictEqual(await seqsOf(store), [1000, ...seqs.slice(1).toReversed()])
    },
  },
  {
    name: 'is there though older ones could not be removed, says why, and removes them later',
    skipReason: withoutScript,
    run: async ({ store, failNext }) => {
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      failNext?.('pruneFails')
      const { pruned, pruneFailure } = await store.create(stateOf(1000), 1000, {
        notes: notesOf(1000),
      })
      ok(pruneFailure !== undefined, 'nothing was said')
      deepStrictEqual(pruned, [])
      await assertRestores(store, 1000)
      deepStrictEqual(await seqsOf(store), [1000, ...seqs.toReversed()])
      strictEqual((await store.prune()).length, 1)
      deepStrictEqual(await seqsOf(store), [1000, ...seqs.slice(1).toReversed()])
    },
  },
  {
    name: 'flushes its log before it is visible',
    run: async (subject) => {
      const { store } = subject
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      const reader = await readerOf(subject)
      const before = await pictureOf(reader)
      const seen: Picture[][] = []
      const log = {
        durableSeq: 0,
        flush: async () => {
          seen.push(await pictureOf(reader))
          log.durableSeq = 1000
        },
      }
      await create(store, [1000], { log })
      deepStrictEqual(seen[0], before)
      await assertRestores(store, 1000)
      await create(store, [1001], { log: { durableSeq: 5000, flush: async () => {} } })
      await assertRestores(store, 1001)
    },
  },
  {
    name: 'refuses to be ahead of its log with LOG_BEHIND, and leaves what is there',
    run: async ({ store }) => {
      await create(store, [10])
      const before = await pictureOf(store)
      for (const seq of [10, 11, 5000]) {
        const log = { durableSeq: seq - 1, flush: async () => {} }
        await assertRefused(() => store.create('ahead', seq, { log }), { code: 'LOG_BEHIND' })
        deepStrictEqual(await pictureOf(store), before)
      }
    },
  },
  {
    name: 'rejects when its log cannot be flushed, and leaves what is there',
    run: async ({ store }) => {
      await create(store, [10])
      const before = await pictureOf(store)
      const log = { durableSeq: 5000, flush: () => Promise.reject(new Error('no disk')) }
      await errorOf(() => store.create('too early', 11, { log }))
      deepStrictEqual(await pictureOf(store), before)
      await create(store, [11])
      await assertRestores(store, 11)
    },
  },
  {
    name: 'gives up on a signal that was there before it',
    run: async ({ store }) => {
      const reason = new Error('enough')
      const creating = (): unknown =>
        store.create('given up', 10, { signal: AbortSignal.abort(reason) })
      strictEqual(await errorOf(creating), reason)
      deepStrictEqual(await store.list(), [])
      await create(store, [10], { signal: new AbortController().signal })
      await assertRestores(store, 10)
    },
  },
  {
    name: 'gives up on a signal that comes while it writes, before it is visible',
    run: async ({ store }) => {
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      const before = await pictureOf(store)
      const reason = new Error('enough')
      const controller = new AbortController()
      const { signal } = controller
      const onProgress = (): void => controller.abort(reason)
      strictEqual(
        await errorOf(() => store.create('given up', 1000, { signal, onProgress })),
        reason,
      )
      deepStrictEqual(await pictureOf(store), before)
      await create(store, [1000])
      await assertRestores(store, 1000)
    },
  },
  {
    name: 'gives up on a signal that comes while its log is flushed',
    run: async ({ store }) => {
      await create(store, [10])
      const before = await pictureOf(store)
      const reason = new Error('enough')
      const controller = new AbortController()
      const { signal } = controller
      const log = { durableSeq: 5000, flush: async () => controller.abort(reason) }
      strictEqual(await errorOf(() => store.create('given up', 11, { signal, log })), reason)
      deepStrictEqual(await pictureOf(store), before)
    },
  },
  {
    name: 'is not undone by a signal that comes when it is there',
    run: async ({ store }) => {
      const controller = new AbortController()
      await create(store, [10], { signal: controller.signal })
      controller.abort(new Error('too late'))
      await assertRestores(store, 10)
      deepStrictEqual(await seqsOf(store), [10])
    },
  },
]
