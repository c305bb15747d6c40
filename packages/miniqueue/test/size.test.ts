import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { MiniQueue } from '../src/queue/mini-queue.js'
import { MemoryFileSystem } from '../src/testing/memory-file-system.js'

const JOBS = 100_000
const BATCH = 1_000

/** Bytes of the heap and of array buffers that are still in use. */
function usedBytes(collect: () => void): number {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

describe('memory', () => {
  it('is at most 100 bytes a waiting job beyond the payloads', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const fileSystem = new MemoryFileSystem()
    const options = { fileSystem, memoryBudgetBytes: 0, durability: 'os' as const }
    const filling = await MiniQueue.open('queues', options)
    const queue = filling.queue<{ n: number }>('q')
    for (let n = 0; n < JOBS; n += BATCH) {
      await queue.enqueueMany(
        Array.from({ length: BATCH }, (_, index) => {
          return { data: { n: n + index }, options: { id: `job-${n + index}` } }
        }),
      )
    }
    await filling.close()

    const before = usedBytes(collect)
    const queues = await MiniQueue.open('queues', options)
    const bytesPerJob = (usedBytes(collect) - before) / JOBS
    expect(queues.queue('q').stats().waiting).toBe(JOBS)
    expect(bytesPerJob).toBeLessThanOrEqual(100)
    // A measurement that sees nothing would pass as well.
    expect(bytesPerJob).toBeGreaterThan(30)
    const [lease] = await queues.queue<{ n: number }>('q').receive()
    expect(lease?.job.data).toEqual({ n: 0 })
    await queues.close()
  })
})
