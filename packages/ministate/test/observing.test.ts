import { StateManager, defineState } from '@mini-rs/ministate'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { ENGINES, FOLDER, openState } from './support/states.js'

const pair = defineState({
  initial: { a: { n: 0 }, b: { n: 0 }, list: [1, 2, 3] },
  mutations: (m) => ({
    a: m((state, by: number, context) => {
      if (by < 0) context.reject('NEGATIVE')
      state.a.n += by
    }),
    b: m((state) => void state.b.n++),
  }),
})

describe.each(ENGINES)('subscribe with engine %s', (engine) => {
  it('calls listeners once a commit, with the state behind it, before the promises settle', async () => {
    const manager = await openState(new CrashFileSystem(), pair, { engine })
    const events: string[] = []
    manager.subscribe(() => events.push(`shown ${manager.sequence()}`))
    await Promise.all(
      [1, 2, 3].map((by) => manager.apply({ a: by }).then((seq) => events.push(`applied ${seq}`))),
    )
    expect(events).toEqual(['shown 3', 'applied 1', 'applied 2', 'applied 3'])
    await manager.applyAll(['b', 'b'])
    await manager.apply('b')
    expect(events.slice(4)).toEqual(['shown 5', 'shown 6'])
    await manager.close()
  })

  it('says nothing of what was rejected', async () => {
    const manager = await openState(new CrashFileSystem(), pair, { engine })
    let shownCount = 0
    manager.subscribe(() => shownCount++)
    await expect(manager.apply({ a: -1 })).rejects.toMatchObject({ code: 'REJECTED' })
    await manager.dryRun('b')
    expect(shownCount).toBe(0)
    await manager.close()
  })

  it('ends with the answered function, also for one of two equal listeners', async () => {
    const manager = await openState(new CrashFileSystem(), pair, { engine })
    let shownCount = 0
    const listener = (): void => void shownCount++
    const { subscribe } = manager
    const first = subscribe(listener)
    const second = subscribe(listener)
    await manager.apply('b')
    expect(shownCount).toBe(2)
    first()
    first()
    await manager.apply('b')
    expect(shownCount).toBe(3)
    second()
    await manager.apply('b')
    expect(shownCount).toBe(3)
    expect(() => subscribe(5 as never)).toThrow(TypeError)
    await manager.close()
  })

  it('sends what a listener throws to onError, and goes on with the others', async () => {
    const errors: unknown[] = []
    const onError = (error: unknown): void => void errors.push(error)
    const manager = await openState(new CrashFileSystem(), pair, { engine, onError })
    const seen: number[] = []
    manager.subscribe(() => {
      throw new Error(`no ${manager.sequence()}`)
    })
    manager.subscribe(() => seen.push(manager.sequence()))
    expect(await manager.apply('b')).toBe(1)
    expect(await manager.apply('b')).toBe(2)
    expect(errors).toEqual([new Error('no 1'), new Error('no 2')])
    expect(seen).toEqual([1, 2])
    expect(manager.status).toBe('open')
    await manager.close()
  })
})

describe('onError', () => {
  it('is a warning of the process, by default', async () => {
    const manager = await StateManager.open(FOLDER, pair, { fileSystem: new CrashFileSystem() })
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    manager.subscribe(() => {
      throw new Error('of a listener')
    })
    expect(await manager.apply('b')).toBe(1)
    expect((await warned).message).toBe('of a listener')
    await manager.close()
  })
})

describe('select', () => {
  it('tells what has changed of a part, by identity', async () => {
    const manager = await StateManager.open(FOLDER, pair, { fileSystem: new CrashFileSystem() })
    const changes: unknown[] = []
    const stop = manager.select(
      (state) => state.a,
      (selected, previous) => changes.push([selected.n, previous.n]),
    )
    await manager.apply({ a: 1 })
    await manager.apply('b')
    await manager.applyAll([{ a: 1 }, 'b', { a: 1 }])
    expect(changes).toEqual([
      [1, 0],
      [3, 1],
    ])
    stop()
    await manager.apply({ a: 1 })
    expect(changes).toHaveLength(2)
    await manager.close()
  })

  it('compares as it is told', async () => {
    const manager = await StateManager.open(FOLDER, pair, { fileSystem: new CrashFileSystem() })
    const changes: number[] = []
    manager.select(
      (state) => ({ isMany: state.a.n > 2 }),
      (_, previous) => changes.push(Number(previous.isMany)),
      { equal: (a, b) => a.isMany === b.isMany },
    )
    for (let n = 0; n < 5; n++) await manager.apply({ a: 1 })
    expect(changes).toEqual([0])
    await manager.close()
  })
})
