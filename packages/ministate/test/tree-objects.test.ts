import { describe, expect, it } from 'vitest'
import { ENGINES, afterRecipes } from './support/states.js'

describe.each(ENGINES)('a recipe with engine %s', (engine) => {
  it('assigns, changes and deletes properties, at any depth', async () => {
    const initial = {
      count: 0,
      user: { name: 'Ada', tags: { a: 1, b: 2 } as Record<string, number> },
    }
    const state = await afterRecipes(
      engine,
      initial,
      (draft) => draft.count++,
      (draft) => {
        draft.user.name += ' Lovelace'
        delete draft.user.tags['a']
        draft.user.tags['c'] = 3
      },
    )
    expect(state).toEqual({ count: 1, user: { name: 'Ada Lovelace', tags: { b: 2, c: 3 } } })
    expect(initial).toEqual({ count: 0, user: { name: 'Ada', tags: { a: 1, b: 2 } } })
  })

  it('sees its own writes, by every way of reading', async () => {
    await afterRecipes(engine, { items: { a: 1 } as Record<string, unknown> }, ({ items }) => {
      items['b'] = { deep: true }
      delete items['a']
      expect(Object.keys(items)).toEqual(['b'])
      expect(Object.entries(items)).toEqual([['b', { deep: true }]])
      expect('a' in items).toBe(false)
      expect('b' in items).toBe(true)
      expect(Object.hasOwn(items, 'b')).toBe(true)
      expect(Object.prototype.hasOwnProperty.call(items, 'a')).toBe(false)
      expect(JSON.stringify(items)).toBe('{"b":{"deep":true}}')
      expect({ ...items }).toEqual({ b: { deep: true } })
      const keys: string[] = []
      for (const key in items) keys.push(key)
      expect(keys).toEqual(['b'])
    })
  })

  it('gets the same draft of the same object each time', async () => {
    await afterRecipes(engine, { a: { n: 1 }, list: [{ n: 2 }] }, (draft) => {
      const [item] = draft.list
      expect(draft.a).toBe(draft.a)
      expect(draft.list[0]).toBe(item)
      expect(draft.list.indexOf(item as { n: number })).toBe(0)
      expect(draft.list.includes(item as { n: number })).toBe(true)
      draft.a.n++
      if (item !== undefined) item.n++
      expect(draft.list[0]).toBe(item)
    })
  })

  it('removes what it sets to undefined, and keeps null', async () => {
    const initial: { a?: number | undefined; b: number | null } = { a: 1, b: 2 }
    const state = await afterRecipes(engine, initial, (draft) => {
      draft.a = undefined
      draft.b = null
    })
    expect(Object.entries(state)).toEqual([['b', null]])
  })

  it('assigns many at once: Object.assign, destructuring, defineProperty with a value', async () => {
    const state = await afterRecipes(engine, { a: 1, b: 2 } as Record<string, number>, (draft) => {
      Object.assign(draft, { b: 3, c: 4 })
      const { a = 0, c = 0 } = draft
      ;[draft['a'], draft['c']] = [c, a]
      Object.defineProperty(draft, 'd', { value: 5, writable: true, enumerable: true })
    })
    expect(Object.entries(state)).toEqual([
      ['a', 4],
      ['b', 3],
      ['c', 1],
      ['d', 5],
    ])
  })

  it('keeps numeric keys and odd keys as objects have them', async () => {
    const initial: Record<string, number> = { z: 0 }
    const state = await afterRecipes(engine, initial, (draft) => {
      draft['10'] = 1
      draft['9'] = 2
      draft[''] = 3
      draft['a b'] = 4
      draft['$type'] = 5
    })
    expect(Object.keys(state)).toEqual(['9', '10', 'z', '', 'a b', '$type'])
  })

  it('stores −0 as 0, in every place', async () => {
    const initial = {
      n: 1,
      list: [1],
      map: new Map<number, number>(),
      set: new Set<number>(),
      deep: {} as object,
    }
    const state = await afterRecipes(engine, initial, (draft) => {
      draft.n = -0
      draft.list[0] = -0
      draft.list.push(-0)
      draft.map.set(-0, -0)
      draft.set.add(-0)
      draft.deep = { n: [-0] }
    })
    const zeros = [state.n, ...state.list, ...state.set, ...state.map.values(), ...state.map.keys()]
    expect(zeros).toHaveLength(6)
    for (const zero of zeros) expect(Object.is(zero, 0)).toBe(true)
    expect(state.deep).toEqual({ n: [0] })
  })

  it('takes Dates, bytes and bigints as values: replaced, never shared', async () => {
    const outside = { when: new Date(5), bytes: new Uint8Array([1, 2]) }
    const initial = { when: new Date(1), bytes: new Uint8Array([9]), big: 1n, copy: new Date(0) }
    const state = await afterRecipes(engine, initial, (draft) => {
      draft.when = outside.when
      draft.bytes = Buffer.from(outside.bytes)
      draft.big += 2n ** 70n
      draft.copy = draft.when
      outside.when.setTime(0)
      outside.bytes[0] = 0
      const bytes = draft.bytes
      bytes[0] = 77 // of a copy
      expect(draft.bytes).toBe(bytes) // the same copy: it is the state that does not change
      bytes[0] = 77
      outside.when.setTime(5)
      outside.bytes[0] = 1
    })
    expect(state).toEqual({
      when: new Date(5),
      bytes: new Uint8Array([1, 2]),
      big: 1n + 2n ** 70n,
      copy: new Date(5),
    })
    expect(Buffer.isBuffer(state.bytes)).toBe(false)
  })

  it('reads Dates as Dates, and cannot set their parts', async () => {
    await afterRecipes(engine, { when: new Date(86_400_000) }, ({ when }) => {
      expect(when).toBeInstanceOf(Date)
      expect(when.getTime()).toBe(86_400_000)
      expect(when.toISOString()).toBe('1970-01-02T00:00:00.000Z')
      expect(Number(when) - Number(new Date(0))).toBe(86_400_000)
      expect(() => when.setHours(3)).toThrow(/cannot be changed \(setHours\): assign a new one/)
    })
  })

  it('works on one level of thousands of entries', async () => {
    const state = await afterRecipes(
      engine,
      { byId: {} as Record<string, { n: number }> },
      ({ byId }) => {
        for (let n = 0; n < 3000; n++) byId[`id-${n}`] = { n }
      },
      ({ byId }) => {
        for (const [id, item] of Object.entries(byId)) {
          if (item.n % 2 === 0) delete byId[id]
          else item.n *= 10
        }
      },
    )
    expect(Object.keys(state.byId)).toHaveLength(1500)
    expect(state.byId['id-2999']).toEqual({ n: 29_990 })
  })
})
