import { describe, expect, it } from 'vitest'
import { ENGINES, afterRecipes } from './support/states.js'

interface User {
  name: string
}

const users = (): { users: Map<string, User> } => ({
  users: new Map([
    ['a', { name: 'Ada' }],
    ['b', { name: 'Bob' }],
  ]),
})

describe.each(ENGINES)('a Map of a draft with engine %s', (engine) => {
  it('sets, replaces, deletes, clears, and changes what it holds', async () => {
    const state = await afterRecipes(
      engine,
      users(),
      (draft) => {
        const ada = draft.users.get('a')
        if (ada !== undefined) ada.name += '!'
        expect(draft.users.set('c', { name: 'Cy' })).toBe(draft.users)
        draft.users.set('b', { name: 'Bert' })
        expect(draft.users.delete('nobody')).toBe(false)
      },
      (draft) => expect(draft.users.delete('a')).toBe(true),
      (draft) => draft.users.set('a', { name: 'new' }),
    )
    expect([...state.users]).toEqual([
      ['b', { name: 'Bert' }],
      ['c', { name: 'Cy' }],
      ['a', { name: 'new' }],
    ])
    const cleared = await afterRecipes(
      engine,
      users(),
      (draft) => draft.users.clear(),
      (draft) => draft.users.set('z', { name: 'Z' }),
    )
    expect([...cleared.users.keys()]).toEqual(['z'])
  })

  it('is read as a Map is', async () => {
    await afterRecipes(engine, users(), (draft) => {
      const map = draft.users
      map.set('c', { name: 'Cy' })
      expect(map).toBeInstanceOf(Map)
      expect([map.size, map.has('c'), map.has('d'), map.get('d')]).toEqual([
        3,
        true,
        false,
        undefined,
      ])
      expect([...map.keys()]).toEqual(['a', 'b', 'c'])
      expect([...map.values()].map(({ name }) => name)).toEqual(['Ada', 'Bob', 'Cy'])
      expect([...map.entries()].map(([key, { name }]) => key + name)).toEqual([
        'aAda',
        'bBob',
        'cCy',
      ])
      expect(Array.from(map, ([key]) => key)).toEqual(['a', 'b', 'c'])
      const seen: unknown[] = []
      map.forEach((user, key, whole) => seen.push([key, user.name, whole === map]))
      expect(seen).toEqual([
        ['a', 'Ada', true],
        ['b', 'Bob', true],
        ['c', 'Cy', true],
      ])
      expect(new Map(map).size).toBe(3)
    })
  })

  it('gives drafts to those who go through it', async () => {
    const state = await afterRecipes(engine, users(), (draft) => {
      for (const user of draft.users.values()) user.name += '1'
      for (const [, user] of draft.users) user.name += '2'
      draft.users.forEach((user) => (user.name += '3'))
    })
    expect([...state.users.values()]).toEqual([{ name: 'Ada123' }, { name: 'Bob123' }])
  })

  it('takes keys of all kinds that a file can carry, and tells them apart', async () => {
    const initial = { map: new Map<unknown, unknown>() }
    const state = await afterRecipes(engine, initial, ({ map }) => {
      for (const key of ['1', 1, 1n, true, null, '']) map.set(key, String(key))
    })
    expect([...state.map.keys()]).toEqual(['1', 1, 1n, true, null, ''])
  })

  it('holds Maps in Maps, and Sets in them', async () => {
    const initial = { groups: new Map<string, Map<string, Set<number>>>() }
    const state = await afterRecipes(
      engine,
      initial,
      ({ groups }) => groups.set('g', new Map([['h', new Set([1])]])),
      ({ groups }) => groups.get('g')?.get('h')?.add(2),
      ({ groups }) => groups.get('g')?.set('i', new Set()),
    )
    expect(state.groups).toEqual(
      new Map([
        [
          'g',
          new Map([
            ['h', new Set([1, 2])],
            ['i', new Set()],
          ]),
        ],
      ]),
    )
  })

  it('offers getOrInsert whatever Node knows, and what it answers is a draft', async () => {
    interface WithGetOrInsert {
      getOrInsert: (key: string, value: User) => User
      getOrInsertComputed: (key: string, compute: (key: string) => User) => User
    }
    const state = await afterRecipes(engine, users(), (draft) => {
      const map = draft.users as unknown as WithGetOrInsert
      map.getOrInsert('a', { name: 'unused' }).name += '+'
      map.getOrInsert('c', { name: 'C' }).name += '+'
      map.getOrInsertComputed('d', (key) => ({ name: key })).name += '+'
    })
    expect([...state.users.values()].map(({ name }) => name)).toEqual(['Ada+', 'Bob', 'C+', 'd+'])
  })
})

describe.each(ENGINES)('a Set of a draft with engine %s', (engine) => {
  const tags = (): { tags: Set<string> } => ({ tags: new Set(['a', 'b']) })

  it('adds, deletes, clears, and is read as a Set is', async () => {
    const state = await afterRecipes(
      engine,
      tags(),
      (draft) => {
        const set = draft.tags
        expect(set.add('c')).toBe(set)
        set.add('a')
        expect([set.delete('b'), set.delete('zz')]).toEqual([true, false])
        expect(set).toBeInstanceOf(Set)
        expect([set.size, set.has('c'), set.has('b')]).toEqual([2, true, false])
        expect([...set]).toEqual(['a', 'c'])
        expect([...set.keys()]).toEqual([...set.values()])
        expect([...set.entries()]).toEqual([
          ['a', 'a'],
          ['c', 'c'],
        ])
        const seen: string[] = []
        set.forEach((tag) => seen.push(tag))
        expect(seen).toEqual(['a', 'c'])
      },
      (draft) => draft.tags.add('b'),
    )
    expect([...state.tags]).toEqual(['a', 'c', 'b'])
    const cleared = await afterRecipes(engine, tags(), (draft) => draft.tags.clear())
    expect(cleared.tags.size).toBe(0)
  })

  it('holds objects: what it is given is copied, what it gives can be changed, in its place', async () => {
    const initial = { items: new Set([{ n: 1 }, { n: 2 }, { n: 3 }]) }
    const state = await afterRecipes(
      engine,
      initial,
      ({ items }) => {
        const [first, second] = items
        if (first === undefined || second === undefined) throw new Error('missing')
        expect(items.has(first)).toBe(true)
        second.n = 20
        expect(items.has(second)).toBe(true)
        expect(items.add(second).size).toBe(3)
        items.delete(first)
      },
      ({ items }) => {
        const added = { n: 99 }
        items.add(added)
        for (const item of items) if (item.n === 99) item.n = 4
        expect(added.n).toBe(99)
      },
    )
    expect([...state.items]).toEqual([{ n: 20 }, { n: 3 }, { n: 4 }])
  })

  // Of a later edition of the language than the oldest Node that this runs on.
  it('knows the Dates and bytes again that it was read to hold', async () => {
    const initial = { items: new Set<Date | Uint8Array>([new Date(1), new Uint8Array([2])]) }
    const state = await afterRecipes(
      engine,
      initial,
      ({ items }) => void items.add(new Date(3)),
      ({ items }) => {
        for (const item of items) {
          expect(items.has(item)).toBe(true)
          items.add(item)
        }
        expect(items.size).toBe(3)
        expect(items.has(new Date(1))).toBe(false)
        for (const item of items) if (item instanceof Date) items.delete(item)
      },
    )
    expect([...state.items]).toEqual([new Uint8Array([2])])
  })

  it.runIf('union' in Set.prototype)(
    'answers union and the like with a Set of its own',
    async () => {
      interface LaterSet extends Set<string> {
        union: (other: Set<string>) => Set<string>
        isSubsetOf: (other: Set<string>) => boolean
        difference: (other: Set<string>) => Set<string>
      }
      const state = await afterRecipes(engine, tags(), (draft) => {
        const set = draft.tags as LaterSet
        const both = set.union(new Set(['z']))
        expect([...both]).toEqual(['a', 'b', 'z'])
        both.add('elsewhere')
        expect(set.isSubsetOf(both)).toBe(true)
        expect((both as LaterSet).difference(set)).toEqual(new Set(['z', 'elsewhere']))
        draft.tags = both
      })
      expect([...state.tags]).toEqual(['a', 'b', 'z', 'elsewhere'])
    },
  )
})
