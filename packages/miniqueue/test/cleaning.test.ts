import { readdirSync, statSync } from 'node:fs'
import { temporaryFolder } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import { MiniQueue } from '../src/queue/mini-queue.js'

const YEAR_MS = 365 * 86_400_000
const SEGMENT = 16 * 1024
const options = { maxSegmentBytes: SEGMENT, durability: 'os' as const }

describe('the journal', () => {
  it('stays small though one job is delayed by a year, and keeps what it must', async () => {
    const directory = temporaryFolder()
    const queues = await MiniQueue.open(directory, options)
    const queue = queues.queue<number>('numbers', { retention: { completed: { count: 10 } } })
    await queue.enqueue(-1, { id: 'next-year', delayMs: YEAR_MS, headers: { kept: 'yes' } })
    await queue.enqueue(-2, { id: 'urgent', delayMs: YEAR_MS })
    await queue.update('urgent', { priority: -5 })
    await queues.transaction((t) => t.put('cursor', 17))
    queue.process(() => 'done', { concurrency: 50 })
    for (let round = 0; round < 40; round++) {
      await queue.enqueueMany(Array.from({ length: 50 }, (_, n) => ({ data: round * 50 + n })))
    }
    await whenDrained(queue)
    // The cleaning follows the work at its own pace: what it writes again is synced before the first copy goes.
    while (sizeOf(directory) >= 2 * SEGMENT + 2 * 5_000) {
      await queue.enqueue(0)
      await nextTurn()
    }
    await whenDrained(queue)
    await queues.close()
    const again = await MiniQueue.open(directory, options)
    const kept = again.queue<number>('numbers', { retention: { completed: { count: 10 } } })
    expect(await kept.get('next-year')).toMatchObject({
      data: -1,
      status: 'delayed',
      seq: 1,
      headers: { kept: 'yes' },
    })
    expect(kept.stats()).toMatchObject({ delayed: 2, completed: 10, waiting: 0 })
    expect(await kept.get('urgent')).toMatchObject({ priority: -5 })
    expect(again.value('cursor')).toBe(17)
    await again.close()
  })
})

async function whenDrained(queue: ReturnType<MiniQueue['queue']>): Promise<void> {
  while (queue.stats().waiting + queue.stats().active > 0) {
    await nextTurn()
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function sizeOf(directory: string): number {
  return readdirSync(directory)
    .filter((name) => name.startsWith('journal'))
    .map((name) => statSync(`${directory}/${name}`, { throwIfNoEntry: false }))
    .reduce((sum, stat) => sum + (stat?.size ?? 0), 0)
}
