import { defineState } from '@mini-rs/ministate'
import { MiniStore } from '@mini-rs/ministore'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { ENGINES, JOURNAL, openState, stateOf } from './support/states.js'

/** A bank in which nobody may be below zero after a commit. */
function bank() {
  const checked: unknown[] = []
  const definition = defineState({
    initial: { accounts: { a: 10, b: 0 } as Record<string, number>, numbers: [] as number[] },
    invariant: ({ accounts }) => {
      checked.push({ ...accounts })
      return Object.values(accounts).every((amount) => amount >= 0) || 'overdrawn'
    },
    mutations: (m) => ({
      add: m((state, { to, amount }: { to: string; amount: number }, context) => {
        const before = state.accounts[to]
        if (before === undefined) return context.reject('NO_ACCOUNT', to)
        state.accounts[to] = before + amount
        state.numbers.push(context.seq)
        return before + amount
      }),
      fail: m(() => {
        throw new Error('a bug')
      }),
      touch: m(() => 'touched'),
    }),
  })
  return { checked, definition }
}

function syncsOf(fileSystem: CrashFileSystem): number {
  return fileSystem.count('sync')
}

describe.each(ENGINES)('applyAll with engine %s', (engine) => {
  it('is one commit: one sync, one notification, one draft, the invariant once at the end', async () => {
    const { checked, definition } = bank()
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, definition, { engine })
    let shownCount = 0
    manager.subscribe(() => shownCount++)
    const syncs = syncsOf(fileSystem)
    const applied = await manager.applyAll([
      { add: { to: 'b', amount: -5 } }, // overdrawn, for a moment
      { add: { to: 'b', amount: 7 } },
      'touch',
      { add: { to: 'a', amount: -2 } },
    ])
    expect(applied).toEqual({ first: 1, last: 4, results: [-5, 2, 'touched', 8] })
    expect(syncsOf(fileSystem) - syncs).toBe(1)
    expect(shownCount).toBe(1)
    expect(checked).toEqual([{ a: 8, b: 2 }])
    expect(await stateOf(manager)).toEqual({ accounts: { a: 8, b: 2 }, numbers: [1, 2, 4] })
    await manager.close()
    const entries: unknown[] = []
    for await (const { seq, commitEnd } of MiniStore.entries(JOURNAL, { fileSystem })) {
      entries.push([seq, commitEnd])
    }
    expect(entries).toEqual([
      [1, false],
      [2, false],
      [3, false],
      [4, true],
    ])
    const again = await openState(fileSystem, definition, { engine })
    expect((await stateOf(again)).accounts).toEqual({ a: 8, b: 2 })
    await again.close()
  })

  it.each([
    ['a rejection', { add: { to: 'nobody', amount: 1 } }, 'REJECTED', 1, { code: 'NO_ACCOUNT' }],
    ['a throw', 'fail', 'RECIPE_FAILED', 1, undefined],
  ] as const)(
    'is nothing with %s in it, which is named',
    async (_, wrong, code, index, rejection) => {
      const { definition } = bank()
      const fileSystem = new CrashFileSystem()
      const manager = await openState(fileSystem, definition, { engine })
      const batch = [{ add: { to: 'a', amount: 1 } }, wrong, 'touch'] as const
      await expect(manager.applyAll([...batch])).rejects.toMatchObject({
        code,
        index,
        outcome: 'absent',
        ...(rejection !== undefined && { rejection }),
      })
      expect(await stateOf(manager)).toEqual({ accounts: { a: 10, b: 0 }, numbers: [] })
      expect(manager.sequence()).toBe(0)
      expect(await manager.applyAll(['touch'])).toMatchObject({ first: 1, last: 1 })
      await manager.close()
      expect(await MiniStore.replay(JOURNAL, { fileSystem })).toEqual(['touch'])
    },
  )

  it('is nothing when the state is wrong at its end, or a payload is', async () => {
    const { definition } = bank()
    const manager = await openState(new CrashFileSystem(), definition, { engine })
    const overdraft = manager.applyAll([
      { add: { to: 'a', amount: 5 } },
      { add: { to: 'b', amount: -1 } },
    ])
    await expect(overdraft).rejects.toMatchObject({ code: 'INVARIANT_VIOLATED', outcome: 'absent' })
    const mixed = manager.applyAll(['touch', { add: { to: 'a', amount: NaN } }])
    await expect(mixed).rejects.toMatchObject({ code: 'PAYLOAD_NOT_SERIALIZABLE' })
    await expect(manager.applyAll(['touch', 'nobody' as never])).rejects.toMatchObject({
      code: 'MUTATION_INVALID',
    })
    expect(manager.sequence()).toBe(0)
    expect(await stateOf(manager)).toEqual({ accounts: { a: 10, b: 0 }, numbers: [] })
    await manager.close()
  })

  it('takes expectedSeq, and stands in its place among the other calls', async () => {
    const { definition } = bank()
    const manager = await openState(new CrashFileSystem(), definition, { engine })
    const [one, all, conflict, last] = await Promise.allSettled([
      manager.apply('touch'),
      manager.applyAll(['touch', 'touch'], { expectedSeq: 1 }),
      manager.applyAll(['touch', 'touch'], { expectedSeq: 1 }),
      manager.apply('touch'),
    ])
    expect(one).toMatchObject({ value: 1 })
    expect(all).toMatchObject({ value: { first: 2, last: 3 } })
    expect(conflict).toMatchObject({ reason: { code: 'WRONG_EXPECTED_SEQ', seq: 3 } })
    expect(last).toMatchObject({ value: 4 })
    await manager.close()
  })

  it('refuses what is no list of mutations', async () => {
    const { definition } = bank()
    const manager = await openState(new CrashFileSystem(), definition, { engine })
    await expect(manager.applyAll([])).rejects.toThrow(RangeError)
    await expect(manager.applyAll('touch' as never)).rejects.toThrow(TypeError)
    await manager.close()
  })

  it('is BATCH_UNSUPPORTED for more than one where the log has no seals', async () => {
    const { definition } = bank()
    const manager = await openState(new CrashFileSystem(), definition, { engine, seal: false })
    await expect(manager.applyAll(['touch', 'touch'])).rejects.toMatchObject({
      code: 'BATCH_UNSUPPORTED',
      outcome: 'absent',
    })
    expect(await manager.applyAll(['touch'])).toMatchObject({ first: 1, last: 1 })
    await manager.close()
  })

  it('is RECORD_TOO_LARGE as a whole, and nothing of it is there', async () => {
    const { definition } = bank()
    const manager = await openState(new CrashFileSystem(), definition, {
      engine,
      maxRecordBytes: 60,
    })
    const long = { add: { to: 'a'.repeat(60), amount: 0 } }
    const outcome = manager.applyAll(['touch', { add: { to: 'a', amount: 1 } }, 'touch'])
    expect((await outcome).last).toBe(3)
    // The recipe rejects a name that it does not know; one that it knows is too long for the log.
    await expect(manager.applyAll(['touch', long])).rejects.toMatchObject({ code: 'REJECTED' })
    expect((await stateOf(manager)).accounts).toEqual({ a: 11, b: 0 })
    await manager.close()
  })
})
