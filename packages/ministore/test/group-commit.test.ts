import { type Clock, MiniStore, type OpenOptions, systemClock } from '@mini-rs/ministore'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { BASE } from './support/journals.js'

const CALLERS = 64
const ROUNDS = 20

interface Life {
  readonly syncMs: number
  /** Of each caller, before he appends; `round` counts from 0. */
  readonly workMs: (round: number) => number
  /** Of the first one of each commit, besides. */
  readonly onceMs?: number
}

interface SlowDisk {
  readonly disk: CrashFileSystem
  readonly clock: Clock
  /** Somebody works for so long: nobody sees anything meanwhile. */
  work(ms: number): void
  /** What the next syncs do behind their time; they may throw. */
  onSync: () => void
}

/** A disk and a clock in a time of their own, which passes while somebody works or nobody does. */
function slowDisk(syncMs: number): SlowDisk {
  let nowMs = 0
  const disk = new CrashFileSystem()
  const slow: SlowDisk = {
    disk,
    clock: { ...systemClock, monotonicMs: () => nowMs },
    work: (ms) => (nowMs += ms),
    onSync: () => {},
  }
  const open = disk.open.bind(disk)
  disk.open = async (...args) => {
    const handle = await open(...args)
    const sync = handle.sync.bind(handle)
    handle.sync = async () => {
      const endMs = nowMs + syncMs
      await new Promise((resolve) => setImmediate(resolve)) // its end is seen when nobody works
      nowMs = Math.max(nowMs, endMs)
      slow.onSync()
      await sync()
    }
    return handle
  }
  return slow
}

/** Callers who work, append, and work again when that is durable. */
async function live({ syncMs, workMs, onceMs = 0 }: Life): Promise<{
  elapsedMs: number
  commits: number
  /** When half of the rounds were over. */
  commitsAtHalf: number
}> {
  const { disk: fileSystem, clock, work } = slowDisk(syncMs)
  const store = await MiniStore.open(BASE, { fileSystem, clock })
  const beganMs = clock.monotonicMs()
  let commitsAtHalf = 0
  let forming: number | undefined
  const caller = async (): Promise<void> => {
    for (let round = 0; round < ROUNDS; round++) {
      if (round === ROUNDS / 2) commitsAtHalf = store.stats().commits
      work(workMs(round))
      if (store.formingSeq !== forming) work(onceMs)
      forming = store.formingSeq
      await store.append(round)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  const elapsedMs = clock.monotonicMs() - beganMs
  const { commits } = store.stats()
  await store.close()
  expect(await MiniStore.replay(BASE, { fileSystem })).toHaveLength(CALLERS * ROUNDS)
  return { elapsedMs, commits, commitsAtHalf }
}

it('syncs for one half of its callers while the other half works, where that takes longer', async () => {
  const { elapsedMs, commits } = await live({ workMs: () => 0.1, syncMs: 2 })
  // Their work alone is 128 ms, and 20 syncs are 40.
  expect(elapsedMs).toBeLessThan(140)
  expect(commits).toBeLessThan(2 * ROUNDS + 2)
})

it('waits for all whom the last commit has answered, where the sync takes longer', async () => {
  const { elapsedMs, commits } = await live({ workMs: () => 0.01, syncMs: 2 })
  expect(commits).toBe(ROUNDS)
  expect(elapsedMs).toBeLessThan(55)
})

it('does so on a disk that is waited for so shortly that another commit would cost more', async () => {
  const { commits } = await live({ workMs: () => 0.1, syncMs: 0.05 })
  expect(commits).toBe(ROUNDS)
})

it('keeps one group where the first of each commit works for all of them for longer than a sync', async () => {
  const { commits } = await live({ workMs: () => 0.1, syncMs: 2, onceMs: 3 })
  expect(commits).toBe(ROUNDS)
})

it('comes back to one group when the work is no longer longer', async () => {
  const workMs = (round: number): number => (round < ROUNDS / 2 ? 0.1 : 0.01)
  const { commits, commitsAtHalf } = await live({ workMs, syncMs: 2 })
  expect(commitsAtHalf).toBeGreaterThan(ROUNDS / 2 + 3)
  expect(commits - commitsAtHalf).toBeLessThan(ROUNDS / 2 + 3)
})

describe('two groups', () => {
  interface Appended {
    readonly caller: number
    readonly round: number
  }

  /** Callers as above, in two groups, until all have appended, or an append has failed for each of them. */
  async function append(
    slow: SlowDisk,
    options: OpenOptions<Appended>,
    beside: (store: MiniStore<Appended>, appended: Appended) => void = () => {},
  ): Promise<{
    acknowledged: Map<number, Appended>
    failures: unknown[]
    commits: number
    replayed: Appended[]
  }> {
    const { disk: fileSystem, clock, work } = slow
    const store = await MiniStore.open<Appended>(BASE, { ...options, fileSystem, clock })
    const acknowledged = new Map<number, Appended>()
    const failures: unknown[] = []
    const caller = async (_: unknown, index: number): Promise<void> => {
      for (let round = 0; round < ROUNDS; round++) {
        work(0.1)
        const record = { caller: index, round }
        const appending = store.append(record)
        beside(store, record)
        acknowledged.set(await appending, record)
      }
    }
    const callers = Array.from({ length: CALLERS }, caller)
    for (const one of await Promise.allSettled(callers)) {
      if (one.status === 'rejected') failures.push(one.reason)
    }
    const { commits } = store.stats()
    await store.close()
    const replayed = await MiniStore.replay<Appended>(BASE, { fileSystem })
    for (const [seq, record] of acknowledged) expect(replayed[seq - 1]).toEqual(record)
    return { acknowledged, failures, commits, replayed }
  }

  it.each([4, 5, 6, 7, 8, 21])('both fail when sync %i of them does', async (fatal) => {
    const slow = slowDisk(2)
    let syncs = 0
    slow.onSync = () => {
      syncs++
      if (syncs === fatal) throw Object.assign(new Error('the disk is gone'), { code: 'EIO' })
    }
    const { acknowledged, failures } = await append(slow, {})
    expect(failures).toHaveLength(CALLERS)
    for (const failure of failures) expect(failure).toMatchObject({ outcome: 'unknown' })
    const behind = failures.filter((one) => /an append before this one failed/.test(String(one)))
    expect(behind.length).toBeGreaterThan(0)
    expect(behind.length).toBeLessThan(CALLERS)
    expect(acknowledged.size).toBeGreaterThan(0)
  })

  it('put no more into a commit than it may hold', async () => {
    const maxCommitBytes = 512
    const { replayed, commits } = await append(slowDisk(2), { maxCommitBytes })
    expect(replayed).toHaveLength(CALLERS * ROUNDS)
    const textBytes = replayed.reduce((sum, record) => sum + JSON.stringify(record).length, 0)
    expect(commits).toBeGreaterThan(textBytes / maxCommitBytes)
  })

  it('let a rotation and a flush in between, in the order of the calls', async () => {
    const done: Promise<void>[] = []
    const { acknowledged, replayed } = await append(slowDisk(2), {}, (store, { caller, round }) => {
      if (caller % 10 !== 3 || round % 4 !== 2) return
      const last = store.formingSeq
      done.push(
        store.rotate().then(() => expect(store.durableSeq).toBeGreaterThanOrEqual(last)),
        store.flush(),
      )
    })
    await Promise.all(done)
    expect(acknowledged.size).toBe(CALLERS * ROUNDS)
    expect(replayed).toHaveLength(CALLERS * ROUNDS)
  })
})
