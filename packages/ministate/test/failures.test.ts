import { type MiniStateError, StateManager, defineState } from '@mini-rs/ministate'
import { type Call, CrashFileSystem, errno } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { ENGINES, FOLDER, openState, stateOf } from './support/states.js'

const seats = defineState({
  initial: { free: 1, takenBy: [] as string[] },
  mutations: (m) => ({
    take: m((state, by: string, context) => {
      if (state.free === 0) context.reject('SOLD_OUT')
      state.free--
      state.takenBy.push(by)
      return state.free
    }),
    note: m((state, text: string) => {
      state.takenBy.push(text)
    }),
    fail: m((state) => {
      state.free = -1
      throw new Error('a bug')
    }),
  }),
})

/** The journal, which got its name by a rename; not the watermark beside it. */
function isJournal(path: string): boolean {
  return /journal\.jsonl(?:\.next)?$/.test(path)
}

/** Lets calls of one kind fail. */
function failing(fileSystem: CrashFileSystem, call: Call, code: string): void {
  fileSystem.hook = (made, path) => {
    if (made === call && isJournal(path)) throw errno(code, path)
  }
}

type Settled = PromiseSettledResult<unknown>

function codesOf(settled: readonly Settled[]): unknown[] {
  return settled.map((one) =>
    one.status === 'fulfilled' ? 'fulfilled' : (one.reason as MiniStateError).code,
  )
}

describe.each(ENGINES)('a sync that fails, %s', (engine) => {
  it('rejects every rider, keeps the last durable state, and opening again is right', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, seats, { engine })
    await manager.apply({ note: 'durable' })
    failing(fileSystem, 'sync', 'EIO')
    const settled = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => manager.apply({ note: `rider ${n}` })),
    )
    expect(new Set(codesOf(settled))).toEqual(new Set(['COMMIT_FAILED']))
    for (const one of settled) expect(one).toMatchObject({ reason: { outcome: 'unknown' } })
    expect(manager.status).toBe('failed')
    expect(manager.failure).toMatchObject({ code: 'SYNC_FAILED' })
    expect(manager.sequence()).toBe(1)
    expect(await stateOf(manager)).toEqual({ free: 1, takenBy: ['durable'] })
    await expect(manager.apply({ note: 'later' })).rejects.toMatchObject({
      code: 'STATE_FAILED',
      outcome: 'absent',
      cause: { code: 'SYNC_FAILED' },
    })
    fileSystem.hook = undefined
    await manager.close()
    const again = await openState(fileSystem, seats, { engine })
    const { takenBy } = await stateOf(again)
    // Unknown is unknown: all of the commit, or nothing of it.
    expect([1, 21]).toContain(takenBy.length)
    expect(takenBy[0]).toBe('durable')
    await again.close()
  })

  it('lets no answer out that was decided on what it lost', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, seats, { engine })
    failing(fileSystem, 'sync', 'EIO')
    const settled = await Promise.allSettled([
      manager.do.take('A'),
      manager.do.take('B'), // sold out, but only if A has the seat
      manager.do.fail(), // throws, on the state of A
      manager.update(() => undefined), // nothing to do, on the state of A
      manager.apply({ note: 'C' }, { expectedSeq: 0 }), // a conflict, with A
      manager.read((state) => state.free), // 0, if A has the seat
    ])
    expect(new Set(codesOf(settled))).toEqual(new Set(['COMMIT_FAILED']))
    await manager.close()
  })

  it('is waited for by an answer that was decided on it', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, seats, { engine })
    const order: string[] = []
    const note = (name: string) => (): void => void order.push(`${name} at ${manager.sequence()}`)
    await Promise.all([
      manager.do.take('A').then(note('A')),
      manager.do.take('B').catch(note('B')),
      manager.do.fail().catch(note('fail')),
      manager.update(() => undefined).then(note('update')),
      manager.apply({ note: 'C' }, { expectedSeq: 0 }).catch(note('conflict')),
      manager.read(() => 0).then(note('read')),
    ])
    expect(order.toSorted()).toEqual(
      ['A', 'B', 'conflict', 'fail', 'read', 'update'].map((name) => `${name} at 1`),
    )
    await manager.close()
  })
})

describe.each(ENGINES)('a full disk, %s', (engine) => {
  it('takes the mutations of the commit back, and the state goes on when there is space', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, seats, { engine })
    await manager.apply({ note: 'before' })
    failing(fileSystem, 'write', 'ENOSPC')
    const settled = await Promise.allSettled([
      manager.do.take('A'),
      manager.do.take('B'),
      manager.applyAll([{ note: 'C' }, { note: 'D' }]),
    ])
    expect(codesOf(settled)).toEqual(['COMMIT_FAILED', 'COMMIT_FAILED', 'COMMIT_FAILED'])
    for (const one of settled) {
      expect(one).toMatchObject({ reason: { outcome: 'absent', cause: { code: 'WRITE_FAILED' } } })
    }
    expect(manager.status).toBe('open')
    expect(await stateOf(manager)).toEqual({ free: 1, takenBy: ['before'] })
    fileSystem.hook = undefined
    expect(await manager.do.take('E')).toEqual({ seq: 2, result: 0 })
    await manager.close()
    const again = await openState(fileSystem, seats, { engine })
    expect(await stateOf(again)).toEqual({ free: 0, takenBy: ['before', 'E'] })
    await again.close()
  })

  it('fails calls that were queued behind the commit with it, and nothing later', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, seats, { engine })
    let writes = 0
    fileSystem.hook = (made, path) => {
      if (made === 'write' && isJournal(path) && ++writes === 2) {
        throw errno('ENOSPC', path)
      }
    }
    const first = manager.apply({ note: '1' })
    await new Promise((resolve) => process.nextTick(resolve)) // its commit is formed
    const behind = [manager.apply({ note: '2' }), manager.apply({ note: '3' })]
    expect(await first).toBe(1)
    expect(codesOf(await Promise.allSettled(behind))).toEqual(['COMMIT_FAILED', 'COMMIT_FAILED'])
    expect(await manager.apply({ note: '4' })).toBe(2)
    expect((await stateOf(manager)).takenBy).toEqual(['1', '4'])
    await manager.close()
  })
})

describe.each(ENGINES)('an append that the log refuses, %s', (engine) => {
  it('passes BACKLOG_FULL on, and takes back what was decided behind it', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, seats, { engine, maxPendingBytes: 100 })
    const settled = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => manager.apply({ note: `${n}`.repeat(30) })),
    )
    const codes = codesOf(settled)
    const accepted = codes.indexOf('BACKLOG_FULL')
    expect(accepted).toBeGreaterThan(0)
    expect(new Set(codes.slice(0, accepted))).toEqual(new Set(['fulfilled']))
    expect(new Set(codes.slice(accepted + 1))).toEqual(new Set(['COMMIT_FAILED']))
    expect(manager.sequence()).toBe(accepted)
    expect(manager.status).toBe('open')
    expect(await manager.apply({ note: 'after' })).toBe(accepted + 1)
    expect((await stateOf(manager)).takenBy).toHaveLength(accepted + 1)
    await manager.close()
  })

  it('passes RECORD_TOO_LARGE on, and the state is as it was', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, seats, { engine, maxRecordBytes: 100 })
    const settled = await Promise.allSettled([
      manager.apply({ note: 'small' }),
      manager.apply({ note: 'x'.repeat(200) }),
    ])
    expect(codesOf(settled)).toEqual(['fulfilled', 'RECORD_TOO_LARGE'])
    expect(await manager.apply({ note: 'again' })).toBe(2)
    expect((await stateOf(manager)).takenBy).toEqual(['small', 'again'])
    await manager.close()
  })
})

describe('a commit that the log cuts in two', () => {
  const numbers = defineState({
    initial: { seen: [] as number[] },
    mutations: (m) => ({
      add: m((state, n: number) => {
        state.seen.push(n)
      }),
    }),
  })

  it('is shown when its second part is durable, and answers nobody before', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await StateManager.open(FOLDER, numbers, { fileSystem, maxCommitBytes: 40 })
    const shown: number[] = []
    manager.subscribe(() => shown.push(manager.sequence()))
    const applied = Array.from({ length: 12 }, async (_, n) => {
      const seq = await manager.apply({ add: n })
      expect(manager.state.seen.length).toBeGreaterThanOrEqual(seq)
    })
    await Promise.all(applied)
    expect(shown.at(-1)).toBe(12)
    expect(manager.state.seen).toEqual(Array.from({ length: 12 }, (_, n) => n))
    await manager.close()
  })

  it('keeps its first part when the second cannot be written', async () => {
    for (let failingWrite = 1; failingWrite <= 4; failingWrite++) {
      const fileSystem = new CrashFileSystem()
      const manager = await StateManager.open(FOLDER, numbers, { fileSystem, maxCommitBytes: 40 })
      let writes = 0
      fileSystem.hook = (made, path) => {
        if (made !== 'write' || !isJournal(path)) return
        if (++writes === failingWrite) throw errno('ENOSPC', path)
      }
      const settled = await Promise.allSettled(
        Array.from({ length: 12 }, (_, n) => manager.apply({ add: n })),
      )
      const accepted = settled.filter(({ status }) => status === 'fulfilled').length
      expect(manager.sequence()).toBe(accepted)
      expect(manager.state.seen).toEqual(Array.from({ length: accepted }, (_, n) => n))
      fileSystem.hook = undefined
      expect(await manager.apply({ add: 99 })).toBe(accepted + 1)
      const { state } = manager
      await manager.close()
      const again = await StateManager.open(FOLDER, numbers, { fileSystem })
      expect(again.state).toEqual(state)
      await again.close()
    }
  })
})

describe.each(ENGINES)('a log that fails while it is compacted, with engine %s', (engine) => {
  it('is a state that has failed, though no mutation has met it', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, seats, { engine, snapshots: { keep: 1 } })
    await manager.apply({ note: 'before' })
    await manager.createSnapshot()
    let isRenamed = false
    fileSystem.hook = (call, path) => {
      isRenamed ||= call === 'rename' && isJournal(path)
      if (isRenamed && call === 'syncDirectory') throw errno('EIO', path)
    }
    await expect(manager.compact()).rejects.toMatchObject({ cause: { code: 'EIO' } })
    expect(manager.status).toBe('failed')
    expect(manager.failure).toMatchObject({ cause: { code: 'EIO' } })
    await expect(manager.apply({ note: 'behind' })).rejects.toMatchObject({ outcome: 'absent' })
    fileSystem.hook = undefined
    await manager.close()
    const again = await openState(fileSystem, seats, { engine })
    expect((await stateOf(again)).takenBy).toEqual(['before'])
    await again.close()
  })
})
