import { MiniStore, systemClock } from '@mini-rs/ministore'
import { CrashFileSystem } from '@mini-rs/testkit'
import { expect, it } from 'vitest'
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

/** Callers who work, append, and work again when that is durable, in a time of their own that passes for the disk too. */
async function live({ syncMs, workMs, onceMs = 0 }: Life): Promise<{
  elapsedMs: number
  commits: number
  /** When half of the rounds were over. */
  commitsAtHalf: number
}> {
  let nowMs = 0
  const disk = new CrashFileSystem()
  const open = disk.open.bind(disk)
  disk.open = async (...args) => {
    const handle = await open(...args)
    const sync = handle.sync.bind(handle)
    handle.sync = async () => {
      const endMs = nowMs + syncMs
      await new Promise((resolve) => setImmediate(resolve)) // its end is seen when nobody works
      nowMs = Math.max(nowMs, endMs)
      await sync()
    }
    return handle
  }
  const clock = { ...systemClock, monotonicMs: () => nowMs }
  const store = await MiniStore.open(BASE, { fileSystem: disk, clock })
  nowMs = 0
  let commitsAtHalf = 0
  let forming: number | undefined
  const caller = async (): Promise<void> => {
    for (let round = 0; round < ROUNDS; round++) {
      if (round === ROUNDS / 2) commitsAtHalf = store.stats().commits
      nowMs += workMs(round)
      if (store.formingSeq !== forming) nowMs += onceMs
      forming = store.formingSeq
      await store.append(round)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  const { commits } = store.stats()
  await store.close()
  expect(await MiniStore.replay(BASE, { fileSystem: disk })).toHaveLength(CALLERS * ROUNDS)
  return { elapsedMs: nowMs, commits, commitsAtHalf }
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
