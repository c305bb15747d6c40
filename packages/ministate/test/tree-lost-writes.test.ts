import { defineState } from '@mini-rs/ministate'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import {
  ENGINES,
  type Step,
  afterRecipes,
  openState,
  refusalOf,
  stateOf,
  stepping,
} from './support/states.js'

interface Item {
  n?: number
  tags?: string[]
  parts?: Map<string, { n: number }>
  seen?: Set<number>
  when?: Date
  bytes?: Uint8Array
}
interface Shelf {
  items: Item[]
  last: Item | null
  byId: Record<string, Item>
  map: Map<string, Item>
}

const shelf = (): Shelf => ({ items: [{ n: 1 }], last: null, byId: {}, map: new Map() })

/** Each changes an object behind its assignment to this path. */
const LOST: Record<string, readonly [path: string, recipe: Step<Shelf>]> = {
  'a default that ??= has put there': [
    '$.byId.x',
    ({ byId }) => {
      const item = (byId['x'] ??= {})
      item.n = 1
    },
  ],
  'an item that was pushed': [
    '$.items[1]',
    ({ items }) => {
      const item: Item = { n: 1 }
      items.push(item)
      item.n = 2
    },
  ],
  'a new property': [
    '$.last',
    (state) => {
      const item: Item = { n: 1 }
      state.last = item
      item.tags = []
    },
  ],
  'an array inside': [
    '$.map("a")',
    ({ map }) => {
      const tags = ['a']
      map.set('a', { tags })
      tags.push('b')
    },
  ],
  'an object in a Map inside': [
    '$.last',
    (state) => {
      const part = { n: 1 }
      state.last = { parts: new Map([['a', part]]) }
      part.n = 2
    },
  ],
  'a Set inside': [
    '$.last',
    (state) => {
      const seen = new Set([1])
      state.last = { seen }
      seen.delete(1)
    },
  ],
  'a Date inside': [
    '$.last',
    (state) => {
      const when = new Date(1)
      state.last = { when }
      when.setTime(2)
    },
  ],
  'bytes inside': [
    '$.last',
    (state) => {
      const bytes = new Uint8Array(2)
      state.last = { bytes }
      bytes[1] = 2
    },
  ],
  'one that is a draft’s neighbour': [
    '$.last',
    (state) => {
      const both = { n: 1, first: state.items[0] }
      state.last = both
      both.n = 2
    },
  ],
}

/** The same with a part of the state, which is copied as well and then stands nowhere. */
const MOVED: Record<string, readonly [path: string, recipe: Step<Shelf>]> = {
  'a part that was moved': [
    '$.byId.x',
    ({ items, byId }) => {
      const [item = {}] = items.splice(0, 1)
      byId['x'] = item
      item.n = 2
    },
  ],
  'one that is taken out afterwards': [
    '$.map("x")',
    ({ items, map }) => {
      const [item = {}] = items
      map.set('x', item)
      item.n = 2
      items.length = 0
    },
  ],
  'something in it': [
    '$.last',
    (state) => {
      state.byId['x'] = { parts: new Map([['a', { n: 1 }]]) }
      const item = state.byId['x']
      state.last = item
      delete state.byId['x']
      const part = item.parts?.get('a')
      if (part !== undefined) part.n = 2
    },
  ],
  'one of a list that is filtered': [
    '$.items',
    (state) => {
      const [item = {}] = state.items
      state.items = state.items.filter(({ n }) => n === 1)
      item.n = 2
    },
  ],
}

/** None of these loses anything. */
const FINE: Record<string, Step<Shelf>> = {
  'a change before the assignment': ({ items }) => {
    const item: Item = {}
    item.n = 1
    items.push(item)
  },
  'a change through the state': (state) => {
    state.last = { n: 1, tags: [] }
    state.last.n = 2
    state.last.tags?.push('a')
    state.byId['x'] ??= {}
    const item = state.byId['x']
    item.n = 1
  },
  'an object that is changed and assigned again': ({ items }) => {
    const item: Item = {}
    for (let n = 1; n <= 3; n++) {
      item.n = n
      items.push(item)
    }
  },
  'a draft that is assigned to another place, and changed': (state) => {
    const [first] = state.items
    if (first === undefined) return
    state.byId['x'] = first
    state.last = { ...first, parts: new Map() }
    first.n = 2
    state.items.copyWithin(0, 0)
    state.items[0] = { n: 3 }
  },
  'a part that is changed before it is moved, and what has its place': (state) => {
    const item = state.items.pop() ?? {}
    item.n = 2
    state.items.push(item, { n: 4 })
    const last = state.items.at(-1)
    if (last !== undefined) last.n = 5
  },
  'a part that was taken out and goes nowhere': (state) => {
    const item = state.items.pop() ?? {}
    item.n = 2
  },
}

describe.each(ENGINES)('what a recipe changes after it has assigned it, %s', (engine) => {
  it.each(Object.entries({ ...LOST, ...MOVED }))(
    '%s: the recipe fails',
    async (_, [path, recipe]) => {
      const error = await refusalOf(engine, shelf(), recipe)
      expect(error).toMatchObject({
        code: 'RECIPE_FAILED',
        path,
        message: expect.stringContaining('the change is lost'),
        cause: expect.any(TypeError),
      })
    },
  )

  it.each(Object.entries(FINE))('%s is fine', async (_, recipe) => {
    expect(await afterRecipes(engine, shelf(), recipe)).not.toEqual(shelf())
  })

  it('a payload is such an object too, and the caller’s own stays as it is', async () => {
    const definition = defineState({
      initial: shelf(),
      mutations: (m) => ({
        put: m((state, item: Item) => {
          state.items.push(item)
          item.n = 99
        }),
      }),
    })
    const manager = await openState(new CrashFileSystem(), definition, { engine })
    const item = { n: 5, tags: ['a'] }
    await expect(manager.apply({ put: item })).rejects.toMatchObject({ path: '$.items[1]' })
    await expect(manager.applyAll([{ put: item }])).rejects.toMatchObject({ path: '$.items[1]' })
    expect(await manager.dryRun({ put: item })).toMatchObject({ ok: false })
    expect(item).toEqual({ n: 5, tags: ['a'] })
    expect([item, item.tags].some(Object.isFrozen)).toBe(false)
    await manager.close()
  })

  it('without freeze is lost, in the live state and in every replay, whoever replays', async () => {
    const recipes = Object.values({ ...LOST, ...MOVED }).map(([, recipe]) => recipe)
    const fileSystem = new CrashFileSystem()
    const definition = stepping(shelf(), recipes)
    const manager = await openState(fileSystem, definition, { engine, freeze: false })
    for (const step of recipes.keys()) await manager.apply({ step })
    const state = await stateOf(manager)
    expect(state.items).toEqual([])
    await manager.close()
    const again = await openState(fileSystem, definition, { engine, freeze: true })
    expect(await stateOf(again)).toEqual(state)
    await again.close()
  })
})
