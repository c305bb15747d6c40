import { deepStrictEqual, fail, ok, strictEqual } from 'node:assert/strict'
import type { SnapshotFile, SnapshotProgress } from '@mini-rs/minisnap'
import { assertRangeError, assertRefused, errorOf } from '../check.js'
import { deeplyFrozen, handedOut } from './mutable.js'
import {
  type SnapshotCheck,
  assertNothing,
  assertRestores,
  create,
  pictureOf,
  restored,
  seqsOf,
  stateOf,
} from './subject.js'

class Point {
  readonly x: number = 1
}

const JSON_STATES: readonly unknown[] = [
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
  { seq: 7, version: 9, createdAt: 'never', codec: 'none', notes: { mine: true }, state: {} },
  [{ $type: 'Map', value: [] }, { constructor: 1 }, { toJSON: 'text' }],
]

/** What some stores carry and others refuse; none may change it. */
const RICH_STATES: readonly unknown[] = [
  JSON.parse('{"__proto__": {"polluted": true}, "__keys__": [1]}'),
  { constructor: 'text', toJSON: 'text' },
  new Map<unknown, unknown>([
    ['text', { n: 1 }],
    [7, new Map([[{ key: true }, [1n]]])],
  ]),
  new Set(['a', 1, new Set([null])]),
  new Date(1_700_000_000_123),
  [2n ** 70n, -1n],
  { bytes: Uint8Array.of(0, 1, 255) },
  undefined,
  { a: undefined },
  [Number.NaN, Number.POSITIVE_INFINITY],
  Object.assign(Array.from({ length: 2 }), { length: 3 }),
  [/a/g],
  new Point(),
  { at: new URL('https://example.org') },
  { [Symbol('key')]: 1 },
  ['\ud800'],
]

const NO_STATES: readonly unknown[] = [() => 1, { a: [Symbol('a')] }, [async () => {}]]

const NO_NUMBERS = [-1, 1.5, Number.NaN, 2 ** 53]

/** What creating and restoring promise while nothing goes wrong. */
export const creatingChecks: readonly SnapshotCheck[] = [
  {
    name: 'is empty at first, and says so',
    run: async ({ store }) => {
      ok(Number.isSafeInteger(store.keep) && store.keep >= 1)
      await assertNothing(store)
      await assertNothing(store, { atOrBefore: 3 })
      deepStrictEqual([await store.list(), await store.verify(), await store.prune()], [[], [], []])
    },
  },
  {
    name: 'gives back the newest state with its number',
    run: async ({ store }) => {
      for (const seq of [3, 4, 10, 200]) {
        await create(store, [seq])
        await assertRestores(store, seq)
        deepStrictEqual((await restored(store)).skipped, [])
      }
    },
  },
  {
    name: 'takes number 0, the snapshot of an empty log',
    run: async ({ store }) => {
      await create(store, [0])
      deepStrictEqual(await seqsOf(store), [0])
      await assertRestores(store, 0)
      await assertRestores(store, 0, { atOrBefore: 0 })
    },
  },
  {
    name: 'gives back equal states of every JSON type',
    run: async ({ store }) => {
      for (const [index, state] of JSON_STATES.entries()) {
        await store.create(state, index + 1)
        deepStrictEqual((await restored(store)).state, state)
      }
    },
  },
  {
    name: 'gives back what it takes as it was, or refuses it by name',
    run: async ({ store }) => {
      await create(store, [1])
      for (const [index, state] of RICH_STATES.entries()) {
        const seq = index + 2
        const before = await pictureOf(store)
        const isTaken = await store.create(state, seq).then(
          () => true,
          (error: { code?: unknown }) => {
            strictEqual(error.code, 'STATE_NOT_SERIALIZABLE', String(error))
            return false
          },
        )
        if (isTaken) deepStrictEqual((await restored(store)).state, state)
        else deepStrictEqual(await pictureOf(store), before)
      }
      strictEqual(({} as Record<string, unknown>)['polluted'], undefined)
    },
  },
  {
    name: 'refuses by name what nothing can carry, and leaves what is there',
    run: async ({ store }) => {
      await create(store, [1])
      const before = await pictureOf(store)
      const cycle: unknown[] = []
      cycle.push({ cycle })
      for (const state of [...NO_STATES, cycle]) {
        for (const mode of ['sliced', 'atOnce'] as const) {
          const refusal = { code: 'STATE_NOT_SERIALIZABLE' }
          await assertRefused(() => store.create(state, 2, { mode }), refusal)
        }
      }
      deepStrictEqual(await pictureOf(store), before)
    },
  },
  {
    name: 'carries a state of many pieces',
    run: async ({ store }) => {
      const text = 'a line of some length, and again; '.repeat(100)
      const entries = Array.from({ length: 600 }, (_, n) => [`key ${n}`, { n, text: text + n }])
      const state: unknown = Object.fromEntries(entries)
      await store.create(state, 1)
      deepStrictEqual((await restored(store)).state, state)
    },
  },
  {
    name: 'replaces a snapshot of the same number',
    run: async ({ store }) => {
      await create(store, [5, 5])
      for (const state of ['another', ['and', 'another']]) {
        await store.create(state, 5)
        const [only, ...others] = await pictureOf(store)
        deepStrictEqual([only?.seq, only?.state, others], [5, state, []])
      }
    },
  },
  {
    name: 'says the same of a snapshot wherever it is asked',
    run: async ({ store }) => {
      const created = await store.create(stateOf(7), 7, { notes: { a: 1 } })
      const { info } = await restored(store)
      const { elapsedMs, longestSliceMs, pruned, pruneFailure, ...rest } = created
      deepStrictEqual(rest, info)
      deepStrictEqual([pruned, pruneFailure], [[], undefined])
      ok(elapsedMs >= 0 && longestSliceMs >= 0)
      ok(info.path !== '' && info.sizeBytes > 0 && info.version >= 1)
      ok(info.isVerified)
      ok(!Number.isNaN(Date.parse(info.createdAt ?? '')))
      deepStrictEqual([await store.list(), await store.verify()].map(alike), [
        [alikeOf(info)],
        [alikeOf(info)],
      ])
    },
  },
  {
    name: 'shares no object with whoever gave the state, nor with whoever got it',
    run: async ({ store }) => {
      const given = handedOut()
      await store.create(given.value, 1)
      given.change()
      for (const state of [(await store.restore()).state, (await store.tryRestore())?.state]) {
        const got = handedOut(state)
        deepStrictEqual(got.value, handedOut().value)
        got.change()
      }
      deepStrictEqual((await restored(store)).state, handedOut().value)
    },
  },
  {
    name: 'takes the state as it is at the call, when it is to be taken at once',
    run: async ({ store }) => {
      const { value, change } = handedOut()
      const creating = store.create(value, 1, { mode: 'atOnce' })
      change()
      await creating
      deepStrictEqual((await restored(store)).state, handedOut().value)
    },
  },
  {
    name: 'takes a state that is frozen, and changes nothing of it',
    run: async ({ store }) => {
      const state = deeplyFrozen(handedOut().value)
      const notes = deeplyFrozen({ list: [{ a: 1 }] })
      for (const mode of ['sliced', 'atOnce'] as const)
        await store.create(state, 1, { mode, notes })
      deepStrictEqual(state, handedOut().value)
      const { state: found, info } = await restored(store)
      deepStrictEqual([found, info.notes], [state, notes])
      ok(!Object.isFrozen(found), 'what comes back is the caller’s own')
    },
  },
  {
    name: 'refuses a number that is none with a RangeError',
    run: async ({ store }) => {
      await create(store, [1])
      const before = await pictureOf(store)
      for (const seq of NO_NUMBERS) {
        await assertRangeError(() => store.create(stateOf(1), seq))
        await assertRangeError(() => store.restore({ atOrBefore: seq }))
        await assertRangeError(() => store.tryRestore({ atOrBefore: seq }))
        await assertRangeError(() => store.verify(seq))
      }
      deepStrictEqual(await pictureOf(store), before)
    },
  },
  {
    name: 'tells how far it has come',
    run: async ({ store }) => {
      const first = progress()
      const { sizeBytes } = await store.create(stateOf(1), 1, { onProgress: first.add })
      first.assertTotal(undefined)
      const second = progress()
      await store.create(stateOf(2), 2, { onProgress: second.add })
      second.assertTotal(sizeBytes)
      for (const restore of ['restore', 'tryRestore'] as const) {
        const third = progress()
        const found = await store[restore]({ onProgress: third.add })
        third.assertTotal(found?.info.sizeBytes)
        strictEqual(third.told.at(-1)?.doneBytes, found?.info.sizeBytes)
      }
    },
  },
  {
    name: 'keeps notes beside the state, and has none where none were given',
    run: async ({ store }) => {
      const notes = { skipped: [3, 17], by: { host: 'a' }, state: 'not this one', '': null }
      const created = await store.create({ notes: 'of the state' }, 4, { notes })
      deepStrictEqual(created.notes, notes)
      const { state, info } = await restored(store)
      deepStrictEqual([state, info.notes], [{ notes: 'of the state' }, notes])
      const { notes: none } = await store.create({ notes: 'of the state' }, 4)
      strictEqual(none, undefined)
      strictEqual((await restored(store)).info.notes, undefined)
    },
  },
  {
    name: 'takes the notes as they are at the call, and shares them with nobody',
    run: async ({ store }) => {
      for (const mode of ['sliced', 'atOnce'] as const) {
        const notes = { list: [1], deep: { a: 1 } }
        const creating = store.create(stateOf(1), 1, { mode, notes })
        notes.list.push(2)
        notes.deep.a = 2
        await creating
        const given = (await store.restore()).info.notes
        deepStrictEqual(given, { list: [1], deep: { a: 1 } })
        Object.assign(given ?? fail('there are no notes'), { list: 'changed' })
        deepStrictEqual((await restored(store)).info.notes, { list: [1], deep: { a: 1 } })
      }
    },
  },
  {
    name: 'refuses notes that are no JSON object, whatever states it carries',
    run: async ({ store }) => {
      const refusal = { code: 'STATE_NOT_SERIALIZABLE' }
      for (const value of [new Date(0), 1n, new Map(), Number.NaN, undefined, () => 1]) {
        await assertRefused(() => store.create(stateOf(1), 1, { notes: { value } }), refusal)
      }
      for (const notes of [[], 'text', null, new Map()]) {
        const error = await errorOf(() => store.create(stateOf(1), 1, { notes: notes as never }))
        ok(error instanceof TypeError, String(error))
      }
      deepStrictEqual(await store.list(), [])
    },
  },
]

function alike(files: readonly SnapshotFile[]): SnapshotFile[] {
  return files.map(alikeOf)
}

function alikeOf({ seq, path, sizeBytes }: SnapshotFile): SnapshotFile {
  return { seq, path, sizeBytes }
}

/** Collects what a store tells. */
function progress(): {
  readonly told: SnapshotProgress[]
  readonly add: (one: SnapshotProgress) => void
  readonly assertTotal: (totalBytes: number | undefined) => void
} {
  const told: SnapshotProgress[] = []
  const assertTotal = (totalBytes: number | undefined): void => {
    ok(told.length > 0, 'nothing was told')
    for (const one of told) strictEqual(one.totalBytes, totalBytes)
    const done = told.map(({ doneBytes }) => doneBytes)
    deepStrictEqual(
      done,
      done.toSorted((a, b) => a - b),
    )
    ok((done.at(-1) ?? 0) > 0)
  }
  return { told, add: (one) => told.push({ ...one }), assertTotal }
}
