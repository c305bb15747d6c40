import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import type { SnapshotStore } from '@mini-rs/minisnap'
import { outcomesOf } from '../check.js'
import {
  type SnapshotCheck,
  assertRestores,
  create,
  notesOf,
  pictureOf,
  readerOf,
  restored,
  seqsOf,
  stateOf,
  withoutOther,
  withoutScript,
} from './subject.js'

/** In no order, so that older ones come when newer ones are there. */
const MANY = [40, 10, 30, 70, 20, 60, 50]

/** What holds when several calls are on their way at once. */
export const concurrencyChecks: readonly SnapshotCheck[] = [
  {
    name: 'creates many at once, and keeps the newest',
    run: async ({ store }) => {
      const created = await Promise.all(MANY.map((seq) => createOne(store, seq)))
      deepStrictEqual(created, MANY)
      await assertNewestKept(store, MANY)
    },
  },
  {
    name: 'has one whole of them when the same number is created several times at once',
    run: async ({ store }) => {
      const given = ['a', 'b', 'c', 'd']
      const created = await Promise.all(
        given.map((name) => store.create({ name }, 7, { notes: { name } })),
      )
      deepStrictEqual(
        created.map(({ notes }) => notes),
        given.map((name) => ({ name })),
      )
      deepStrictEqual(await seqsOf(store), [7])
      const { state, info } = await restored(store)
      deepStrictEqual(state, info.notes)
      ok(given.includes((state as { name: string }).name))
    },
  },
  {
    name: 'creates the others when one of several at once fails',
    skipReason: withoutScript,
    run: async ({ store, failNext }) => {
      failNext?.('unavailable')
      const settled = await Promise.allSettled(MANY.map((seq) => createOne(store, seq)))
      const { values, reasons } = outcomesOf(settled)
      strictEqual(reasons.length, 1)
      await assertNewestKept(store, values)
    },
  },
  {
    name: 'restores a whole one whenever newer ones are created and older ones pruned beside it',
    run: async (subject) => {
      const { store } = subject
      const reader = await readerOf(subject)
      await create(store, [1])
      const newer = Array.from({ length: 25 }, (_, index) => index + 2)
      const progress = { isOver: false }
      const creating = create(store, newer).finally(() => {
        progress.isOver = true
      })
      try {
        for (let last = 1; !progress.isOver;) {
          const { state, seq, info, skipped } = await reader.restore()
          ok(seq >= last, `${seq} was restored, and ${last} before it`)
          deepStrictEqual([state, info.notes, skipped], [stateOf(seq), notesOf(seq), []])
          last = seq
        }
      } finally {
        await creating
      }
      await assertRestores(reader, 26)
    },
  },
  {
    name: 'keeps the newest of two writers that create at once',
    skipReason: withoutOther,
    run: async ({ store, other = store }) => {
      const writers = MANY.map((seq, index) => createOne(index % 2 === 0 ? store : other, seq))
      deepStrictEqual(await Promise.all(writers), MANY)
      await assertNewestKept(store, MANY)
      deepStrictEqual(await pictureOf(other), await pictureOf(store))
    },
  },
]

async function createOne(store: SnapshotStore<unknown>, seq: number): Promise<number> {
  return (await store.create(stateOf(seq), seq, { notes: notesOf(seq) })).seq
}

/** Of those that were created the newest are there, each with its own state, and after pruning no others. */
async function assertNewestKept(
  store: SnapshotStore<unknown>,
  created: readonly number[],
): Promise<void> {
  await assertRestores(store, Math.max(...created))
  await store.prune()
  const newest = created.toSorted((a, b) => b - a).slice(0, store.keep)
  deepStrictEqual(
    (await pictureOf(store)).map(({ seq, state, notes }) => ({ seq, state, notes })),
    newest.map((seq) => ({ seq, state: stateOf(seq), notes: notesOf(seq) })),
  )
}
