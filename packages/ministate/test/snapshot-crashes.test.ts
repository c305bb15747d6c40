import { type Engine, StateManager, defineState } from '@mini-rs/ministate'
import { CrashFileSystem, SeededChoices } from '@mini-rs/testkit'
import { seedOfRun } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import { ENGINES, FOLDER, openState, snapshotPath, stateOf } from './support/states.js'

/** Each mutation doubles and adds, so that one that is applied twice, or not at all, shows. */
const doubling = defineState({
  initial: { n: 0n, seqs: [] as number[] },
  mutations: (m) => ({
    add: m((state, by: number, context) => {
      state.n = state.n * 2n + BigInt(by)
      state.seqs.push(context.seq)
    }),
  }),
})

/** What so many mutations make. */
function expectedAfter(count: number): { n: bigint; seqs: number[] } {
  let n = 0n
  const seqs: number[] = []
  for (let seq = 1; seq <= count; seq++) {
    n = n * 2n + BigInt(seq)
    seqs.push(seq)
  }
  return { n, seqs }
}

const OPTIONS = { maxSegmentBytes: 60, snapshots: { keep: 2 } } as const

/** A disk on which nine mutations, three snapshots and as many compactions were made, and what was acknowledged when. */
async function lived(engine: Engine, fileSystem = new CrashFileSystem()) {
  const manager = await openState(fileSystem, doubling, { engine, ...OPTIONS })
  const acknowledged = [{ position: fileSystem.position, count: 0 }]
  for (let n = 1; n <= 9; n++) {
    await manager.apply({ add: n })
    acknowledged.push({ position: fileSystem.position, count: n })
    if (n % 3 !== 0) continue
    await manager.createSnapshot()
    await manager.compact()
  }
  await manager.close()
  return { fileSystem, acknowledged }
}

/** Opens after a crash, goes on, takes a snapshot, compacts, and opens again. */
async function goOn(machine: CrashFileSystem, engine: Engine, least: number): Promise<void> {
  const again = await openState(machine, doubling, { engine, ...OPTIONS })
  const state = await stateOf(again)
  const count = state.seqs.length
  expect(count).toBeGreaterThanOrEqual(least)
  expect(state).toEqual(expectedAfter(count))
  expect(await again.apply({ add: count + 1 })).toBe(count + 1)
  await again.createSnapshot()
  await again.compact()
  await again.close()
  const last = await openState(machine, doubling, { engine, ...OPTIONS })
  expect(await stateOf(last)).toEqual(expectedAfter(count + 1))
  await last.close()
}

describe.each(ENGINES)('a crash in a snapshot, in a compaction, or between them, %s', (engine) => {
  it('at every step: nothing is lost, nothing applied twice, and the next one finishes it', async () => {
    const seed = seedOfRun(`snapshot crashes ${engine}`)
    const { fileSystem, acknowledged } = await lived(engine)
    const from = acknowledged[0]?.position ?? 0
    for (let position = from; position <= fileSystem.position; position++) {
      const least = acknowledged.findLast((one) => one.position <= position)?.count ?? 0
      await goOn(fileSystem.killedAt(position), engine, least)
      const choices = new SeededChoices(seed + position)
      await goOn(fileSystem.powerCutAt(position, choices), engine, least)
    }
    expect(fileSystem.position - from).toBeGreaterThan(100)
  })
})

describe('the check of crashes', () => {
  it('notices a disk that says it has synced, and has not', async () => {
    const lying = new CrashFileSystem({ lies: { sync: 'never' } })
    const { fileSystem, acknowledged } = await lived('immutable', lying)
    const { position = 0, count = 0 } = acknowledged.at(-1) ?? {}
    const failures: unknown[] = []
    for (let seed = 1; seed <= 20; seed++) {
      const machine = fileSystem.powerCutAt(position, new SeededChoices(seed))
      await goOn(machine, 'immutable', count).catch((error: unknown) => failures.push(error))
    }
    expect(failures).not.toEqual([])
  })
})

describe('mutations while a snapshot is made', () => {
  it.each(ENGINES)(
    'are in the state or behind it, never both: 10 reopens as 10 (%s)',
    async (engine) => {
      const counter = defineState({
        initial: { value: 0 },
        mutations: (m) => ({ inc: m((state, by: number) => void (state.value += by)) }),
      })
      const fileSystem = new CrashFileSystem()
      const manager = await openState(fileSystem, counter, { engine })
      const created = manager.createSnapshot()
      const applied = manager.apply({ inc: 10 })
      const second = manager.createSnapshot()
      // In place it waits for what was begun.
      expect((await created).seq).toBe(engine === 'inPlace' ? 1 : 0)
      await applied
      await second
      await manager.close()
      const again = await openState(fileSystem, counter, { engine })
      expect(await stateOf(again)).toEqual({ value: 10 })
      await again.close()
    },
  )
})

describe('a snapshot that was damaged in the meantime', () => {
  it('does not let compaction drop what an older one needs', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await StateManager.open(FOLDER, doubling, { fileSystem, ...OPTIONS })
    for (let n = 1; n <= 12; n++) {
      await manager.apply({ add: n })
      if (n % 4 === 0) await manager.createSnapshot()
    }
    fileSystem.alter(snapshotPath(12), (bytes) => bytes.fill(0x20, 10, 30))
    // Of the two whole ones that have to be kept only 8 is left.
    expect((await manager.compact()).throughSeq).toBeUndefined()
    await manager.close()
    const again = await StateManager.open(FOLDER, doubling, { fileSystem, ...OPTIONS })
    expect(again.recovery).toMatchObject({ snapshot: { seq: 8 }, skippedSnapshots: [{ seq: 12 }] })
    expect(again.state).toEqual(expectedAfter(12))
    await again.close()
  })
})
