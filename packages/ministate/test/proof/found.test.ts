import { StateManager } from '@mini-rs/ministate'
import { CrashFileSystem, MemoryCluster, MemorySnapshotStore, errno } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { PROGRAM_STATE } from '../../proof/model.js'
import { PATIENT_CLOCK, openProgramState } from '../../proof/opening.js'
import { FOLDER, JOURNAL, openState } from '../support/states.js'

describe('what random lives have found', () => {
  it('verify: a log of which every record was dropped goes on from its snapshot', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, PROGRAM_STATE, { snapshots: { keep: 1 } })
    await manager.do.add({ id: 1, by: 1 })
    await manager.createSnapshot()
    await manager.compact()
    await manager.close()
    expect(await StateManager.verify(FOLDER, PROGRAM_STATE, { fileSystem })).toMatchObject({
      isSound: true,
      records: 0,
      snapshot: { status: 'equal', seq: 1 },
    })
  })
  it.each(['immutable', 'inPlace'] as const)(
    'a shared log: calls go on while snapshots make room, %s',
    async (engine) => {
      const cluster = new MemoryCluster<unknown>()
      const snapshotStore = new MemorySnapshotStore<never>()
      const manager = await openProgramState(engine, {
        log: cluster.connect(),
        snapshotStore,
        snapshots: { everyRecords: 2 },
      })
      await Promise.all([1, 2, 3, 4, 5].map((id) => manager.do.add({ id, by: 1 })))
      expect(manager.stats().snapshots?.created).toBeGreaterThan(1)
      await manager.close()
    },
  )

  it('a shared log: what others append counts for the next snapshot, and does not fill the log for ever', async () => {
    const cluster = new MemoryCluster<unknown>()
    const snapshotStore = new MemorySnapshotStore<never>()
    const options = { snapshotStore, snapshots: { everyRecords: 2 } }
    const manager = await openProgramState('immutable', { ...options, log: cluster.connect() })
    const other = cluster.connect()
    for (const id of [1, 2, 3]) await other.append({ add: { id, by: 1 } })
    await manager.refresh()
    await manager.do.add({ id: 4, by: 1 })
    expect(manager.state).toMatchObject({ count: 4 })
    await manager.close()
  })

  it('a snapshot that was asked for and failed leaves room behind it', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, PROGRAM_STATE, { snapshots: { everyRecords: 2 } })
    await manager.do.add({ id: 1, by: 1 })
    fileSystem.hook = (call, path) => {
      if (call === 'rename' && path.includes('snapshot')) throw errno('ENOSPC', path)
    }
    const asked = manager.createSnapshot()
    const [snapshot] = await Promise.allSettled([asked, manager.do.add({ id: 2, by: 1 })])
    expect(snapshot).toMatchObject({ reason: { code: 'WRITE_FAILED' } })
    fileSystem.hook = undefined
    await manager.do.add({ id: 3, by: 1 })
    expect(manager.sequence()).toBe(3)
    await manager.close()
  })

  it('a shared log: an append that is refused after one without an answer is not called absent', async () => {
    const log = new MemoryCluster<unknown>().connect()
    const manager = await openProgramState('immutable', { log, clock: PATIENT_CLOCK })
    log.failNext({ kind: 'unknown', isWritten: true })
    log.failNext({ kind: 'unavailable' })
    await manager.do.add({ id: 1, by: 1 })
    expect(manager.state.applied).toEqual([1])
    log.failNext({ kind: 'unknown', isWritten: true })
    for (let attempt = 0; attempt < 20; attempt++) log.failNext({ kind: 'unavailable' })
    await expect(manager.do.add({ id: 2, by: 1 })).rejects.toMatchObject({ outcome: 'unknown' })
    expect(manager.status).toBe('failed')
    await manager.close()
  })

  it('close waits for a snapshot under way also when the state has failed', async () => {
    const log = new MemoryCluster<unknown>().connect()
    let flushed = (): void => {}
    log.flush = () => new Promise((resolve) => (flushed = resolve))
    const manager = await openProgramState('immutable', {
      log,
      snapshotStore: new MemorySnapshotStore<never>(),
      snapshots: { everyRecords: 3, compact: false },
    })
    for (const id of [1, 2, 3]) await manager.do.add({ id, by: 1 })
    log.failNext({ kind: 'unknown', isWritten: true })
    const batch = [{ add: { id: 4, by: 1 } }, { add: { id: 5, by: 1 } }]
    await expect(manager.applyAll(batch)).rejects.toMatchObject({ outcome: 'unknown' })
    let isClosed = false
    const closing = manager.close().then(() => (isClosed = true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(isClosed).toBe(false)
    flushed()
    await closing
    expect(manager.stats().snapshots?.created).toBe(1)
  })

  it('a shared log: a state that is closed begins no snapshot for what others append', async () => {
    const cluster = new MemoryCluster<unknown>()
    const manager = await openProgramState('immutable', {
      log: cluster.connect(),
      snapshotStore: new MemorySnapshotStore<never>(),
      snapshots: { everyRecords: 2 },
    })
    const other = cluster.connect()
    for (const id of [1, 2]) await other.append({ add: { id, by: 1 } })
    await manager.close()
    await manager.refresh()
    await new Promise((resolve) => setImmediate(resolve))
    expect(manager.stats().snapshots?.created).toBe(0)
  })

  it('a log that takes nothing more has failed, also when what it refused is surely not in it', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, PROGRAM_STATE)
    await manager.do.add({ id: 1, by: 1 })
    fileSystem.appendTo(JOURNAL, Buffer.from('another program\n'))
    const refused = { code: 'COMMIT_FAILED', outcome: 'absent', cause: { code: 'FOREIGN_WRITER' } }
    await expect(manager.do.add({ id: 2, by: 1 })).rejects.toMatchObject(refused)
    expect(manager.status).toBe('failed')
    await expect(manager.do.add({ id: 3, by: 1 })).rejects.toMatchObject({ code: 'STATE_FAILED' })
    await manager.close()
  })
})
