// oxlint-disable unicorn/no-array-fill-with-reference-type -- what changes an array is what is tested here
import { describe, expect, it } from 'vitest'
import { ENGINES, type Step, afterRecipes, refusalOf } from './support/states.js'

interface Loose {
  value: unknown
  list: unknown[]
  map: Map<unknown, unknown>
  set: Set<unknown>
  deep: { 'a b': { c: unknown } }
}

const loose = (): Loose => ({
  value: 1,
  list: [1, 2],
  map: new Map([['k', 1]]),
  set: new Set([1]),
  deep: { 'a b': { c: 1 } },
})

class Point {
  x = 1
}

const cyclic: Record<string, unknown> = {}
cyclic['self'] = cyclic

/** What no snapshot could carry, where it is put, and where the error says that it is. */
const REFUSED: readonly (readonly [string, Step<Loose>, string, RegExp])[] = [
  ['NaN', (s) => (s.value = NaN), '$.value', /NaN/],
  ['Infinity', (s) => (s.list[0] = -Infinity), '$.list[0]', /-Infinity/],
  ['a function', (s) => (s.value = () => 1), '$.value', /a function/],
  ['a symbol', (s) => (s.value = Symbol('s')), '$.value', /a symbol/],
  ['undefined in an array', (s) => s.list.push(undefined), '$.list[2]', /undefined/],
  ['undefined in a Map', (s) => s.map.set('u', undefined), '$.map("u")', /undefined/],
  ['undefined in a Set', (s) => s.set.add(undefined), '$.set(entry 1)', /undefined/],
  ['a class instance', (s) => (s.value = new Point()), '$.value', /a class instance \(Point\)/],
  ['an error', (s) => (s.value = new Error('no')), '$.value', /a class instance \(Error\)/],
  ['a RegExp', (s) => (s.value = /x/), '$.value', /a class instance \(RegExp\)/],
  ['an invalid Date', (s) => (s.value = new Date(NaN)), '$.value', /an invalid Date/],
  ['other typed arrays', (s) => (s.value = new Float64Array(1)), '$.value', /Float64Array/],
  ['an ArrayBuffer', (s) => (s.value = new ArrayBuffer(1)), '$.value', /ArrayBuffer/],
  ['a WeakMap', (s) => (s.value = new WeakMap()), '$.value', /WeakMap/],
  ['a promise', (s) => (s.value = Promise.resolve(1)), '$.value', /Promise/],
  ['a lone surrogate', (s) => (s.value = 'a\uD800'), '$.value', /a lone surrogate/],
  [
    'a lone surrogate as a key',
    (s) => (s.value = { '\uDC00': 1 }),
    '$.value["\\udc00"]',
    /lone surr/,
  ],
  ['an array with a hole', (s) => (s.value = [1, , 3]), '$.value[1]', /a hole/], // oxlint-disable-line no-sparse-arrays
  ['a hole by index', (s) => (s.list[5] = 1), '$.list[4]', /a hole/],
  ['holes by length', (s) => (s.list.length = 9), '$.list[8]', /holes/],
  ['a hole by delete', (s) => delete s.list[0], '$.list[0]', /a hole/],
  ['a symbol as a key', (s) => (s.value = { [Symbol('k')]: 1 }), '$.value', /a symbol as a key/],
  [
    'a symbol as a key of a draft',
    (s) => Reflect.set(s, Symbol('k'), 1),
    '$["Symbol(k)"]',
    /a symbol as a/,
  ],
  [
    'a named property of an array',
    (s) => Object.assign(s.list, { name: 1 }),
    '$.list[name]',
    /a property of an array/,
  ],
  [
    'an object as the key of a Map',
    (s) => s.map.set({}, 1),
    '$.map([object Object])',
    /key of a Map/,
  ],
  ['NaN as the key of a Map', (s) => s.map.set(NaN, 1), '$.map(NaN)', /key of a Map/],
  [
    'undefined as the key of a Map',
    (s) => s.map.set(undefined, 1),
    '$.map(undefined)',
    /key of a Map/,
  ],
  [
    'a cycle',
    (s) => (s.value = cyclic),
    `$.value${'.self'.repeat(125)}`,
    /nesting deeper than 126, or a cycle/,
  ],
  ['a getter', (s) => Object.defineProperty(s, 'x', { get: () => 1 }), '$.x', /a getter or setter/],
  [
    'deep inside',
    (s) => (s.deep['a b'].c = [{ x: { y: [NaN] } }]),
    '$.deep["a b"].c[0].x.y[0]',
    /NaN/,
  ],
  [
    'inside a Map and a Set',
    (s) => (s.value = new Map([['m', new Set([{ d: NaN }])]])),
    '$.value("m")(entry 0).d',
    /NaN/,
  ],
  ['inside of splice', (s) => s.list.splice(1, 0, 5, { a: NaN }), '$.list[2].a', /NaN/],
  ['inside of fill', (s) => s.list.fill({ a: NaN }, 1), '$.list[1].a', /NaN/],
]

/** How many levels of a snapshot something takes, itself counted. */
const LEVELS: Readonly<Record<string, readonly [levels: number, make: () => unknown]>> = {
  'a number': [0, () => 1],
  'an object': [1, () => ({ a: 1 })],
  'an array': [1, () => [1]],
  'a Date': [1, () => new Date(1)],
  bytes: [1, () => new Uint8Array([1])],
  'a bigint': [1, () => 1n],
  'a Map': [3, () => new Map([['k', 1]])],
  'a Map with a bigint as a key': [4, () => new Map([[1n, 1]])],
  'a Set': [2, () => new Set([1])],
  'an object with a key $type': [3, () => ({ $type: 'Map', value: 1 })],
  'an object with a key __proto__': [3, () => JSON.parse('{"__proto__":1}') as unknown],
}

describe.each(ENGINES)('the guard with engine %s', (engine) => {
  it.each(REFUSED)(
    'refuses %s, with the path, and nothing has changed',
    async (_, recipe, path, what) => {
      const spoiling: Step<Loose> = (state, step) => {
        state.list.push('before')
        state.map.delete('k')
        recipe(state, step)
      }
      const pathOnly: Step<Loose> = (state, step) => void recipe(state, step)
      const error = await refusalOf(engine, loose(), pathOnly)
      expect(error).toMatchObject({
        code: 'RECIPE_FAILED',
        mutation: 'step',
        outcome: 'absent',
        path,
      })
      expect((error as Error).message).toMatch(what)
      expect((error as Error).message).toContain(path)
      expect(await refusalOf(engine, loose(), spoiling)).toMatchObject({ code: 'RECIPE_FAILED' })
    },
  )

  it.each([
    ['another prototype', (s: Loose) => Object.setPrototypeOf(s, Point.prototype)],
    ['another prototype of an array', (s: Loose) => Object.setPrototypeOf(s.list, null)],
    ['to be frozen', (s: Loose) => Object.freeze(s)],
    ['to be sealed', (s: Loose) => Object.seal(s.list)],
  ])('refuses %s', async (_, recipe) => {
    expect(await refusalOf(engine, loose(), recipe)).toMatchObject({
      code: 'RECIPE_FAILED',
      cause: { name: 'TypeError' },
    })
  })

  it('takes 126 levels, and not one more', async () => {
    const nested = (levels: number): unknown => {
      let value: unknown = 1
      for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { v: value }
      return value
    }
    // The state itself is one.
    const state = await afterRecipes(engine, loose(), (draft) => (draft.value = nested(125)))
    expect(state.value).toEqual(nested(125))
    const error = await refusalOf(engine, loose(), (draft) => (draft.value = nested(126)))
    expect((error as Error).message).toMatch(/nesting deeper than 126/)
  })

  it('takes no draft deeper than it could be written, step by step', async () => {
    const deeper: Step<Loose> = (draft) => {
      let place = draft as unknown as Record<string, unknown>
      for (let level = 0; level < 200; level++) {
        place['next'] = {}
        place = place['next'] as Record<string, unknown>
      }
    }
    expect(await refusalOf(engine, loose(), deeper)).toMatchObject({
      code: 'RECIPE_FAILED',
      path: `$${'.next'.repeat(126)}`,
    })
  })

  it.each(Object.entries(LEVELS))(
    'counts the levels that %s takes as a snapshot does',
    async (_, [levels, make]) => {
      const within = (count: number, value: unknown): unknown =>
        count === 0 ? value : [within(count - 1, value)]
      const deepest = 125 - levels
      const put = (draft: Loose, count: number): unknown => (draft.value = within(count, make()))
      const state = await afterRecipes(engine, loose(), (draft) => put(draft, deepest))
      expect(state.value).toEqual(within(deepest, make()))
      const error = await refusalOf(engine, loose(), (draft) => put(draft, deepest + 1))
      expect((error as Error).message).toMatch(/nesting deeper than 126/)
    },
  )

  it('counts a key that makes an object take more levels, when it is added', async () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])
    const addType: Step<Loose> = (draft) => {
      ;(draft as unknown as Record<string, unknown>)['$type'] = 'mine'
    }
    const initial = (levels: number): Loose => ({ ...loose(), value: nested(levels) })
    const state = await afterRecipes(engine, initial(123), addType)
    expect(state).toMatchObject({ $type: 'mine' })
    const error = await refusalOf(engine, initial(124), addType)
    expect((error as Error).message).toMatch(/nesting deeper than 126/)
  })
})

describe.each(ENGINES)('keys that lead to prototypes, with engine %s,', (engine) => {
  const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf']

  it('are keys as any other, and change no prototype', async () => {
    const initial: { byName: Record<string, unknown> } = { byName: {} }
    const state = await afterRecipes(
      engine,
      initial,
      ({ byName }) => {
        for (const name of NAMES) byName[name] = { polluted: true }
        Object.defineProperty(byName, '__proto__', { value: { polluted: true } })
      },
      ({ byName }) => {
        for (const name of NAMES) expect(byName[name]).toEqual({ polluted: true })
        const own = byName['__proto__'] as { polluted: unknown }
        own.polluted = 'changed'
        delete byName['constructor']
        expect(byName['constructor']).toBeUndefined()
      },
      (draft) =>
        (draft.byName = JSON.parse(
          '{"__proto__":{"polluted":1},"a":1}',
        ) as object as Loose['deep'] & Record<string, unknown>),
    )
    expect(Object.entries(state.byName)).toEqual([
      ['__proto__', { polluted: 1 }],
      ['a', 1],
    ])
    expect(Object.getPrototypeOf(state.byName)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('do not lead out of the state where they are missing', async () => {
    await afterRecipes(
      engine,
      { byName: {} as Record<string, Record<string, unknown>>, list: [1] },
      (draft) => {
        expect(draft.byName['__proto__']).toBeUndefined()
        expect(draft.byName['constructor']).toBeUndefined()
        expect('constructor' in draft.byName).toBe(false)
        expect(() =>
          Object.assign(draft.byName['__proto__'] as object, { polluted: true }),
        ).toThrow(TypeError)
        const list = draft.list as unknown as Record<string, unknown>
        expect(list['constructor']).toBeUndefined()
        expect(list['__proto__']).toBeUndefined()
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
      },
    )
  })
})
