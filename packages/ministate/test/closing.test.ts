import { StateManager, type StateManagerOptions, defineState } from '@mini-rs/ministate'
import { MiniStore } from '@mini-rs/ministore'
import { CrashFileSystem, errno } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { ENGINES, FOLDER, JOURNAL, openState, snapshotPath, stateOf } from './support/states.js'

const counter = defineState({
  initial: { n: 0 },
  mutations: (m) => ({
    add: m((state, by: number) => void (state.n += by)),
    none: m(() => {}),
  }),
})

describe.each(ENGINES)('close with engine %s', (engine) => {
  const open = (fileSystem: CrashFileSystem, options: StateManagerOptions = {}) =>
    openState(fileSystem, counter, { engine, ...options })

  it('settles everything that was begun, in order, and is idempotent', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await open(fileSystem)
    const order: string[] = []
    const calls = [1, 2, 3].map((by) =>
      manager.apply({ add: by }).then((seq) => order.push(`${seq}`)),
    )
    const reading = manager.read(({ n }) => n).then((n) => order.push(`read ${n}`))
    const closed = manager.close()
    expect(manager.status).toBe('closing')
    expect(manager.close()).toBe(closed)
    await closed.then(() => order.push('closed'))
    await Promise.all([...calls, reading])
    expect(order).toEqual(['1', '2', '3', 'read 6', 'closed'])
    expect(manager.status).toBe('closed')
    await manager.close()
    expect(await MiniStore.replay(JOURNAL, { fileSystem })).toHaveLength(3)
  })

  it('takes nothing more: STATE_CLOSED; the state can still be looked at', async () => {
    const manager = await open(new CrashFileSystem())
    await manager.apply({ add: 1 })
    const closed = manager.close()
    const refusals = [
      manager.apply('none'),
      manager.applyAll(['none']),
      manager.do.none(),
      manager.update(() => 'none'),
      manager.createSnapshot(),
      manager.compact(),
    ]
    for (const refused of refusals) {
      await expect(refused).rejects.toMatchObject({ code: 'STATE_CLOSED', outcome: 'absent' })
    }
    await closed
    await expect(manager.apply('none')).rejects.toMatchObject({ code: 'STATE_CLOSED' })
    expect(manager.sequence()).toBe(1)
    expect(await stateOf(manager)).toEqual({ n: 1 })
    expect(manager.stats()).toMatchObject({ status: 'closed', pending: 0 })
  })

  it('lets go of the lock, so that the folder can be opened again at once', async () => {
    const fileSystem = new CrashFileSystem()
    const first = await open(fileSystem)
    await first.apply({ add: 1 })
    await expect(open(fileSystem)).rejects.toMatchObject({ code: 'JOURNAL_LOCKED' })
    await first.close()
    const second = await open(fileSystem)
    expect(await stateOf(second)).toEqual({ n: 1 })
    await second.close()
  })

  it('settles calls that wait for a snapshot of the policy', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await open(fileSystem, { snapshots: { everyRecords: 2, keep: 1 } })
    const calls = Array.from({ length: 50 }, () => manager.apply({ add: 1 }))
    const reading = manager.read(({ n }) => n)
    await manager.close()
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
    await reading
    const again = await open(fileSystem)
    expect(await stateOf(again)).toEqual({ n: 50 })
    expect(again.recovery.replayedRecords).toBeLessThanOrEqual(4)
    await again.close()
  })

  it('settles calls that wait for a snapshot while the log fails under them', async () => {
    const fileSystem = new CrashFileSystem()
    const onError = (): void => {}
    const manager = await open(fileSystem, { snapshots: { everyRecords: 2 }, onError })
    const calls = Array.from({ length: 20 }, () => manager.apply({ add: 1 }))
    let syncs = 0
    fileSystem.hook = (call, path) => {
      if (call === 'sync' && path.startsWith(JOURNAL) && ++syncs > 2) throw errno('EIO', path)
    }
    const settled = await Promise.allSettled(calls)
    const fulfilled = settled.filter(({ status }) => status === 'fulfilled').length
    expect(fulfilled).toBeGreaterThan(0)
    expect(fulfilled).toBeLessThan(20)
    expect(manager.status).toBe('failed')
    expect(await stateOf(manager)).toEqual({ n: fulfilled })
    fileSystem.hook = undefined
    await manager.close()
    const again = await open(fileSystem)
    expect((await stateOf(again)).n).toBeGreaterThanOrEqual(fulfilled)
    await again.close()
  })

  it('waits for a snapshot that is being made, and makes the last one where it is asked to', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await open(fileSystem, { snapshots: { onClose: true } })
    await manager.apply({ add: 1 })
    const created = manager.createSnapshot()
    await manager.close()
    expect((await created).seq).toBe(1)
    expect(manager.stats().snapshots?.created).toBe(1)
    const again = await open(fileSystem, { snapshots: { onClose: true } })
    await again.apply({ add: 1 })
    await again.close()
    expect(fileSystem.has(snapshotPath(2))).toBe(true)
  })

  it('whose last snapshot fails tells onError, and closes all the same', async () => {
    const fileSystem = new CrashFileSystem()
    const errors: unknown[] = []
    const onError = (error: unknown): void => void errors.push(error)
    const manager = await open(fileSystem, { snapshots: { onClose: true }, onError })
    await manager.apply({ add: 1 })
    fileSystem.hook = (call, path) => {
      if (call === 'write' && path.includes('snapshot_')) throw errno('ENOSPC', path)
    }
    await manager.close()
    fileSystem.hook = undefined
    expect(errors).toMatchObject([{ code: 'WRITE_FAILED' }])
    const again = await open(fileSystem)
    expect(await stateOf(again)).toEqual({ n: 1 })
    await again.close()
  })

  it('of a state that has failed lets go of the lock', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await open(fileSystem, { snapshots: { onClose: true } })
    fileSystem.hook = (call, path) => {
      if (call === 'sync') throw errno('EIO', path)
    }
    await expect(manager.apply({ add: 1 })).rejects.toMatchObject({ code: 'COMMIT_FAILED' })
    expect(manager.status).toBe('failed')
    fileSystem.hook = undefined
    await manager.close()
    expect(manager.status).toBe('closed')
    expect(manager.stats().snapshots?.created).toBe(0)
    await (await open(fileSystem)).close()
  })

  it('is what await using calls', async () => {
    const manager = await open(new CrashFileSystem())
    await manager[Symbol.asyncDispose]()
    expect(manager.status).toBe('closed')
  })

  it('leaves a log that was given open', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open(JOURNAL, { fileSystem })
    const manager = await open(fileSystem, { log: store })
    expect(manager.journalPath).toBeUndefined()
    await manager.apply({ add: 1 })
    const changes = manager.changes()[Symbol.asyncIterator]().next()
    await manager.close()
    expect(await changes).toMatchObject({ done: true })
    expect(store.status).toBe('open')
    expect(await store.append({ add: 5 })).toBe(2)
    await store.close()
  })
})

describe('stats and recovery', () => {
  it('say how things stand', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await StateManager.open(FOLDER, counter, { fileSystem })
    expect(manager.stats()).toMatchObject({
      status: 'open',
      pending: 0,
      snapshots: { created: 0, failed: 0, lastSeq: undefined, tailRecords: 0, tailBytes: 0 },
      log: { records: 0 },
    })
    const applied = [manager.apply({ add: 1 }), manager.apply({ add: 2 })]
    expect(manager.stats().pending).toBe(2)
    await Promise.all(applied)
    await manager.createSnapshot()
    await manager.apply({ add: 1 })
    expect(manager.stats()).toMatchObject({
      pending: 0,
      snapshots: { created: 1, lastSeq: 2, tailRecords: 1 },
      log: { records: 3 },
    })
    expect(manager.journalPath).toBe(JOURNAL)
    await manager.close()
    const again = await StateManager.open(FOLDER, counter, { fileSystem })
    expect(again.recovery).toMatchObject({
      snapshot: { seq: 2, path: snapshotPath(2), version: 1 },
      skippedSnapshots: [],
      replayedRecords: 1,
      skippedRecords: [],
      migratedFrom: undefined,
      log: { verdict: 'clean' },
    })
    expect(again.recovery.elapsedMs).toBeGreaterThanOrEqual(0)
    expect(again.stats().snapshots).toMatchObject({ lastSeq: 2, tailRecords: 1 })
    expect(Object.isFrozen(again.recovery)).toBe(true)
    const reader = await StateManager.open(FOLDER, counter, { fileSystem, readOnly: true })
    expect(reader.stats()).toEqual({
      status: 'open',
      pending: 0,
      snapshots: undefined,
      log: undefined,
    })
    expect(reader.recovery.log).toBeUndefined()
    await reader.close()
    await again.close()
  })

  it('report a torn tail that the journal has cut off', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await StateManager.open(FOLDER, counter, { fileSystem })
    await manager.apply({ add: 1 })
    const { position } = fileSystem
    const killed = fileSystem.killedAt(position)
    killed.appendTo(JOURNAL, Buffer.from('{"add":'))
    const again = await StateManager.open(FOLDER, counter, { fileSystem: killed })
    expect(again.recovery.log?.verdict).not.toBe('clean')
    expect(again.state).toEqual({ n: 1 })
    await again.close()
    await manager.close()
  })

  it('leave nothing open when opening fails', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open(JOURNAL, { fileSystem })
    await store.append('unknown')
    await store.close()
    for (let round = 0; round < 2; round++) {
      const opening = StateManager.open(FOLDER, counter, { fileSystem })
      await expect(opening).rejects.toMatchObject({ code: 'REPLAY_FAILED' })
    }
  })
})
