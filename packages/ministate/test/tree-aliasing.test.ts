// oxlint-disable no-self-assign -- what such an assignment does is tested here
import { StateManager, defineState } from '@mini-rs/ministate'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { ENGINES, FOLDER, afterRecipes, openState, stateOf } from './support/states.js'

interface Item {
  n: number
}
interface Board {
  items: Item[]
  archive: Item[]
  last: Item | null
  byId: Record<string, Item>
  map: Map<string, Item>
}

const board = (): Board => ({
  items: [{ n: 1 }, { n: 2 }],
  archive: [],
  last: null,
  byId: {},
  map: new Map(),
})

describe.each(ENGINES)('the state is a tree with engine %s:', (engine) => {
  it('an object that is put in two places is two objects', async () => {
    const state = await afterRecipes(
      engine,
      board(),
      (draft) => {
        const item = { n: 3 }
        draft.items.push(item)
        draft.last = item
        draft.last.n = 30
      },
      (draft) => {
        if (draft.last !== null) draft.last.n++
      },
    )
    expect([state.items[2], state.last]).toEqual([{ n: 3 }, { n: 31 }])
  })

  it('one payload in two places is two objects, and neither is the payload', async () => {
    const definition = defineState({
      initial: board(),
      mutations: (m) => ({
        put: m((state, item: Item) => {
          state.items.push(item)
          state.last = item
          state.byId['x'] = item
          state.map.set('x', item)
          state.last.n++
        }),
        touch: m((state) => {
          if (state.last !== null) state.last.n += 100
        }),
      }),
    })
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, definition, { engine })
    const payload = { n: 5 }
    await manager.apply({ put: payload })
    await manager.createSnapshot()
    await manager.apply('touch')
    const state = await stateOf(manager)
    expect(payload).toEqual({ n: 5 })
    expect([state.items[2], state.last, state.byId['x'], state.map.get('x')]).toEqual([
      { n: 5 },
      { n: 106 },
      { n: 5 },
      { n: 5 },
    ])
    await manager.close()
    const again = await openState(fileSystem, definition, { engine })
    expect(await stateOf(again)).toEqual(state)
  })

  it('a move leaves one object, a copy makes two', async () => {
    const state = await afterRecipes(
      engine,
      board(),
      (draft) => {
        const [first] = draft.items
        if (first === undefined) return
        draft.archive.push(first)
        draft.items.shift()
        const archived = draft.archive[0]
        if (archived !== undefined) archived.n = 10
      },
      (draft) => draft.archive.push(...draft.archive),
      (draft) => {
        const [original] = draft.archive
        if (original !== undefined) original.n++
      },
    )
    expect([state.items, state.archive]).toEqual([[{ n: 2 }], [{ n: 11 }, { n: 10 }]])
  })

  it('a swap of objects swaps them', async () => {
    const state = await afterRecipes(engine, board(), ({ items }) => {
      const [a, b] = items as [Item, Item]
      items[0] = b
      items[1] = a
      const [first] = items
      if (first !== undefined) first.n += 100
    })
    expect(state.items).toEqual([{ n: 102 }, { n: 1 }])
  })

  it('an object that is assigned to where it stands already stays what it is', async () => {
    const state = await afterRecipes(engine, board(), (draft) => {
      draft.items = draft.items
      draft.items[0] = draft.items[0] as Item
      const [first] = draft.items
      if (first !== undefined) first.n = 5
      draft.byId['a'] = { n: 1 }
      draft.byId['a'] = draft.byId['a']
      draft.byId['a'].n++
    })
    expect([state.items[0], state.byId['a']]).toEqual([{ n: 5 }, { n: 2 }])
  })

  it('a part of the state can be put into itself, as a copy', async () => {
    interface Node {
      name: string
      child?: Node
    }
    const state = await afterRecipes(engine, { root: { name: 'r' } as Node }, (draft) => {
      draft.root.child = draft.root
      draft.root.name = 'top'
    })
    expect(state.root).toEqual({ name: 'top', child: { name: 'r' } })
  })

  it('a draft of an object that was replaced or deleted writes to nobody', async () => {
    const state = await afterRecipes(
      engine,
      { ...board(), byId: { a: { n: 1 }, b: { n: 2 } } as Record<string, Item> },
      ({ byId }) => {
        const { a, b } = byId
        delete byId['a']
        byId['b'] = { n: 3 }
        if (a !== undefined) a.n = 77
        if (b !== undefined) b.n = 77
      },
    )
    expect(state.byId).toEqual({ b: { n: 3 } })
  })

  it('archives as programs do: from a record into a list, with a snapshot in between', async () => {
    const initial = {
      open: { a: { n: 1 }, b: { n: 2 } } as Record<string, Item>,
      done: [] as Item[],
    }
    const definition = defineState({
      initial,
      mutations: (m) => ({
        archive: m((state, id: string) => {
          const item = state.open[id]
          if (item === undefined) return
          delete state.open[id]
          state.done.push(item)
        }),
        bump: m((state) => {
          for (const item of state.done) item.n += 10
        }),
      }),
    })
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, definition, { engine })
    await manager.applyAll([{ archive: 'a' }, 'bump'])
    await manager.createSnapshot()
    await manager.applyAll([{ archive: 'b' }, 'bump'])
    const state = await stateOf(manager)
    expect(state).toEqual({ open: {}, done: [{ n: 21 }, { n: 12 }] })
    await manager.close()
    expect(await stateOf(await openState(fileSystem, definition, { engine }))).toEqual(state)
  })

  it('the initial state is copied: what the definition was given is nobody’s', async () => {
    const initial = board()
    const definition = defineState({
      initial,
      mutations: (m) => ({ add: m((state, n: number) => void state.items.push({ n })) }),
    })
    const one = await openState(new CrashFileSystem(), definition, { engine })
    const other = await openState(new CrashFileSystem(), definition, { engine })
    await one.apply({ add: 7 })
    expect(initial).toEqual(board())
    expect(await stateOf(other)).toEqual(board())
    initial.items.push({ n: 99 })
    expect((await stateOf(one)).items).toHaveLength(3)
  })
})

describe('states of the immutable engine', () => {
  it('share what a mutation has not touched, and stay as they are', async () => {
    const definition = defineState({
      initial: { a: { n: 1 }, b: { list: [{ n: 2 }] } },
      mutations: (m) => ({ touch: m((state) => void state.a.n++) }),
    })
    const manager = await StateManager.open(FOLDER, definition, {
      fileSystem: new CrashFileSystem(),
    })
    const before = manager.state
    await manager.apply('touch')
    expect(manager.state).not.toBe(before)
    expect(manager.state.b).toBe(before.b)
    expect(manager.state.a).not.toBe(before.a)
    expect([before.a.n, manager.state.a.n]).toEqual([1, 2])
  })

  it('are the same object as long as nothing is applied', async () => {
    const definition = defineState({
      initial: { n: 0 },
      mutations: (m) => ({ add: m((state) => void state.n++), nothing: m(() => {}) }),
    })
    const manager = await StateManager.open(FOLDER, definition, {
      fileSystem: new CrashFileSystem(),
    })
    expect(manager.state).toBe(manager.state)
    expect(manager.snapshot()).toBe(manager.state)
    expect(manager.getSnapshot()).toBe(manager.state)
    const before = manager.state
    await manager.apply('nothing')
    expect(manager.state).toBe(before)
    expect(manager.sequence()).toBe(1)
  })

  it('are frozen, to the bottom, where freeze is on', async () => {
    const definition = defineState({
      initial: {
        deep: [{ n: 1 }],
        map: new Map([['a', { n: 1 }]]),
        set: new Set([1]),
        when: new Date(0),
      },
      mutations: (m) => ({ add: m((state) => void state.deep.push({ n: 2 })) }),
    })
    const fileSystem = new CrashFileSystem()
    const manager = await StateManager.open(FOLDER, definition, { fileSystem, freeze: true })
    await manager.apply('add')
    const { deep, map, set, when } = manager.state
    expect(() => Object.assign(deep[1] ?? {}, { n: 9 })).toThrow(TypeError)
    expect(() => (deep as { n: number }[]).push({ n: 3 })).toThrow(TypeError)
    expect(() => (map as Map<string, unknown>).set('b', 1)).toThrow('the state is frozen')
    expect(() => (map as Map<string, unknown>).clear()).toThrow('the state is frozen')
    expect(() => Object.assign(map.get('a') ?? {}, { n: 9 })).toThrow(TypeError)
    expect(() => (set as Set<number>).add(2)).toThrow('the state is frozen')
    expect(() => (when as Date).setTime(9)).toThrow('the state is frozen')
    await manager.close()
    const lax = await StateManager.open(FOLDER, definition, { fileSystem, freeze: false })
    expect(Object.isFrozen(lax.state)).toBe(false)
  })
})
