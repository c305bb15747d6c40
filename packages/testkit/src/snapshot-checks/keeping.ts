import { deepStrictEqual, ok } from 'node:assert/strict'
import type { SnapshotStore } from '@mini-rs/minisnap'
import { assertRefused } from '../check.js'
import {
  type SnapshotCheck,
  asManyAsKept,
  assertCorrupt,
  assertRestores,
  create,
  damage,
  pictureOf,
  restored,
  seqsOf,
  withoutDamage,
} from './subject.js'

/** What `list`, `verify` and `prune` promise, and what is pruned behind a create. */
export const keepingChecks: readonly SnapshotCheck[] = [
  {
    name: 'lists the newest first, in whatever order they were created',
    run: async ({ store }) => {
      const seqs = asManyAsKept(store)
      // The last one is the oldest: it is there because it was just created.
      await create(store, [...seqs.slice(1), 1000, 1])
      const wanted = [1000, ...seqs.slice(1).toReversed(), 1]
      deepStrictEqual(await seqsOf(store), wanted)
      deepStrictEqual(
        (await store.verify()).map(({ seq }) => seq),
        wanted,
      )
      await assertRestores(store, 1000)
    },
  },
  {
    name: 'keeps the newest, as many as it says, and names what it has pruned',
    run: async ({ store }) => {
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      deepStrictEqual(await seqsOf(store), seqs.toReversed())
      for (let n = 0; n < 3; n++) {
        const before = await store.list()
        const seq = 1000 + n
        const { pruned, pruneFailure } = await store.create('next', seq)
        deepStrictEqual([pruned, pruneFailure], [[before.at(-1)?.path], undefined])
        deepStrictEqual(await seqsOf(store), [seq, ...before.slice(0, -1).map((one) => one.seq)])
      }
    },
  },
  {
    name: 'does not count a damaged one among those that it keeps',
    skipReason: withoutDamage,
    run: async (subject) => {
      const { store } = subject
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      await damage(subject, Math.max(...seqs))
      for (const seq of [1000, 1001, 1002]) {
        const wanted = afterPruning(await statusesOf(store), seq, store.keep)
        const listed = await store.list()
        const { pruned } = await store.create('next', seq)
        deepStrictEqual(await seqsOf(store), wanted)
        const gone = listed.filter((one) => !wanted.includes(one.seq)).map(({ path }) => path)
        deepStrictEqual(pruned.toSorted(), gone.toSorted())
      }
    },
  },
  {
    name: 'never prunes what it has just created, though enough newer ones are there',
    run: async ({ store }) => {
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      const { pruned, path } = await store.create('late', 1)
      deepStrictEqual([pruned.includes(path), pruned], [false, []])
      deepStrictEqual(await seqsOf(store), [...seqs.toReversed(), 1])
      deepStrictEqual((await restored(store, { atOrBefore: 1 })).state, 'late')
    },
  },
  {
    name: 'prunes what is older than those it keeps when it is asked to, and names it',
    run: async ({ store }) => {
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      deepStrictEqual(await store.prune(), [])
      const { path } = await store.create('late', 1)
      const before = await pictureOf(store)
      deepStrictEqual(await store.prune(), [path])
      deepStrictEqual(await pictureOf(store), before.slice(0, -1))
      deepStrictEqual(await store.prune(), [])
    },
  },
  {
    name: 'never prunes one of record 0: no record makes again what a log began with',
    run: async ({ store }) => {
      await store.create('beginning', 0)
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      await store.create('next', 1000)
      const wanted = [1000, ...seqs.slice(1).toReversed(), 0]
      deepStrictEqual(await seqsOf(store), wanted)
      deepStrictEqual(await store.prune(), [])
      deepStrictEqual((await restored(store, { atOrBefore: 0 })).state, 'beginning')
    },
  },
  {
    name: 'prunes nothing while too few are whole, however many are damaged',
    skipReason: withoutDamage,
    run: async (subject) => {
      const { store } = subject
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      for (const seq of seqs) await damage(subject, seq)
      deepStrictEqual(await store.prune(), [])
      await assertCorrupt(store, seqs.toReversed())
    },
  },
  {
    name: 'verifies all that is there, or the one that is asked for',
    run: async ({ store }) => {
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      const wanted = (await store.list()).map(({ seq, path, sizeBytes }) => {
        return { seq, path, sizeBytes, status: 'whole', reason: undefined }
      })
      deepStrictEqual(await store.verify(), wanted)
      for (const one of wanted) deepStrictEqual(await store.verify(one.seq), [one])
      await assertRefused(() => store.verify(5), { code: 'SNAPSHOT_NOT_FOUND' })
    },
  },
  {
    name: 'tells which are damaged and why, and changes nothing by it',
    skipReason: withoutDamage,
    run: async (subject) => {
      const { store } = subject
      const seqs = asManyAsKept(store)
      await create(store, seqs)
      const [oldest = 0] = seqs
      await damage(subject, oldest)
      for (let round = 0; round < 2; round++) {
        const checked = await store.verify()
        deepStrictEqual(
          checked.map(({ seq, status }) => [seq, status]),
          seqs.toReversed().map((seq) => [seq, seq === oldest ? 'damaged' : 'whole']),
        )
        const reasons = checked.map(({ reason }) => reason)
        ok(reasons.slice(0, -1).every((reason) => reason === undefined))
        ok(typeof reasons.at(-1) === 'string' && reasons.at(-1) !== '')
        deepStrictEqual(await store.verify(oldest), checked.slice(-1))
        deepStrictEqual(await seqsOf(store), seqs.toReversed())
        await assertCorrupt(store, [oldest], { atOrBefore: oldest })
      }
    },
  },
]

interface Status {
  readonly seq: number
  readonly isWhole: boolean
}

async function statusesOf(store: SnapshotStore<unknown>): Promise<Status[]> {
  return (await store.verify()).map(({ seq, status }) => ({ seq, isWhole: status === 'whole' }))
}

/** What is left when a whole snapshot comes first, newer than all: up to the last of the `keep` newest whole ones. */
function afterPruning(before: readonly Status[], seq: number, keep: number): number[] {
  const left: number[] = []
  let wholeCount = 0
  for (const one of [{ seq, isWhole: true }, ...before]) {
    if (wholeCount < keep) left.push(one.seq)
    if (one.isWhole) wholeCount++
  }
  return left
}
