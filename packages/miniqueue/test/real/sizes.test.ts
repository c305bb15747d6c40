import { execFile } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { countFromEnv, proving, temporaryFolder } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import { MiniQueue } from '../../src/queue/mini-queue.js'
import type { Queue } from '../../src/queue/queue.js'
import type { MiniQueueOptions } from '../../src/queue/queue-options.js'

const WAITING = countFromEnv('WAITING_JOBS', 100_000)
const OPENED = countFromEnv('OPENED_JOBS', 100_000)
const SOAKED = countFromEnv('SOAKED_JOBS', 100_000)
const BATCH = 1_000
const MIB = 1024 * 1024
const YEAR_MS = 365 * 86_400_000
const HOUR_MS = 3_600_000

const OPENER = fileURLToPath(new URL('support/opened-queue.mjs', import.meta.url))

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of the heap and of array buffers that are still in use. */
function usedBytes(): number {
  collectGarbage()
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

async function fill(queue: Queue<{ n: number }>, jobs: number): Promise<void> {
  for (let n = 0; n < jobs; n += BATCH) {
    await queue.enqueueMany(
      Array.from({ length: BATCH }, (_, index) => {
        return { data: { n: n + index }, options: { id: `job-${n + index}` } }
      }),
    )
  }
}

/** What a program comes to that opens the folder first thing. */
interface Opened {
  readonly openMs: number
  /** Of the heap and of array buffers, still in use. */
  readonly openedBytes: number
  readonly residentBytes: number
  readonly waiting: number
  readonly first: unknown
}

async function openInAnotherProcess(directory: string, options: MiniQueueOptions): Promise<Opened> {
  const args = ['--expose-gc', OPENER, directory, JSON.stringify(options)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as Opened
}

function journalBytes(directory: string): number {
  return readdirSync(directory)
    .filter((name) => name.startsWith('journal') && name.endsWith('.jsonl'))
    .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
}

describe('sizes', () => {
  it(
    'a waiting job takes at most 100 bytes of memory beyond the payloads',
    { timeout: HOUR_MS },
    async () => {
      const directory = temporaryFolder()
      const figures: Record<string, unknown> = {}
      await proving(
        { row: 'waiting jobs', count: WAITING, seed: undefined },
        () => figures,
        async () => {
          const options = { memoryBudgetBytes: 0, durability: 'os' } as const
          const filling = await MiniQueue.open(directory, options)
          await fill(filling.queue('q'), WAITING)
          await filling.close()
          const opened = await openInAnotherProcess(directory, options)
          const bytesPerJob = opened.openedBytes / WAITING
          figures['bytesPerJob'] = Math.round(bytesPerJob)
          figures['residentMB'] = Math.round(opened.residentBytes / 1e6)
          expect(opened.waiting).toBe(WAITING)
          expect(bytesPerJob).toBeLessThanOrEqual(100)
          // A measurement that sees nothing would pass as well.
          expect(bytesPerJob).toBeGreaterThan(30)
          if (WAITING >= 10_000_000) expect(opened.residentBytes).toBeLessThanOrEqual(2 ** 30)
        },
      )
    },
  )

  it(
    'many waiting jobs are opened by their index, and the first comes first',
    { timeout: HOUR_MS },
    async () => {
      const directory = temporaryFolder()
      const figures: Record<string, unknown> = {}
      await proving(
        { row: 'opening', count: OPENED, seed: undefined },
        () => figures,
        async () => {
          const filling = await MiniQueue.open(directory, { durability: 'os' })
          await fill(filling.queue('q'), OPENED)
          await filling.close()
          const opened = await openInAnotherProcess(directory, {})
          figures['openMs'] = Math.round(opened.openMs)
          expect(opened.waiting).toBe(OPENED)
          expect(opened.first).toEqual({ n: 0 })
          if (OPENED >= 1_000_000) expect(opened.openMs).toBeLessThan(3_000)
        },
      )
    },
  )

  it(
    'memory and disk stay flat, though one job is delayed by a year',
    { timeout: HOUR_MS },
    async () => {
      const directory = temporaryFolder()
      const figures: Record<string, unknown> = {}
      await proving(
        { row: 'soak', count: SOAKED, seed: undefined },
        () => figures,
        async () => {
          const maxSegmentBytes = Math.max(MIB, Math.min(64 * MIB, SOAKED * 16))
          const queues = await MiniQueue.open(directory, { maxSegmentBytes, durability: 'os' })
          const queue = queues.queue<{ n: number }>('q', {
            retention: { completed: { count: 100 } },
          })
          await queue.enqueue({ n: -1 }, { id: 'next year', delayMs: YEAR_MS })
          let done = 0
          queue.process(() => void (done += 1), { concurrency: 200 })
          let early = 0
          let mostBytes = 0
          for (let n = 0; n < SOAKED; n += BATCH) {
            await queue.enqueueMany(
              Array.from({ length: BATCH }, (_, i) => ({ data: { n: n + i } })),
            )
            while (queue.stats().waiting > BATCH)
              await new Promise((resolve) => setImmediate(resolve))
            mostBytes = Math.max(mostBytes, journalBytes(directory))
            if (early === 0 && n >= SOAKED / 5) early = usedBytes()
          }
          while (queue.stats().waiting + queue.stats().active > 0)
            await new Promise((resolve) => setImmediate(resolve))
          expect(done).toBe(SOAKED)
          const grown = usedBytes() - early
          figures['grownMB'] = Math.round(grown / 1e6)
          figures['mostDiskMB'] = Math.round(mostBytes / 1e6)
          expect(grown).toBeLessThan(16 * MIB)
          // What is live is next to nothing here.
          expect(mostBytes).toBeLessThanOrEqual(2 * maxSegmentBytes + MIB)
          expect(await queue.get('next year')).toMatchObject({ status: 'delayed', seq: 1 })
          await queues.close()
        },
      )
    },
  )
})
