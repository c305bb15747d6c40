import { defineState } from '@mini-rs/ministate'
import { type Codec, MiniStore } from '@mini-rs/ministore'
import { CrashFileSystem } from '@mini-rs/testkit'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ENGINES, JOURNAL, openState, stateOf } from './support/states.js'

/** What the log holds. */
function logOf(fileSystem: CrashFileSystem): Promise<unknown[]> {
  return MiniStore.replay(JOURNAL, { fileSystem })
}

/** A folder whose journal holds these records. */
async function withRecords(records: readonly unknown[]): Promise<CrashFileSystem> {
  const fileSystem = new CrashFileSystem()
  const store = await MiniStore.open(JOURNAL, { fileSystem })
  for (const record of records) await store.append(record)
  await store.close()
  return fileSystem
}

const shop = defineState({
  initial: { seen: [] as unknown[] },
  mutations: (m) => ({
    byZod: m(
      z.object({ id: z.string().trim(), count: z.number().default(1) }),
      (state, payload) => {
        state.seen.push(payload)
        return payload.count
      },
    ),
    byValibot: m(
      v.object({ at: v.pipe(v.string(), v.transform(Number)) }),
      (state, payload) => void state.seen.push(payload),
    ),
    byArktype: m(type({ name: 'string > 2', 'tags?': 'string[]' }), (state, payload) => {
      state.seen.push(payload)
    }),
    plain: m((state, payload: { a: number | null }) => void state.seen.push(payload)),
    list: m((state, payload: [number, string]) => void state.seen.push(payload)),
    nothing: m((state) => void state.seen.push('nothing')),
    orNull: m((state, payload: number | null) => void state.seen.push(payload)),
  }),
})

describe.each(ENGINES)('schemas with engine %s', (engine) => {
  it('of three libraries, mixed: what they make of a payload is logged and given to the recipe', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, shop, { engine })
    expect(await manager.do.byZod({ id: ' x ' })).toEqual({ seq: 1, result: 1 })
    await manager.apply({ byValibot: { at: '12' } })
    await manager.apply({ byArktype: { name: 'Ada', tags: ['t'] } })
    await manager.apply({ plain: { a: null } })
    const made = [{ id: 'x', count: 1 }, { at: 12 }, { name: 'Ada', tags: ['t'] }, { a: null }]
    expect((await stateOf(manager)).seen).toEqual(made)
    await manager.close()
    expect(await logOf(fileSystem)).toEqual([
      { byZod: made[0] },
      { byValibot: made[1] },
      { byArktype: made[2] },
      { plain: made[3] },
    ])
    // `{ at: 12 }` would not pass the schema again: on replay it is not run.
    const again = await openState(fileSystem, shop, { engine })
    expect((await stateOf(again)).seen).toEqual(made)
    await again.close()
  })

  it('make a payload of none where they have a default', async () => {
    const fileSystem = new CrashFileSystem()
    const steps = defineState({
      initial: { value: 0 },
      mutations: (m) => ({
        step: m(z.number().default(1), (state, by) => {
          state.value += by
        }),
      }),
    })
    const manager = await openState(fileSystem, steps, { engine })
    await manager.do.step()
    await manager.apply('step')
    await manager.apply({ step: 5 })
    expect(await stateOf(manager)).toEqual({ value: 7 })
    await manager.close()
    expect(await logOf(fileSystem)).toEqual([{ step: 1 }, { step: 1 }, { step: 5 }])
  })

  it('name what is wrong, and where', async () => {
    const manager = await openState(new CrashFileSystem(), shop, { engine })
    await expect(manager.apply({ byZod: { id: 1 as never } })).rejects.toMatchObject({
      code: 'PAYLOAD_INVALID',
      mutation: 'byZod',
      outcome: 'absent',
      issues: [{ path: '$.id', message: expect.any(String) as string }],
    })
    await expect(manager.apply({ byValibot: {} as never })).rejects.toMatchObject({
      issues: [{ path: '$.at' }],
    })
    const wrong = { name: 'Ada', tags: ['ok', 2] } as never
    await expect(manager.apply({ byArktype: wrong })).rejects.toMatchObject({
      issues: [{ path: '$.tags[1]' }],
    })
    expect(manager.sequence()).toBe(0)
    await manager.close()
  })

  it('that answer with a promise are refused', async () => {
    const late = defineState({
      initial: { n: 0 },
      mutations: (m) => ({
        add: m(
          z.number().refine(() => Promise.resolve(true)),
          (state, by) => void (state.n += by),
        ),
      }),
    })
    const manager = await openState(new CrashFileSystem(), late, { engine })
    await expect(manager.apply({ add: 1 })).rejects.toThrow(/asynchronous; a mutation needs one/)
    expect(manager.sequence()).toBe(0)
    await manager.close()
  })
})

describe.each(ENGINES)('payloads with engine %s', (engine) => {
  it.each([
    ['a Date', { a: new Date(0) }, '$.a', 'a Date'],
    ['NaN', { a: NaN }, '$.a', 'NaN'],
    ['undefined in an array', { a: [1, undefined] }, '$.a[1]', 'undefined'],
    ['a bigint', { a: { b: 1n } }, '$.a.b', 'a bigint'],
    ['a Map', { a: new Map() }, '$.a', 'a Map'],
    ['bytes', { a: new Uint8Array(1) }, '$.a', 'a Uint8Array'],
    ['a class instance', { a: new URL('http://x/') }, '$.a', 'a class instance (URL)'],
    ['a function', { a: () => 1 }, '$.a', 'a function'],
    ['a lone surrogate', { a: '\uD800' }, '$.a', 'a lone surrogate'],
    ['a symbol as a key', { a: { [Symbol('s')]: 1 } }, '$.a', 'a symbol as a key'],
    ['undefined itself', undefined, '$', 'undefined'],
  ])('with %s are refused: JSON cannot carry it', async (_, payload, path, what) => {
    const manager = await openState(new CrashFileSystem(), shop, { engine })
    await expect(manager.apply({ plain: payload as never })).rejects.toMatchObject({
      code: 'PAYLOAD_NOT_SERIALIZABLE',
      mutation: 'plain',
      outcome: 'absent',
      issues: [{ path, message: `is ${what}` }],
    })
    expect(manager.sequence()).toBe(0)
    await manager.close()
  })

  it('come to the recipe as they come from the log: −0 is 0, what is undefined is not there', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, shop, { engine })
    await manager.apply({ plain: { a: -0, b: undefined, ['__proto__']: 1 } as never })
    await manager.apply({ list: [1, 'tuple'] })
    await manager.apply({ orNull: null })
    const { seen } = await stateOf(manager)
    expect(Object.is((seen[0] as { a: number }).a, 0)).toBe(true)
    expect(Object.keys(seen[0] as object)).toEqual(['a', '__proto__'])
    expect(seen.slice(1)).toEqual([[1, 'tuple'], null])
    await manager.close()
    const again = await openState(fileSystem, shop, { engine })
    expect((await stateOf(again)).seen).toEqual(seen)
    await again.close()
  })

  it('that are nothing: both forms in the log, and as they were given', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, shop, { engine })
    await manager.apply('nothing')
    await manager.apply({ nothing: null })
    await manager.do.nothing()
    expect((await stateOf(manager)).seen).toEqual(['nothing', 'nothing', 'nothing'])
    await manager.close()
    expect(await logOf(fileSystem)).toEqual(['nothing', { nothing: null }, 'nothing'])
    const again = await openState(fileSystem, shop, { engine })
    expect((await stateOf(again)).seen).toHaveLength(3)
    await again.close()
  })

  it.each([
    ['two keys', { nothing: null, orNull: 1 }],
    ['no key', {}],
    ['an array', ['nothing']],
    ['null', null],
    ['a number', 5],
    ['an unknown name', { nobody: 1 }],
    ['an unknown name without a payload', 'nobody'],
    ['a name of every object', 'toString'],
    ['a key of every object', { constructor: 1 }],
    ['a tag with a version', { 'plain@2': { a: 1 } }],
    ['a reserved tag', { '@skip': { seq: 1, reason: '' } }],
  ])('of what is no mutation are refused: %s', async (_, mutation) => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, shop, { engine })
    await expect(manager.apply(mutation as never)).rejects.toMatchObject({
      code: 'MUTATION_INVALID',
      outcome: 'absent',
    })
    await manager.close()
    expect(await logOf(fileSystem)).toEqual([])
  })

  it('may stand beside keys that are undefined', async () => {
    const manager = await openState(new CrashFileSystem(), shop, { engine })
    expect(await manager.apply({ orNull: 1, nothing: undefined } as never)).toBe(1)
    await manager.close()
  })
})

describe.each(ENGINES)('a codec with engine %s', (engine) => {
  const dates: Codec<unknown> = {
    encode: (value) => (value instanceof Date ? { $date: value.toISOString() } : (value as object)),
    decode: (value) => {
      const { $date } = value as { $date?: string }
      return $date === undefined ? value : new Date($date)
    },
  }
  const calendar = defineState({
    initial: { last: new Date(0), names: [] as string[] },
    codec: dates,
    mutations: (m) => ({
      meet: m((state, at: Date) => {
        if (!(at instanceof Date)) throw new TypeError('the codec has not made a Date of it')
        state.last = at
      }),
      name: m((state, { text }: { text: string }) => void state.names.push(text)),
    }),
  })

  it('carries Dates: into the recipe, the log, changes and history', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, calendar, { engine })
    const at = new Date(1234)
    const applied = manager.apply({ meet: at })
    at.setTime(0)
    await applied
    await manager.apply({ name: { text: 'x' } })
    expect(await stateOf(manager)).toEqual({ last: new Date(1234), names: ['x'] })
    const history: unknown[] = []
    for await (const { mutation } of manager.history()) history.push(mutation)
    expect(history).toEqual([{ meet: new Date(1234) }, { name: { text: 'x' } }])
    await manager.close()
    expect(await logOf(fileSystem)).toEqual([
      { meet: { $date: '1970-01-01T00:00:01.234Z' } },
      { name: { text: 'x' } },
    ])
    const again = await openState(fileSystem, calendar, { engine })
    expect((await stateOf(again)).last).toEqual(new Date(1234))
    await again.close()
  })

  it('that throws, or makes of it what JSON cannot carry, is named', async () => {
    const manager = await openState(new CrashFileSystem(), calendar, { engine })
    await expect(manager.apply({ meet: new Date(NaN) })).rejects.toMatchObject({
      code: 'PAYLOAD_NOT_SERIALIZABLE',
      cause: { name: 'RangeError' },
    })
    await expect(manager.apply({ name: { text: 1n as never } })).rejects.toMatchObject({
      code: 'PAYLOAD_NOT_SERIALIZABLE',
      issues: [{ path: '$.text', message: 'is a bigint' }],
    })
    await manager.close()
  })
})

describe.each(ENGINES)('versions of payloads with engine %s', (engine) => {
  const scores = defineState({
    initial: { points: [] as [string, number][] },
    mutations: (m) => ({
      score: m(
        (state, { by, points }: { by: string; points: number }) => {
          state.points.push([by, points])
        },
        {
          version: 3,
          upcast: {
            1: (points: number) => ({ points }),
            2: ({ points }: { points: number }) => ({ by: 'nobody', points }),
          },
        },
      ),
    }),
  })

  it('are in the tag above 1, and older ones are brought up step by step', async () => {
    const fileSystem = await withRecords([{ score: 1 }, { 'score@2': { points: 2 } }])
    const manager = await openState(fileSystem, scores, { engine })
    await manager.apply({ score: { by: 'Ada', points: 3 } })
    const points = [
      ['nobody', 1],
      ['nobody', 2],
      ['Ada', 3],
    ]
    expect((await stateOf(manager)).points).toEqual(points)
    const history: unknown[] = []
    for await (const { mutation } of manager.history()) history.push(mutation)
    expect(history).toEqual(points.map(([by, n]) => ({ score: { by, points: n } })))
    await manager.close()
    expect((await logOf(fileSystem)).at(-1)).toEqual({ 'score@3': { by: 'Ada', points: 3 } })
  })

  it('cannot be awaited: an upcast that answers with a promise is refused, at opening', async () => {
    const slow = defineState({
      initial: { points: 0 },
      mutations: (m) => ({
        score: m((state, points: number) => void (state.points += points), {
          version: 2,
          // The types refuse it as well.
          upcast: { 1: (async () => Promise.reject(new Error('late'))) as never },
        }),
      }),
    })
    const fileSystem = await withRecords([{ score: 1 }])
    await expect(openState(fileSystem, slow, { engine })).rejects.toMatchObject({
      code: 'REPLAY_FAILED',
      seq: 1,
      mutation: 'score',
      message: expect.stringContaining('the upcast of score from version 1 returned a promise'),
      cause: expect.any(TypeError),
    })
  })

  it.each([
    [{ 'score@4': {} }, 'MUTATION_TOO_NEW', /version 4, and this program knows versions up to 3/],
    [{ 'score@1': 1 }, 'MUTATION_TOO_NEW', /version 1/],
    [{ 'other@2': {} }, 'MUTATION_INVALID', /has no mutation "other@2"/],
    [{ '@unknown': 1 }, 'MUTATION_INVALID', /has no mutation "@unknown"/],
    ['score@9', 'MUTATION_TOO_NEW', /version 9/],
    [{ a: 1, b: 2 }, 'MUTATION_INVALID', /exactly one key/],
    [7, 'MUTATION_INVALID', /exactly one key/],
  ])('that the program does not know stop the opening: %j', async (record, code, message) => {
    const fileSystem = await withRecords([{ score: 1 }, record])
    const bytes = fileSystem.get(JOURNAL)
    const opening = openState(fileSystem, scores, { engine })
    await expect(opening).rejects.toMatchObject({
      code: 'REPLAY_FAILED',
      seq: 2,
      path: JOURNAL,
      line: 3,
      cause: { code },
    })
    await expect(opening).rejects.toThrow(message)
    expect(fileSystem.get(JOURNAL)).toEqual(bytes)
  })
})
