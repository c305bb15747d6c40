import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { errorOf } from '../check.js'
import {
  type SnapshotCheck,
  asManyAsKept,
  assertCorrupt,
  assertNothing,
  assertRestores,
  create,
  damage,
  pictureOf,
  readerOf,
  restored,
  seqsOf,
  withoutDamage,
  withoutOlder,
  withoutOther,
  withoutReopen,
} from './subject.js'

/** What restoring promises: by number, beside damage, by another handle. */
export const restoringChecks: readonly SnapshotCheck[] = [
  {
    name: 'restores the newest at or before a number, and nothing where all are newer',
    run: async ({ store }) => {
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      for (const seq of seqs) {
        for (const atOrBefore of [seq, seq + 1, seq + 9]) {
          await assertRestores(store, seq, { atOrBefore })
        }
      }
      await assertRestores(store, Math.max(...seqs), { atOrBefore: Number.MAX_SAFE_INTEGER })
      for (const atOrBefore of [9, 1, 0]) await assertNothing(store, { atOrBefore })
    },
  },
  {
    name: 'gives up restoring on its signal',
    run: async ({ store }) => {
      await create(store, [1])
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      strictEqual(await errorOf(() => store.restore({ signal })), reason)
      strictEqual(await errorOf(() => store.tryRestore({ signal })), reason)
      await assertRestores(store, 1, { signal: new AbortController().signal })
    },
  },
  {
    name: 'passes over damaged ones, and names them with a reason, newest first',
    skipReason: withoutOlder,
    run: async (subject) => {
      const { store } = subject
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      const files = await store.list()
      const wanted = files.map(({ seq, path }) => ({ seq, path }))
      for (const [index, seq] of seqs.slice(1).toReversed().entries()) {
        await damage(subject, seq)
        const { skipped } = await restored(store)
        ok(skipped.every(({ reason }) => reason !== ''))
        deepStrictEqual(
          skipped.map((one) => ({ seq: one.seq, path: one.path })),
          wanted.slice(0, index + 1),
        )
        await assertRestores(store, seq - 10)
      }
      deepStrictEqual(await seqsOf(store), seqs.toReversed())
    },
  },
  {
    name: 'names no damaged one that is newer than what it was asked for',
    skipReason: withoutOlder,
    run: async (subject) => {
      const { store } = subject
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      const newest = Math.max(...seqs)
      await damage(subject, newest)
      deepStrictEqual((await restored(store, { atOrBefore: newest - 1 })).skipped, [])
      await assertRestores(store, newest - 10, { atOrBefore: newest - 1 })
    },
  },
  {
    name: 'does not look at damaged ones that are older',
    skipReason: withoutOlder,
    run: async (subject) => {
      const { store } = subject
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      for (const seq of seqs.slice(0, -1)) await damage(subject, seq)
      await assertRestores(store, Math.max(...seqs))
      deepStrictEqual((await restored(store)).skipped, [])
    },
  },
  {
    name: 'rejects when all are damaged, names them, and never takes them for none',
    skipReason: withoutDamage,
    run: async (subject) => {
      const { store } = subject
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      const [oldest = 0] = seqs
      await damage(subject, oldest)
      await assertCorrupt(store, [oldest], { atOrBefore: oldest })
      for (const seq of seqs.slice(1)) await damage(subject, seq)
      await assertCorrupt(store, seqs.toReversed())
      await assertNothing(store, { atOrBefore: oldest - 1 })
      deepStrictEqual(await seqsOf(store), seqs.toReversed())
      await create(store, [500])
      await assertRestores(store, 500)
    },
  },
  {
    name: 'is whole again when a damaged one is created again',
    skipReason: withoutDamage,
    run: async (subject) => {
      const { store } = subject
      await create(store, [10])
      await damage(subject, 10)
      await create(store, [10])
      await assertRestores(store, 10)
      deepStrictEqual((await restored(store)).skipped, [])
      deepStrictEqual(
        (await store.verify()).map(({ seq, status }) => [seq, status]),
        [[10, 'whole']],
      )
    },
  },
  {
    name: 'is the same when it is opened again',
    skipReason: withoutReopen,
    run: async (subject) => {
      const { store } = subject
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      const before = await pictureOf(store)
      const again = await readerOf(subject)
      deepStrictEqual(await pictureOf(again), before)
      deepStrictEqual(await restored(again), await restored(store))
      deepStrictEqual(await again.verify(), await store.verify())
      await create(again, [500])
      await assertRestores(again, 500)
      await assertRestores(store, 500)
      deepStrictEqual(await pictureOf(store), await pictureOf(again))
    },
  },
  {
    name: 'shows what another writer has created',
    skipReason: withoutOther,
    run: async ({ store, other = store }) => {
      for (const [index, writer] of [other, store, other, other, store].entries()) {
        const seq = 10 * (index + 1)
        await create(writer, [seq])
        await assertRestores(store, seq)
        await assertRestores(other, seq)
      }
      await other.create('theirs', 50)
      strictEqual((await restored(store)).state, 'theirs')
      deepStrictEqual(await pictureOf(store), await pictureOf(other))
    },
  },
]
