import { MemorySnapshotStore, SnapshotError, snapshotStoreConformance } from '@mini-rs/testkit'
import { seedOfRun } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import { memorySnapshotSubject } from './support/memory-snapshot-subject.js'

const ownSeed = seedOfRun('MemorySnapshotStore')
for (const seed of [1, 2, ownSeed]) {
  snapshotStoreConformance(`MemorySnapshotStore with seed ${seed}`, () =>
    memorySnapshotSubject(seed),
  )
}
snapshotStoreConformance('MemorySnapshotStore that keeps 1', () =>
  memorySnapshotSubject(ownSeed, 1),
)
snapshotStoreConformance('MemorySnapshotStore that keeps 3', () =>
  memorySnapshotSubject(ownSeed, 3),
)

describe('MemorySnapshotStore', () => {
  it('carries Map, Set, Date, bigint and Uint8Array', async () => {
    const state = {
      map: new Map<unknown, unknown>([[{ key: 1 }, new Set([new Date(7)])]]),
      big: -(2n ** 80n),
      bytes: Uint8Array.of(1, 2, 3),
    }
    const store = new MemorySnapshotStore<typeof state>()
    await store.create(state, 1)
    expect((await store.restore()).state).toStrictEqual(state)
  })

  it('shares no bytes: a Uint8Array that came back can be written to', async () => {
    const store = new MemorySnapshotStore<Uint8Array>()
    await store.create(Uint8Array.of(1, 2, 3), 1)
    const { state } = await store.restore()
    new Uint8Array(state.buffer).fill(9)
    expect((await store.restore()).state).toEqual(Uint8Array.of(1, 2, 3))
  })

  it.each([
    ['undefined', { a: undefined }],
    ['NaN', [Number.NaN]],
    ['a hole', Object.assign([1], { length: 2 })],
    ['a class instance', new Map([[1, new URL('https://example.org')]])],
    ['an invalid Date', new Date(Number.NaN)],
    ['a symbol as a key', { [Symbol('a')]: 1 }],
  ])('is as strict as a file: it refuses %s', async (_, state) => {
    const creating = new MemorySnapshotStore<unknown>().create(state, 1)
    await expect(creating).rejects.toMatchObject({ code: 'STATE_NOT_SERIALIZABLE' })
  })

  it('notices a state that changes while it is created, unless it is taken at once', async () => {
    const store = new MemorySnapshotStore<{ list: number[] }>()
    const state = { list: [1] }
    const creating = store.create(state, 1)
    state.list.push(2)
    await expect(creating).rejects.toMatchObject({ code: 'STATE_CHANGED' })
    expect(await store.list()).toEqual([])
    const atOnce = store.create(state, 1, { mode: 'atOnce' })
    state.list.push(3)
    await atOnce
    expect((await store.restore()).state).toEqual({ list: [1, 2] })
  })

  it('takes a state without a prototype for unchanged', async () => {
    const store = new MemorySnapshotStore<object>()
    const bare = Object.assign(Object.create(null) as object, { a: 1 })
    await store.create(bare, 1, { notes: bare as Record<string, unknown> })
    expect(await store.restore()).toMatchObject({ state: { a: 1 }, info: { notes: { a: 1 } } })
  })

  it('fails as scripted, in the order of the calls of its own handle only', async () => {
    const store = new MemorySnapshotStore<string>()
    const other = store.connect()
    store.failNext('unavailable')
    store.failNext('unknownWritten')
    await other.create('theirs', 1)
    await expect(store.create('lost', 2)).rejects.toMatchObject({ code: 'WRITE_FAILED' })
    expect((await other.restore()).seq).toBe(1)
    const creating = store.create('written', 3)
    await expect(creating).rejects.toBeInstanceOf(SnapshotError)
    expect(await other.restore()).toMatchObject({ seq: 3, state: 'written' })
    await store.create('mine', 4)
    expect((await other.list()).map(({ seq }) => seq)).toEqual([4, 3])
  })

  it('keeps as many as the handle says that creates', async () => {
    const store = new MemorySnapshotStore<number>({ keep: 3 })
    for (const seq of [1, 2, 3]) await store.create(seq, seq)
    const other = store.connect({ keep: 1 })
    expect([store.connect().keep, other.keep]).toEqual([3, 1])
    expect((await other.create(4, 4)).pruned).toHaveLength(3)
    expect(await store.list()).toHaveLength(1)
  })

  it('refuses arguments that are none', async () => {
    expect(() => new MemorySnapshotStore({ keep: 0 })).toThrow(RangeError)
    const store = new MemorySnapshotStore<number>()
    expect(() => store.damage(1)).toThrow(RangeError)
    await expect(store.create(1, 1, { mode: 'later' as never })).rejects.toThrow(TypeError)
  })
})
