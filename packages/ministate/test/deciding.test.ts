import { MiniStateError, StateManager, defineState } from '@mini-rs/ministate'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { ENGINES, FOLDER, expectSame, openState, stateOf } from './support/states.js'

const stock = defineState({
  initial: { left: 3, orders: [] as { by: string; n: number }[], byId: new Map<string, number>() },
  invariant: ({ left }) => left >= -5 || 'far too few',
  mutations: (m) => ({
    order: m((state, order: { by: string; n: number }, context) => {
      if (order.n > 50) context.reject('TOO_MANY')
      state.left -= order.n
      state.orders.push(order)
      state.byId.set(order.by, context.seq)
      return { left: state.left, seq: context.seq, orders: state.orders }
    }),
    forget: m((state) => {
      state.orders.shift()
      state.byId.clear()
    }),
  }),
})

describe.each(ENGINES)('update with engine %s', (engine) => {
  it('decides on what was decided before, though that is not durable', async () => {
    const manager = await openState(new CrashFileSystem(), stock, { engine })
    const order = (by: string): Promise<number | undefined> =>
      manager.update(({ left }) => (left > 0 ? { order: { by, n: 1 } } : undefined))
    const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(order))
    expect(answers).toEqual([1, 2, 3, undefined, undefined])
    expect((await stateOf(manager)).left).toBe(0)
    await manager.close()
  })

  it('cannot change the state, and what it throws is the caller’s', async () => {
    const manager = await openState(new CrashFileSystem(), stock, { engine })
    await expect(
      manager.update((state) => {
        Object.assign(state, { left: 100 })
        return undefined
      }),
    ).rejects.toThrow('the state is read-only here')
    await expect(
      manager.update((state) => void (state.byId as Map<string, number>).set('x', 1)),
    ).rejects.toThrow(TypeError)
    await expect(
      manager.update(() => {
        throw new RangeError('mine')
      }),
    ).rejects.toThrow(new RangeError('mine'))
    await expect(manager.update(5 as never)).rejects.toThrow(TypeError)
    expect((await stateOf(manager)).left).toBe(3)
    await manager.close()
  })

  it('applies what it answers as apply does', async () => {
    const manager = await openState(new CrashFileSystem(), stock, { engine })
    const refused: unknown = await manager
      .update(() => ({ order: { by: 'x', n: 51 } }))
      .catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'REJECTED' })
    // As it was given: without a message, there is none.
    expect(MiniStateError.is(refused) && refused.rejection).toStrictEqual({ code: 'TOO_MANY' })
    await expect(manager.update(() => ({ order: { by: 'x', n: 9 } }))).rejects.toMatchObject({
      code: 'INVARIANT_VIOLATED',
    })
    await expect(manager.update(() => 'nobody' as never)).rejects.toMatchObject({
      code: 'MUTATION_INVALID',
    })
    expect(manager.sequence()).toBe(0)
    await manager.close()
  })

  it('may answer with a part of the state, which is copied', async () => {
    const manager = await openState(new CrashFileSystem(), stock, { engine })
    await manager.apply({ order: { by: 'a', n: 1 } })
    await manager.update(({ orders }) => ({ order: orders[0] ?? { by: '', n: 0 } }))
    const { orders } = await stateOf(manager)
    expect(orders).toEqual([
      { by: 'a', n: 1 },
      { by: 'a', n: 1 },
    ])
    await manager.close()
  })
})

describe.each(ENGINES)('read with engine %s', (engine) => {
  it('looks at once, also at what is not durable, and answers a copy when it is', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, stock, { engine })
    const order: string[] = []
    const applied = manager.apply({ order: { by: 'a', n: 1 } }).then(() => order.push('applied'))
    let seen: unknown
    const reading = manager.read((state) => {
      seen = state.left
      return state.orders
    })
    expect(seen).toBe(2)
    expect(manager.sequence()).toBe(0)
    const orders = await reading.finally(() => order.push('read'))
    await applied
    expect(order).toEqual(['applied', 'read'])
    ;(orders as { by: string; n: number }[]).push({ by: 'mine', n: 0 })
    expect((await stateOf(manager)).orders).toHaveLength(1)
    await manager.close()
  })

  it('lends the state: neither to be changed nor to be kept', async () => {
    const manager = await openState(new CrashFileSystem(), stock, { engine })
    await expect(manager.read((state) => Object.assign(state, { left: 9 }))).rejects.toThrow(
      'the state is read-only here',
    )
    let kept: { left: number } | undefined
    await manager.read((state) => void (kept = state))
    expect(() => kept?.left).toThrow('the recipe is over')
    await expect(manager.read(5 as never)).rejects.toThrow(TypeError)
    const failing = manager.read(() => {
      throw new RangeError('mine')
    })
    await expect(failing).rejects.toThrow(new RangeError('mine'))
    await manager.close()
  })

  it('is refused inside of a recipe, which may yet be taken back', async () => {
    let inner: () => Promise<unknown> = () => Promise.resolve()
    const definition = defineState({
      initial: { n: 0 },
      mutations: (m) => ({
        leak: m((state) => {
          state.n = 5
          void inner()
        }),
      }),
    })
    const manager = await openState(new CrashFileSystem(), definition, { engine })
    inner = () => manager.read(({ n }) => n)
    await expect(manager.apply('leak')).rejects.toMatchObject({ cause: { code: 'REENTRANT' } })
    inner = () => manager.dryRun('leak')
    await expect(manager.apply('leak')).rejects.toMatchObject({ cause: { code: 'REENTRANT' } })
    await manager.close()
  })
})

describe.each(ENGINES)('dryRun with engine %s', (engine) => {
  it('says what would happen, and nothing does', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, stock, { engine })
    await manager.apply({ order: { by: 'a', n: 1 } })
    const before = await stateOf(manager)
    const writes = fileSystem.count('write')
    const run = await manager.dryRun({ order: { by: 'b', n: 2 } })
    expect(run).toMatchObject({
      ok: true,
      result: { left: 0, seq: 2, orders: [{ by: 'a' }, { by: 'b' }] },
    })
    if (engine === 'immutable') expect(run).toMatchObject({ state: { left: 0 } })
    else expect(run).toMatchObject({ state: undefined })
    expect(await manager.dryRun('forget')).toMatchObject({ ok: true, result: undefined })
    expectSame(await stateOf(manager), before)
    expect(manager.sequence()).toBe(1)
    expect(fileSystem.count('write')).toBe(writes)
    expect(await manager.do.order({ by: 'b', n: 2 })).toMatchObject({ seq: 2, result: { left: 0 } })
    await manager.close()
  })

  it.each([
    [{ order: { by: 'x', n: 51 } }, { code: 'REJECTED', rejection: { code: 'TOO_MANY' } }],
    [{ order: { by: 'x', n: 9 } }, { code: 'INVARIANT_VIOLATED' }],
    [{ order: { by: 'x', n: NaN } }, { code: 'PAYLOAD_NOT_SERIALIZABLE' }],
    ['nobody', { code: 'MUTATION_INVALID' }],
  ])('answers a refusal as a value: %j', async (mutation, rejection) => {
    const manager = await openState(new CrashFileSystem(), stock, { engine })
    const before = await stateOf(manager)
    expect(await manager.dryRun(mutation as never)).toMatchObject({ ok: false, rejection })
    expectSame(await stateOf(manager), before)
    await manager.close()
  })
})

describe('dryRun', () => {
  it('of the immutable engine runs on the durable state, in place on the newest', async () => {
    const immutable = await StateManager.open(FOLDER, stock, { fileSystem: new CrashFileSystem() })
    const applied = immutable.apply({ order: { by: 'a', n: 1 } })
    expect(await immutable.dryRun({ order: { by: 'b', n: 1 } })).toMatchObject({
      result: { left: 2, seq: 1 },
    })
    await applied
    await immutable.close()
    const options = { engine: 'inPlace' } as const
    const inPlace = await openState(new CrashFileSystem(), stock, options)
    const later = inPlace.apply({ order: { by: 'a', n: 1 } })
    expect(await inPlace.dryRun({ order: { by: 'b', n: 1 } })).toMatchObject({
      result: { left: 1, seq: 2 },
    })
    expect(inPlace.sequence()).toBe(1)
    await later
    await inPlace.close()
  })
})

describe('what the inPlace engine does not offer', () => {
  it.each(['state', 'snapshot', 'getSnapshot', 'select'] as const)(
    'is %s: ENGINE_UNSUPPORTED',
    async (name) => {
      const fileSystem = new CrashFileSystem()
      const inPlace = await openState(fileSystem, stock, { engine: 'inPlace' })
      const manager = inPlace as unknown as StateManager<object, never>
      const uses = {
        state: () => manager.state,
        snapshot: () => manager.snapshot(),
        getSnapshot: () => manager.getSnapshot(),
        select: () => manager.select(String, () => {}),
      }
      expect(uses[name]).toThrow(
        expect.objectContaining({
          code: 'ENGINE_UNSUPPORTED',
          message: expect.stringContaining('use read()') as string,
        }) as Error,
      )
      await inPlace.close()
    },
  )
})
