import { inspect } from 'node:util'
import { defineState } from '@mini-rs/ministate'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import {
  ENGINES,
  FOLDER,
  afterRecipes,
  expectSame,
  openState,
  refusalOf,
  stateOf,
  stepping,
} from './support/states.js'

const shelf = () => ({
  n: 1,
  byId: { a: { n: 1 }, b: { n: 2 }, c: { n: 3 } } as Record<string, { n: number }>,
  list: [{ n: 1 }],
  map: new Map([
    ['x', { n: 1 }],
    ['y', { n: 2 }],
    ['z', { n: 3 }],
  ]),
  set: new Set(['p', 'q', 'r']),
  when: new Date(0),
})
type Shelf = ReturnType<typeof shelf>

describe.each(ENGINES)('a draft with engine %s', (engine) => {
  it('lends the same copy for the same date or bytes', async () => {
    const values = { list: [new Date(5), new Uint8Array([1])], seen: [] as unknown[] }
    const { seen } = await afterRecipes(engine, values, ({ list, seen: answers }) => {
      answers.push(
        list[0] === list[0],
        list.includes(list[1] as Date),
        list.indexOf(list[1] as Date),
      )
    })
    expect(seen).toEqual([true, true, 1])
  })

  it('that is kept after the recipe can neither be read nor written', async () => {
    const kept: Shelf[] = []
    const state = await afterRecipes(engine, shelf(), (draft) => {
      kept.push(draft)
      draft.n++
      kept.push({ ...draft })
    })
    const [draft, parts] = kept as [Shelf, Shelf]
    const uses: (() => unknown)[] = [
      () => draft.n,
      () => (draft.n = 9),
      () => delete draft.byId['a'],
      () => Object.keys(draft),
      () => 'n' in draft,
      () => parts.byId['a'],
      () => (parts.byId['z'] = { n: 1 }),
      () => parts.list.push({ n: 2 }),
      () => parts.list.length,
      () => parts.map.get('x'),
      () => parts.map.set('w', { n: 1 }),
      () => parts.map.size,
      () => [...parts.map],
      () => parts.set.has('p'),
      () => parts.set.add('s'),
      () => parts.set.clear(),
    ]
    for (const use of uses) expect(use, use.toString()).toThrow(/the recipe is over/)
    expect(state).toEqual({ ...shelf(), n: 2 })
  })

  it('of an earlier mutation is over for a later one, and is not taken for a value by it', async () => {
    const kept: Shelf[] = []
    const steal = async (): Promise<unknown> =>
      refusalOf(engine, shelf(), (draft) => {
        kept.push(draft)
        const [old] = kept
        if (old !== draft && old !== undefined) draft.n = old.n
        throw new Error('stop')
      })
    await steal()
    const error = await steal()
    expect((error as Error).message).toMatch(/the recipe is over/)
  })

  it('is of no use to a recipe that awaits: it is refused, and what it does later reaches nobody', async () => {
    let later: Promise<unknown> = Promise.resolve()
    const definition = defineState({
      initial: shelf(),
      mutations: (m) => ({
        wait: m((state) => {
          const run = async (): Promise<void> => {
            state.n = 5
            await Promise.resolve()
            state.n = 6
          }
          later = run()
          return later as unknown as number // a type error, where types are checked
        }),
      }),
    })
    const manager = await openState(new CrashFileSystem(), definition, { engine })
    await expect(manager.apply('wait')).rejects.toMatchObject({
      code: 'RECIPE_FAILED',
      message: expect.stringContaining('a recipe returned a promise') as string,
    })
    await expect(later).rejects.toThrow('the recipe is over')
    expect(await stateOf(manager)).toEqual(shelf())
    expect(manager.sequence()).toBe(0)
    expect(await manager.close()).toBeUndefined()
  })

  it('is shown by console.log as the data that it stands for', async () => {
    await afterRecipes(engine, shelf(), (draft) => {
      draft.n = 7
      draft.list.push({ n: 2 })
      draft.map.delete('y')
      const expected = { ...shelf(), n: 7, list: [{ n: 1 }, { n: 2 }] }
      expected.map.delete('y')
      expect(inspect(draft, { depth: 9 })).toBe(inspect(expected, { depth: 9 }))
      expect(inspect(draft.list)).toBe('[ { n: 1 }, { n: 2 } ]')
      expect(inspect(draft.map)).toBe(inspect(expected.map))
      expect(inspect(draft.set)).toBe(inspect(expected.set))
      expect(inspect({ user: draft.byId })).toBe(inspect({ user: expected.byId }))
    })
  })
})

describe.each(ENGINES)('a recipe that fails, with engine %s,', (engine) => {
  const deletions: Readonly<Record<string, (draft: Shelf) => void>> = {
    'deleted properties': ({ byId }) => {
      delete byId['a']
      delete byId['b']
    },
    'properties that were deleted and added again': ({ byId }) => {
      const { a } = byId
      delete byId['a']
      byId['new'] = { n: 0 }
      if (a !== undefined) byId['a'] = a
      delete byId['new']
    },
    'a deleted key of a Map': ({ map }) => {
      map.delete('x')
      map.set('x', { n: 9 })
      map.delete('y')
    },
    'a cleared Map': ({ map }) => {
      map.clear()
      map.set('z', { n: 1 })
    },
    'a deleted item of a Set': ({ set }) => {
      set.delete('p')
      set.add('new').add('p')
    },
    'a cleared Set': ({ set }) => {
      set.clear()
      set.add('r').add('q')
    },
    'spliced, sorted and shortened arrays': ({ list }) => {
      list.push({ n: 5 }, { n: 4 })
      list.sort((a, b) => b.n - a.n)
      list.splice(1, 1)
      list.length = 0
    },
  }

  it.each(Object.entries(deletions))('leaves the order as it was: %s', async (_, change) => {
    const definition = stepping(shelf(), [
      (draft) => {
        change(draft)
        throw new Error('no')
      },
      change,
      (draft) => {
        draft.byId['later'] = { n: 0 }
        draft.map.set('later', { n: 0 })
        draft.set.add('later')
      },
    ])
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, definition, { engine })
    const fails = async (): Promise<void> =>
      expect(manager.apply({ step: 0 })).rejects.toMatchObject({ code: 'RECIPE_FAILED' })
    await fails()
    expectSame(await stateOf(manager), shelf())
    for (const step of [2, 1, 2]) {
      await manager.apply({ step })
      const before = await stateOf(manager)
      await fails()
      expectSame(await stateOf(manager), before)
    }
    const state = await stateOf(manager)
    await manager.close()
    const again = await openState(fileSystem, definition, { engine })
    expectSame(await stateOf(again), state)
    await again.close()
  })
})

describe.each(ENGINES)('what a recipe returns, with engine %s,', (engine) => {
  it('is copied: neither the state nor a draft gets out', async () => {
    const definition = defineState({
      initial: shelf(),
      mutations: (m) => ({
        all: m((state) => state),
        parts: m((state) => {
          state.n++
          return {
            first: state.list[0],
            map: state.map,
            when: state.when,
            found: [state.byId['a']],
          }
        }),
        number: m((state) => state.n),
        payload: m((state, item: { n: number }) => {
          state.list.push(item)
          return item
        }),
      }),
    })
    const manager = await openState(new CrashFileSystem(), definition, { engine })
    const { result: all } = await manager.do.all()
    expectSame(all, shelf())
    all.list.push({ n: 99 })
    const { result: parts } = await manager.do.parts()
    expect(parts).toEqual({
      first: { n: 1 },
      map: shelf().map,
      when: new Date(0),
      found: [{ n: 1 }],
    })
    parts.map.clear()
    parts.when.setTime(9)
    if (parts.first !== undefined) parts.first.n = 99
    expect((await manager.do.number()).result).toBe(2)
    const { result } = await manager.do.payload({ n: 5 })
    result.n = 99
    expect(await stateOf(manager)).toEqual({ ...shelf(), n: 2, list: [{ n: 1 }, { n: 5 }] })
    expect(manager.stateDir).toBe(FOLDER)
  })
})
