import { readdirSync, statSync } from 'node:fs'
import { type FileSystem, nodeFileSystem } from '@mini-rs/ministore/fs'
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

  it.each([
    ['nothing of them', 0, {}, false],
    ['few jobs', 3, {}, false],
    ['many jobs', 300, {}, true],
    ['ids that make duplicates', 0, { id: 'once' }, true],
  ])(
    'reads its oldest records only where it must: it needs %s',
    async (_, waiting, extra, isRead) => {
      const directory = temporaryFolder()
      let reads = 0
      const open: FileSystem['open'] = (path, mode, permissions) => {
        if (mode === 'read' && /journal\.jsonl\.\d+$/.test(path)) reads++
        return nodeFileSystem.open(path, mode, permissions)
      }
      const fileSystem = { ...nodeFileSystem, open }
      const queues = await MiniQueue.open(directory, { ...options, fileSystem })
      const queue = queues.queue<number>('numbers', { retention: { completed: { count: 0 } } })
      const later = queues.queue<number>('later')
      await queue.enqueue(-1, extra)
      await later.enqueueMany(Array.from({ length: waiting }, (_job, data) => ({ data })))
      queue.process(() => {}, { concurrency: 50 })
      while (oldestSegment(directory) <= 3) {
        await queue.enqueueMany(Array.from({ length: 50 }, (_job, data) => ({ data })))
        await whenDrained(queue)
      }
      expect(reads > 0).toBe(isRead)
      await queues.close()
      const again = await MiniQueue.open(directory, options)
      expect(again.queue('later').stats()).toMatchObject({ waiting })
      const repeated = await again.queue('numbers').enqueue(-1, extra)
      expect(repeated.status).toBe('id' in extra ? 'duplicate' : 'enqueued')
      await again.close()
    },
  )

  it('does not bring back a job whose ack is on its way while the job is written again', async () => {
    const directory = temporaryFolder()
    const acks: (Promise<void> | undefined)[] = []
    let release = (): void => {}
    // From the first look into an old segment on, syncs last until the test lets them go on.
    let gate = Promise.resolve()
    const open: FileSystem['open'] = async (path, mode, permissions) => {
      const handle = await nodeFileSystem.open(path, mode, permissions)
      if (mode === 'read' && /journal\.jsonl\.\d+$/.test(path) && acks.length === 0) {
        gate = new Promise((resolve) => (release = resolve))
        acks.push(lease?.ack())
      }
      return { ...handle, sync: () => gate.then(() => handle.sync()) }
    }
    const queues = await MiniQueue.open(directory, {
      maxSegmentBytes: SEGMENT,
      fileSystem: { ...nodeFileSystem, open },
    })
    const jobs = queues.queue<number>('jobs', { retention: { completed: { count: 0 } } })
    await jobs.enqueue(1, { id: 'once' })
    const [lease] = await jobs.receive()
    jobs.process(() => {}, { concurrency: 50 })
    const fill = async (): Promise<void> => {
      while (acks.length === 0) {
        await jobs.enqueueMany(Array.from({ length: 50 }, (_job, data) => ({ data })))
      }
    }
    const filled = fill()
    while (acks.length === 0) await nextTurn()
    for (let turn = 0; turn < 50; turn++) await nextTurn()
    release()
    await filled
    await acks[0]
    while (oldestSegment(directory) === 1) await nextTurn()
    await queues.close()
    const again = await MiniQueue.open(directory, { maxSegmentBytes: SEGMENT })
    expect(await again.queue('jobs').get('once')).toBeUndefined()
    await again.close()
  })
})

async function whenDrained(queue: ReturnType<MiniQueue['queue']>): Promise<void> {
  while (queue.stats().waiting + queue.stats().active > 0) {
    await nextTurn()
  }
}

/** The number of the oldest archived segment; 0 for none. */
function oldestSegment(directory: string): number {
  const archived = readdirSync(directory).filter((name) => /^journal\.jsonl\.\d+$/.test(name))
  return archived.length === 0 ? 0 : Math.min(...archived.map((name) => Number(name.slice(14))))
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
