import { setImmediate as turn } from 'node:timers/promises'
import { type MiniStateError, StateManager, defineState } from '@mini-rs/ministate'
import { MiniStore } from '@mini-rs/ministore'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ENGINES, FOLDER, JOURNAL, openState, stateOf } from './support/states.js'

/** Notes what is called, in order; the state holds what was added. */
function noting() {
  const calls: string[] = []
  const payload = z.object({ by: z.number().positive() }).refine(() => {
    calls.push('schema')
    return true
  })
  const definition = defineState({
    initial: { total: 0, items: [] as { by: number }[] },
    invariant: ({ total }) => {
      calls.push('invariant')
      return total <= 100 || `${total} is more than 100`
    },
    mutations: (m) => ({
      add: m(payload, (state, item, context) => {
        calls.push(`recipe ${context.seq}`)
        state.total += item.by
        state.items.push(item)
        if (item.by === 13) context.reject('UNLUCKY', 'not this one')
        if (item.by === 7) throw new Error('a bug')
        return { total: state.total }
      }),
      nothing: m(() => {}),
    }),
  })
  return { calls, definition }
}

describe.each(ENGINES)('apply with engine %s', (engine) => {
  it('validates, runs the recipe, checks the invariant, and then writes', async () => {
    const { calls, definition } = noting()
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, definition, { engine })
    fileSystem.hook = (call, path) => {
      // It got its name by a rename, which its handle does not know of.
      const isJournal = path.startsWith(JOURNAL) && !path.endsWith('.ack')
      if (isJournal && (call === 'write' || call === 'sync')) calls.push(call)
    }
    manager.subscribe(() => calls.push(`shown ${manager.sequence()}`))
    await manager.apply({ add: { by: 1 } }).then((seq) => calls.push(`resolved ${seq}`))
    expect(calls).toEqual([
      'schema',
      'recipe 1',
      'invariant',
      'write',
      'sync',
      'shown 1',
      'resolved 1',
    ])
    await manager.close()
  })

  it('ends at the first thing that is wrong: nothing logged, no number used, later ones fine', async () => {
    const { calls, definition } = noting()
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, definition, { engine })
    const wrong = [
      [{ add: { by: -1 } }, ['schema'], 'PAYLOAD_INVALID'],
      [{ add: { by: 13 } }, ['schema', 'recipe 1'], 'REJECTED'],
      [{ add: { by: 7 } }, ['schema', 'recipe 1'], 'RECIPE_FAILED'],
      [{ add: { by: 101 } }, ['schema', 'recipe 1', 'invariant'], 'INVARIANT_VIOLATED'],
    ] as const
    for (const [mutation, expected, code] of wrong) {
      calls.length = 0
      await expect(manager.apply(mutation)).rejects.toMatchObject({ code, outcome: 'absent' })
      expect(calls.filter((call) => call !== 'schema' || mutation.add.by > 0)).toEqual(
        mutation.add.by > 0 ? expected : [],
      )
      expect(await stateOf(manager)).toEqual({ total: 0, items: [] })
    }
    expect(manager.sequence()).toBe(0)
    expect(await MiniStore.replay(JOURNAL, { fileSystem })).toEqual([])
    expect(await manager.apply({ add: { by: 2 } })).toBe(1)
    await manager.close()
  })

  it('copies the payload before the call returns: the caller may go on changing it', async () => {
    const { definition } = noting()
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, definition, { engine })
    const payload = { by: 5 }
    const applied = manager.apply({ add: payload })
    payload.by = 99
    await applied
    payload.by = 98
    expect(await stateOf(manager)).toEqual({ total: 5, items: [{ by: 5 }] })
    expect(await MiniStore.replay(JOURNAL, { fileSystem })).toEqual([{ add: { by: 5 } }])
    await manager.close()
  })

  it('decides on what was decided before, though it is not durable, and answers in order', async () => {
    const seats = defineState({
      initial: { free: 1, by: [] as string[] },
      mutations: (m) => ({
        take: m((state, by: string, { reject }) => {
          if (state.free === 0) reject('SOLD_OUT')
          state.free--
          state.by.push(by)
        }),
      }),
    })
    const manager = await openState(new CrashFileSystem(), seats, { engine })
    const order: string[] = []
    const calls = ['A', 'B', 'C'].map((by) =>
      manager.apply({ take: by }).then(
        (seq) => order.push(`${by} ${seq}`),
        (error: MiniStateError) => order.push(`${by} ${error.code} ${error.rejection?.code}`),
      ),
    )
    expect(manager.sequence()).toBe(0)
    await Promise.all(calls)
    expect(order).toEqual(['A 1', 'B REJECTED SOLD_OUT', 'C REJECTED SOLD_OUT'])
    expect(await stateOf(manager)).toEqual({ free: 0, by: ['A'] })
    await manager.close()
  })

  it('shows nothing before it is durable', async () => {
    const { definition } = noting()
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, definition, { engine })
    const seen: number[] = []
    fileSystem.hook = (call) => {
      if (call === 'sync') seen.push(manager.sequence())
    }
    const applied = [1, 2, 3].map((by) => manager.apply({ add: { by } }))
    await Promise.all(applied)
    expect(seen).toEqual([0])
    expect(manager.sequence()).toBe(3)
    await manager.close()
  })

  it('expects a sequence number where it is asked to', async () => {
    const { definition } = noting()
    const manager = await openState(new CrashFileSystem(), definition, { engine })
    expect(await manager.apply({ add: { by: 1 } }, { expectedSeq: 0 })).toBe(1)
    const [second, third] = await Promise.allSettled([
      manager.apply({ add: { by: 1 } }, { expectedSeq: 1 }),
      manager.apply({ add: { by: 1 } }, { expectedSeq: 1 }),
    ])
    expect(second).toMatchObject({ value: 2 })
    expect(third).toMatchObject({
      reason: { code: 'WRONG_EXPECTED_SEQ', seq: 2, outcome: 'absent' },
    })
    await expect(manager.apply('nothing', { expectedSeq: -1 })).rejects.toThrow(RangeError)
    await expect(manager.apply('nothing', { expectedSeq: 'x' as never })).rejects.toThrow(TypeError)
    await manager.close()
  })

  it('answers through do with the number and a copy of the result', async () => {
    const { definition } = noting()
    const manager = await openState(new CrashFileSystem(), definition, { engine })
    expect(await manager.do.add({ by: 3 })).toEqual({ seq: 1, result: { total: 3 } })
    expect(await manager.do.nothing()).toEqual({ seq: 2, result: undefined })
    await expect(manager.do.add({ by: 13 })).rejects.toMatchObject({
      code: 'REJECTED',
      mutation: 'add',
      rejection: { code: 'UNLUCKY', message: 'not this one' },
    })
    expect(Object.keys(manager.do)).toEqual(['add', 'nothing'])
    expect(Object.isFrozen(manager.do)).toBe(true)
    const { add } = manager.do
    expect(await add({ by: 1 })).toMatchObject({ seq: 3 })
    await manager.close()
  })

  it('fails with what cannot be read, as with any other error', async () => {
    const thrown: unknown = Object.create(null)
    const definition = defineState({
      initial: { n: 0 },
      mutations: (m) => ({
        add: m((state) => {
          state.n++
        }),
        fail: m((state) => {
          state.n++
          throw thrown
        }),
      }),
    })
    const manager = await openState(new CrashFileSystem(), definition, { engine })
    await expect(manager.apply('fail')).rejects.toMatchObject({
      code: 'RECIPE_FAILED',
      outcome: 'absent',
      message: expect.stringContaining('its text cannot be read') as string,
      cause: thrown,
    })
    expect(await manager.apply('add')).toBe(1)
    expect(await stateOf(manager)).toEqual({ n: 1 })
    await manager.close()
  })

  it('is refused from inside of a recipe, of an invariant and of what only looks', async () => {
    let inner: () => unknown = () => undefined
    const reentrant = defineState({
      initial: { n: 0 },
      invariant: () => void (isChecked && inner()),
      mutations: (m) => ({
        outer: m((state) => {
          state.n++
          inner()
        }),
        other: m(() => {}),
      }),
    })
    let isChecked = false
    const manager = await openState(new CrashFileSystem(), reentrant, { engine })
    const attempts: (() => unknown)[] = [
      () => manager.apply('other'),
      () => manager.applyAll(['other']),
      () => manager.do.other(),
      () => manager.update(() => undefined),
    ]
    for (const attempt of attempts) {
      inner = attempt
      await expect(manager.apply('outer')).rejects.toMatchObject({
        code: 'RECIPE_FAILED',
        cause: { code: 'REENTRANT', outcome: 'absent' },
      })
      await expect(manager.update(() => void attempt())).rejects.toMatchObject({
        code: 'REENTRANT',
      })
      await expect(manager.read(() => void attempt())).rejects.toMatchObject({ code: 'REENTRANT' })
    }
    isChecked = true
    await expect(manager.apply('other')).rejects.toMatchObject({
      code: 'INVARIANT_VIOLATED',
      cause: { code: 'REENTRANT' },
    })
    inner = () => undefined
    expect(await manager.apply('outer')).toBe(1)
    expect(await stateOf(manager)).toEqual({ n: 1 })
    await manager.close()
  })

  it('from inside of a listener is queued', async () => {
    const { definition } = noting()
    const manager = await openState(new CrashFileSystem(), definition, { engine })
    const inner: Promise<number>[] = []
    manager.subscribe(() => {
      if (inner.length < 3) inner.push(manager.apply({ add: { by: 1 } }))
    })
    expect(await manager.apply({ add: { by: 1 } })).toBe(1)
    while (inner.length < 3) await turn()
    expect(await Promise.all(inner)).toEqual([2, 3, 4])
    expect((await stateOf(manager)).total).toBe(4)
    await manager.close()
  })
})

describe.each(ENGINES)('the invariant with engine %s', (engine) => {
  it.each([
    ['false', () => false, /would violate the invariant: it is false/],
    ['a text', () => 'too many', /invariant: too many/],
    [
      'a throw',
      () => {
        throw new Error('no such thing')
      },
      /invariant: no such thing/,
    ],
    [
      'a write of its own',
      (state: object) => void Object.assign(state, { n: 9 }),
      /invariant: the state is read-only here/,
    ],
  ] as const)('takes the mutation back by %s', async (_, invariant, message) => {
    const definition = defineState<{ n: number }, { add: never }>({
      initial: { n: 0 },
      invariant: (state) => (state.n > 0 ? (invariant(state as object) as string) : true),
      mutations: (m) => ({ add: m((state) => void state.n++) }) as never,
    })
    const manager = await openState(new CrashFileSystem(), definition, { engine })
    const apply = manager.apply as unknown as (name: string) => Promise<number>
    const error: unknown = await apply.call(manager, 'add').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'INVARIANT_VIOLATED', mutation: 'add', outcome: 'absent' })
    expect((error as Error).message).toMatch(message)
    expect(await stateOf(manager)).toEqual({ n: 0 })
    await manager.close()
  })

  it('is not run on replay, where a newer program may be stricter', async () => {
    const of = (most: number) =>
      defineState({
        initial: { n: 0 },
        invariant: ({ n }) => n <= most,
        mutations: (m) => ({ add: m((state, by: number) => void (state.n += by)) }),
      })
    const fileSystem = new CrashFileSystem()
    const first = await openState(fileSystem, of(100), { engine })
    await first.apply({ add: 60 })
    await first.close()
    const second = await openState(fileSystem, of(50), { engine })
    expect(await stateOf(second)).toEqual({ n: 60 })
    await expect(second.apply({ add: 1 })).rejects.toMatchObject({ code: 'INVARIANT_VIOLATED' })
    expect(await second.apply({ add: -20 })).toBe(2)
    await second.close()
  })
})

describe('the order of the answers', () => {
  const numbers = defineState({
    initial: { count: 0 },
    mutations: (m) => ({ add: m((state, by: number) => void (state.count += by)) }),
  })

  it.each([
    { calls: 'that share a version which the log cuts into commits', maxCommitBytes: 60 },
    { calls: 'that wait for a snapshot', snapshots: { everyRecords: 7 } },
    {
      calls: 'that wait for a snapshot, and share a version',
      maxCommitBytes: 60,
      snapshots: { everyRecords: 7 },
    },
  ])('is that of the calls, also of calls $calls', async (options) => {
    const { maxCommitBytes, snapshots } = options
    const manager = await openState(new CrashFileSystem(), numbers, {
      ...(maxCommitBytes !== undefined && { maxCommitBytes }),
      ...(snapshots !== undefined && { snapshots }),
    })
    const answered: number[] = []
    // Each answer brings a call that may be on one commit with those that have waited.
    const add = async (): Promise<void> => {
      answered.push(await manager.apply({ add: 1 }))
      if (answered.length <= 100) await add()
    }
    await Promise.all(Array.from({ length: 30 }, add))
    expect(answered).toEqual(answered.toSorted((a, b) => a - b))
    await manager.close()
  })

  it('is that of the calls, also where the first was held and the second only shares its commit', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, numbers, { engine: 'inPlace' })
    await manager.apply({ add: 1 })
    const answered: number[] = []
    const add = async (): Promise<unknown> => answered.push(await manager.apply({ add: 1 }))
    let held: Promise<unknown> | undefined
    fileSystem.hook = (call, path) => {
      if (call === 'rename' && path.includes('snapshot')) held ??= add()
    }
    await manager.createSnapshot()
    expect(held).toBeDefined()
    expect(answered).toEqual([])
    await Promise.all([held, add()])
    expect(answered).toEqual([2, 3])
    await manager.close()
  })
})

describe('five lines', () => {
  it('are enough', async () => {
    const counter = defineState({
      initial: { value: 0 },
      mutations: (m) => ({
        inc: m((state, by: number) => {
          state.value += by
          return state.value
        }),
        reset: m((state) => {
          state.value = 0
        }),
      }),
    })
    const manager = await StateManager.open(FOLDER, counter, { fileSystem: new CrashFileSystem() })
    expect(await manager.apply({ inc: 10 })).toBe(1)
    const { result } = await manager.do.inc(5)
    expect(result).toBe(15)
    expect(manager.state.value).toBe(15)
    expect(manager.snapshot()).toBe(manager.state)
    await manager.apply('reset')
    expect(manager.state).toEqual({ value: 0 })
    await manager.close()
  })
})
