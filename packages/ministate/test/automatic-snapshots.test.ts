import { setImmediate as turn } from 'node:timers/promises'
import { StateManager, type StateManagerOptions, defineState } from '@mini-rs/ministate'
import { CrashFileSystem, errno } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { ENGINES, FOLDER, openState, stateOf } from './support/states.js'

const log = defineState({
  initial: { count: 0, last: '' },
  mutations: (m) => ({
    add: m((state, text: string) => {
      state.count++
      state.last = text
    }),
  }),
})

function snapshotsIn(fileSystem: CrashFileSystem): string[] {
  return fileSystem.paths.filter((path) => /snapshot_\d+\.json$/.test(path)).toSorted()
}

describe.each(ENGINES)('snapshots by policy, %s', (engine) => {
  const open = (fileSystem: CrashFileSystem, options: StateManagerOptions) =>
    openState(fileSystem, log, { engine, ...options })

  it('are made every so many records, kept and compacted, and opening replays no more', async () => {
    const fileSystem = new CrashFileSystem()
    const options = { snapshots: { everyRecords: 10 }, maxSegmentBytes: 200 }
    const manager = await open(fileSystem, options)
    for (let n = 1; n <= 95; n++) await manager.apply({ add: `${n}` })
    const { snapshots, log: figures } = manager.stats()
    await manager.close()
    expect(snapshots?.created).toBeGreaterThanOrEqual(8)
    expect(snapshots?.failed).toBe(0)
    expect(snapshotsIn(fileSystem)).toHaveLength(2)
    expect(figures?.records).toBeLessThan(60)
    const again = await open(fileSystem, options)
    expect(again.recovery.replayedRecords).toBeLessThan(20)
    expect(again.recovery.snapshot?.seq).toBeGreaterThan(75)
    expect(await stateOf(again)).toEqual({ count: 95, last: '95' })
    await again.close()
  })

  it('leave no more in the log than the kept ones need, however large its files may grow', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await open(fileSystem, { snapshots: { everyRecords: 10 } })
    const kept: number[] = []
    for (let n = 1; n <= 95; n++) {
      await manager.apply({ add: `${n}` })
      kept.push(manager.stats().log?.records ?? 0)
    }
    await manager.close()
    // Behind each of two snapshots there are ten, or what was applied until it was begun; and those that wait for the next.
    expect(Math.max(...kept)).toBeLessThanOrEqual(40)
    const again = await open(fileSystem, {})
    expect(await stateOf(again)).toEqual({ count: 95, last: '95' })
    await again.close()
  })

  it('begin no files for records that keepFrom keeps anyway', async () => {
    const fileSystem = new CrashFileSystem()
    let keepFrom = 1
    const snapshots = { everyRecords: 5, keepFrom: () => keepFrom }
    const manager = await open(fileSystem, { snapshots })
    const segments = (): number =>
      fileSystem.paths.filter((path) => /journal\.jsonl\.\d+$/.test(path)).length
    for (let n = 1; n <= 60; n++) await manager.apply({ add: `${n}` })
    expect(segments()).toBeLessThanOrEqual(1)
    keepFrom = 1000
    for (let n = 61; n <= 90; n++) await manager.apply({ add: `${n}` })
    expect(manager.stats().log?.records).toBeLessThanOrEqual(20)
    await manager.close()
  })

  it('bound the log behind the last one that was begun, also under a thousand callers', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await open(fileSystem, { snapshots: { everyRecords: 50 } })
    let most = 0
    const caller = async (id: number): Promise<void> => {
      for (let n = 0; n < 5; n++) {
        await manager.apply({ add: `${id}.${n}` })
        most = Math.max(most, manager.stats().snapshots?.tailRecords ?? 0)
      }
    }
    await Promise.all(Array.from({ length: 1000 }, (_, id) => caller(id)))
    expect(most).toBeLessThanOrEqual(50)
    expect(most).toBeGreaterThan(40)
    expect(manager.stats().snapshots?.created).toBeGreaterThan(90)
    expect((await stateOf(manager)).count).toBe(5000)
    await manager.close()
  })

  it('are made by bytes, and with auto when the log outgrows the last one', async () => {
    const bySize = new CrashFileSystem()
    const first = await open(bySize, { snapshots: { everyBytes: 1000 } })
    for (let n = 1; n <= 50; n++) await first.apply({ add: 'x'.repeat(90) })
    await first.close()
    // 100 bytes each: five thousand in all.
    expect(first.stats().snapshots?.created).toBe(5)

    const auto = new CrashFileSystem()
    const second = await open(auto, { snapshots: { everyBytes: 'auto' } })
    for (let n = 1; n <= 21; n++) await second.apply({ add: 'x'.repeat(100_000) })
    await second.close()
    // The least is 1 MiB.
    expect(second.stats().snapshots?.created).toBe(1)
    const again = await open(auto, { snapshots: { everyBytes: 'auto' } })
    expect(again.stats().snapshots?.tailBytes).toBeGreaterThan(900_000)
    await again.close()
  })

  it('that fail go to onError and are counted; no apply fails, and nothing is dropped', async () => {
    const fileSystem = new CrashFileSystem()
    const errors: unknown[] = []
    const onError = (error: unknown): void => void errors.push(error)
    const manager = await open(fileSystem, { snapshots: { everyRecords: 5 }, onError })
    fileSystem.hook = (call, path) => {
      if (call === 'write' && path.includes('snapshot_')) throw errno('ENOSPC', path)
    }
    for (let n = 1; n <= 30; n++) expect(await manager.apply({ add: `${n}` })).toBe(n)
    await turn()
    expect(errors.length).toBeGreaterThan(0)
    expect(errors[0]).toMatchObject({ code: 'WRITE_FAILED' })
    const stats = manager.stats()
    expect(stats.snapshots).toMatchObject({ created: 0, failed: errors.length })
    expect(stats.log?.records).toBe(30)
    fileSystem.hook = undefined
    await manager.apply({ add: '31' })
    await manager.close()
    expect(manager.stats().snapshots?.created).toBe(1)
  })

  it('are made at close where that is asked for and something has changed', async () => {
    const fileSystem = new CrashFileSystem()
    const options = { snapshots: { onClose: true } }
    const manager = await open(fileSystem, options)
    await manager.apply({ add: 'a' })
    await manager.close()
    expect(snapshotsIn(fileSystem)).toHaveLength(1)
    const second = await open(fileSystem, options)
    expect(second.recovery.replayedRecords).toBe(0)
    await second.close()
    expect(second.stats().snapshots?.created).toBe(0)
  })

  it('keep what keepFrom names, and all of the log without compact', async () => {
    for (const policy of [{ keepFrom: () => 3 }, { compact: false }]) {
      const fileSystem = new CrashFileSystem()
      const snapshots = { everyRecords: 5, ...policy }
      const manager = await open(fileSystem, { snapshots, maxSegmentBytes: 100 })
      for (let n = 1; n <= 60; n++) await manager.apply({ add: `${n}` })
      const kept: number[] = []
      for await (const { seq } of manager.history()) kept.push(seq)
      expect(kept).toContain(3)
      if (policy.compact === false) expect(kept).toContain(1)
      await manager.close()
    }
  })

  it('leave the log whole when a crash comes before compaction, and the next opening compacts', async () => {
    const fileSystem = new CrashFileSystem()
    const options = { snapshots: { everyRecords: 10 }, maxSegmentBytes: 200 }
    const errors: unknown[] = []
    const manager = await open(fileSystem, { ...options, onError: (error) => errors.push(error) })
    fileSystem.hook = (call, path) => {
      if (call === 'remove' && /journal\.jsonl\.\d+$/.test(path)) throw errno('EIO', path)
    }
    for (let n = 1; n <= 60; n++) await manager.apply({ add: `${n}` })
    await turn()
    const killed = fileSystem.killedAt(fileSystem.position)
    const again = await open(killed, options)
    expect(await stateOf(again)).toEqual({ count: 60, last: '60' })
    await again.close()
    expect(again.stats().log?.records ?? 0).toBeLessThan(60)
    const third = await open(killed, options)
    expect(await stateOf(third)).toEqual({ count: 60, last: '60' })
    await third.close()
  })
})

describe('createSnapshot', () => {
  it('is consistent while mutations go on, and drops nothing', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await StateManager.open(FOLDER, log, { fileSystem })
    for (let n = 1; n <= 10; n++) await manager.apply({ add: `${n}` })
    const created = manager.createSnapshot()
    const applied = Array.from({ length: 5 }, (_, n) => manager.apply({ add: `later ${n}` }))
    const { seq } = await created
    await Promise.all(applied)
    expect(seq).toBe(10)
    expect(manager.stats().log?.records).toBe(15)
    await manager.close()
    const again = await StateManager.open(FOLDER, log, { fileSystem })
    expect(again.recovery).toMatchObject({ snapshot: { seq: 10 }, replayedRecords: 5 })
    expect(again.state).toEqual({ count: 15, last: 'later 4' })
    await again.close()
  })

  it('in place: mutations wait for it, and reading goes on', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, log, { engine: 'inPlace' })
    await manager.apply({ add: 'before' })
    let isWritten = false
    const begun = new Promise<void>((resolve) => {
      fileSystem.hook = (call, path) => {
        if (call === 'write' && path.includes('snapshot_')) resolve()
      }
    })
    const created = manager.createSnapshot().then(() => (isWritten = true))
    await begun
    const applied = manager.apply({ add: 'meanwhile' }).then(() => isWritten)
    expect(await manager.read((state) => state.last)).toBe('before')
    expect(isWritten).toBe(false)
    expect(await applied).toBe(true)
    await created
    expect(await manager.read((state) => state.last)).toBe('meanwhile')
    await manager.close()
    const again = await openState(fileSystem, log, { engine: 'inPlace' })
    expect(again.recovery).toMatchObject({ snapshot: { seq: 1 }, replayedRecords: 1 })
    await again.close()
  })
})
