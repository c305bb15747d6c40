import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { MiniQueue } from '../src/queue/mini-queue.js'
import { LimitedDisk } from './support/limited-disk.js'
import { ManualClock } from './support/manual-clock.js'

const MIB = 1024 * 1024
const FULL = { code: 'DISK_FULL', outcome: 'absent' }

describe('a full disk', () => {
  it('refuses new jobs, lets running ones be settled, and goes on when there is room', async () => {
    const disk = new LimitedDisk(new CrashFileSystem(), 2 * MIB)
    const clock = new ManualClock()
    const options = { fileSystem: disk.fileSystem, clock }
    const queues = await MiniQueue.open('queues', options)
    const queue = queues.queue<string>('q')
    const told: boolean[] = []
    queue.on('full', ({ isFull, why }) => void (why === 'disk' && told.push(isFull)))
    const payload = 'x'.repeat(20_000)
    await queue.enqueueMany(Array.from({ length: 10 }, () => ({ data: payload })))
    const leases = await queue.receive({ max: 10 })
    let enqueued = 10
    const failure = await (async () => {
      for (;;) {
        await queue.enqueue(payload)
        enqueued += 1
      }
    })().catch((error: unknown) => error)
    expect(failure).toMatchObject(FULL)
    expect(enqueued).toBeGreaterThan(20)
    expect(told).toEqual([true])
    await expect(queue.enqueue('y')).rejects.toMatchObject(FULL)

    for (const [index, lease] of leases.entries()) {
      if (index % 2 === 0) await lease.ack('done')
      else await lease.nack({ error: new Error('e'.repeat(5_000)), delayMs: 0 })
    }
    expect(queue.stats()).toMatchObject({ completed: 5, active: 0, waiting: enqueued - 5 })

    disk.capacityBytes = 8 * MIB
    await clock.advance(1_000)
    expect(await queue.enqueue('z')).toMatchObject({ status: 'enqueued' })
    expect(told).toEqual([true, false])
    await queues.close()

    const again = await MiniQueue.open('queues', options)
    expect(again.queue('q').stats()).toMatchObject({ completed: 5, waiting: enqueued - 4 })
    await again.close()
  })

  it('refuses an ack as absent, and keeps its lease, when another program took the reserve', async () => {
    const disk = new LimitedDisk(new CrashFileSystem(), 2 * MIB)
    const clock = new ManualClock()
    const queues = await MiniQueue.open('queues', { fileSystem: disk.fileSystem, clock })
    const queue = queues.queue<string>('q')
    await queue.enqueue('a')
    const [lease] = await queue.receive()
    disk.capacityBytes = disk.usedBytes - MIB
    await expect(lease?.ack()).rejects.toMatchObject(FULL)
    expect(queue.stats()).toMatchObject({ active: 1 })
    disk.capacityBytes = 8 * MIB
    await lease?.ack()
    expect(queue.stats()).toMatchObject({ active: 0, completed: 1 })
    await queues.close()
  })

  it('does not stop workers, which empty it', async () => {
    const disk = new LimitedDisk(new CrashFileSystem(), 2 * MIB)
    const queues = await MiniQueue.open('queues', { fileSystem: disk.fileSystem })
    const queue = queues.queue<string>('q')
    await queue.enqueueMany(Array.from({ length: 40 }, () => ({ data: 'a' })))
    disk.capacityBytes = disk.usedBytes
    queue.process(() => 'done', { concurrency: 4 })
    await queue.idle()
    expect(queue.stats()).toMatchObject({ completed: 40, waiting: 0 })
    await queues.close()
  })

  it('settles acks that shared their commit with a refused enqueue', async () => {
    const disk = new LimitedDisk(new CrashFileSystem(), 2 * MIB)
    const queues = await MiniQueue.open('queues', { fileSystem: disk.fileSystem })
    const queue = queues.queue<string>('q')
    await queue.enqueueMany([{ data: 'a' }, { data: 'b' }])
    const leases = await queue.receive({ max: 2 })
    disk.capacityBytes = disk.usedBytes + 1_000
    const results = await Promise.allSettled([
      queue.enqueue('x'.repeat(10_000)),
      ...leases.map((lease) => lease.ack()),
    ])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    await queues.close()
  })
})
