import { describe, expect, it } from 'vitest'
import type { QueueOptions } from '../../src/queue/queue-options.js'
import { drain, take } from '../support/leases.js'
import { settled } from '../support/manual-clock.js'
import { World } from '../support/world.js'

describe('a crash of the process', () => {
  it('lets what ran wait again at once, with a strike, and in its old place', async () => {
    const world = await World.open()
    await world.queue().enqueueMany(['a', 'b', 'c'].map((data) => ({ data })))
    const lease = await take(world.queue())
    expect(lease.payload).toBe('a')
    await world.clock.advance(5_000)
    await world.kill()
    expect(world.queues.crashed).toBe(1)
    const again = await take(world.queue())
    expect(again.job).toMatchObject({
      data: 'a',
      attempt: 2,
      crashes: 1,
      failures: 0,
      previous: { attempt: 1, outcome: 'crashed' },
    })
  })

  it('is not counted for jobs that were settled, or had not begun', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueueMany(['done', 'failed', 'waiting'].map((data) => ({ data })))
    await (await take(q)).ack()
    await (await take(q)).nack({ delayMs: 0 })
    await world.kill()
    expect(world.queues.crashed).toBe(0)
    const again = world.queue()
    for (const data of ['waiting', 'failed']) {
      const { job } = await take(again)
      expect(job).toMatchObject({ crashes: 0 })
      expect(['waiting', 'failed']).toContain(data)
    }
  })

  it('is counted once, however often the next process dies before anything begins', async () => {
    const world = await World.open()
    await world.queue().enqueue(1)
    await take(world.queue())
    for (let times = 0; times < 5; times++) await world.kill()
    expect((await take(world.queue())).job).toMatchObject({ crashes: 1, attempt: 2 })
  })

  it('while the lines of the lease file are half written counts those that are whole', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueueMany([{ data: 1 }, { data: 2 }])
    await q.receive({ max: 2 })
    const path = '/queues/leases.jsonl'
    const bytes = world.disk.get(path)
    world.disk.put(path, bytes.subarray(0, bytes.length - 4))
    await world.kill()
    expect(world.queues.crashed).toBe(1)
    world.disk.put(path, Buffer.from('no JSON\n{"of":1}\nnull\n[]\n{"of":"1","attempt":2}\n'))
    await world.kill()
    expect(world.queues.crashed).toBe(0)
  })

  it('by a power cut may forget a strike, unless strictAttempts', async () => {
    for (const strictAttempts of [true, false]) {
      const world = await World.open({ strictAttempts })
      await world.queue().enqueue(1)
      await take(world.queue())
      await world.cutPower()
      expect((await take(world.queue())).job.crashes).toBe(strictAttempts ? 1 : 0)
    }
  })

  it('leaves the failures and the memo of a job as they were', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueue(1)
    const first = await take(q)
    await first.save({ step: 1 })
    await first.nack({ delayMs: 0 })
    await take(q)
    await world.kill()
    const again = await take(world.queue())
    expect(again.memo).toEqual({ step: 1 })
    expect(again.job).toMatchObject({ attempt: 3, failures: 1, crashes: 1 })
  })
})

describe('a clean close', () => {
  it('releases what runs, without a strike, and in its old place', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueueMany([{ data: 'a' }, { data: 'b' }])
    const lease = await take(q)
    await world.reopen()
    expect(lease.signal.reason).toMatchObject({ code: 'QUEUE_CLOSED' })
    expect(world.queues.crashed).toBe(0)
    const again = await take(world.queue())
    expect(again.job).toMatchObject({ data: 'a', attempt: 2, crashes: 0 })
    expect(again.job.previous).toEqual({ attempt: 1, outcome: 'released' })
  })

  it('ends a row of unclean ends', async () => {
    const world = await World.open()
    const options = { maxCrashes: 9 }
    await world.queue(options).enqueueMany([{ data: 1 }, { data: 2 }])
    for (let times = 0; times < 2; times++) {
      await world.queue(options).receive({ max: 2 })
      await world.kill()
    }
    expect(await world.queue(options).receive({ max: 2 })).toHaveLength(1)
    await world.reopen()
    expect(await world.queue(options).receive({ max: 2 })).toHaveLength(2)
  })
})

describe('a job that kills its process', () => {
  const options: QueueOptions<unknown> = { maxCrashes: 3 }

  it('is dead after maxCrashes, and the innocent beside it are not', async () => {
    const world = await World.open()
    const jobs = ['innocent-1', 'poison', 'innocent-2', 'innocent-3']
    await world.queue(options).enqueueMany(jobs.map((data) => ({ data })))
    const done: unknown[] = []
    let kills = 0
    for (let life = 0; life < 12; life++) {
      const q = world.queue(options)
      let isKilled = false
      const disk = world.disk
      q.process(
        async ({ data }) => {
          // Everybody runs for a while; the poison kills at once.
          if (data === 'poison') {
            isKilled = true
            world.disk = disk.killedAt(disk.position)
          }
          await settled(2)
          if (isKilled) return new Promise(() => {})
          done.push(data)
          return undefined
        },
        { concurrency: 4 },
      )
      await settled(60)
      if (!isKilled) break
      kills += 1
      await world.kill()
    }
    expect(kills).toBe(3)
    expect(world.queue(options).stats()).toMatchObject({ dead: 1, completed: 3, depth: 0 })
    expect(done.toSorted()).toEqual(['innocent-1', 'innocent-2', 'innocent-3'])
  })

  it('runs alone among those that are suspected, while others run on', async () => {
    const world = await World.open()
    await world.queue(options).enqueueMany(['a', 'b', 'c'].map((data) => ({ data })))
    for (let life = 0; life < 2; life++) {
      expect(await world.queue(options).receive({ max: 3 })).toHaveLength(3)
      await world.kill()
    }
    const q = world.queue(options)
    await q.enqueueMany([{ data: 'new-1' }, { data: 'new-2' }])
    const first = await q.receive({ max: 9 })
    expect(first.map(({ payload }) => payload)).toEqual(['a', 'new-1', 'new-2'])
    const waiting = q.receive({ max: 9, waitMs: 1_000 })
    await first[0]?.ack()
    expect((await waiting).map(({ payload }) => payload)).toEqual(['b'])
  })

  it('lets the next suspect come however the one before has ended', async () => {
    const world = await World.open()
    await world.queue(options).enqueueMany(['a', 'b', 'c', 'd'].map((data) => ({ data })))
    for (let life = 0; life < 2; life++) {
      await world.queue(options).receive({ max: 4 })
      await world.kill()
    }
    const q = world.queue(options)
    await (await take(q)).nack({ delayMs: 60_000 })
    await (await take(q)).deadLetter('no')
    const expired = await take(q, 1_000)
    expect(await q.receive()).toEqual([])
    await world.clock.advance(1_000)
    await expired.extend(1_000)
    expect(await q.receive()).toEqual([])
    await expired.ack()
    expect(await drain(q)).toEqual(['d'])
  })

  it('is dead when it would be delivered, and its death is told', async () => {
    const world = await World.open()
    await world.queue({ maxCrashes: 1 }).enqueue('poison', { id: 'p' })
    await world.queue({ maxCrashes: 1 }).receive()
    await world.kill()
    const q = world.queue({ maxCrashes: 1 })
    const told: unknown[] = []
    q.on('dead', ({ job, reason }) => told.push([job.id, job.status, reason]))
    expect(await q.receive()).toEqual([])
    await settled()
    expect(told).toEqual([['p', 'dead', 'crashes']])
    expect(q.stats()).toMatchObject({ dead: 1, depth: 0 })
  })

  it('at one crash fewer than maxCrashes is delivered', async () => {
    const world = await World.open()
    await world.queue({ maxCrashes: 2 }).enqueue('poison')
    await world.queue({ maxCrashes: 2 }).receive()
    await world.kill()
    expect((await take(world.queue({ maxCrashes: 2 }))).job.crashes).toBe(1)
  })
})

describe('an opening', () => {
  it('of a folder that another process has is refused', async () => {
    const world = await World.open()
    const { MiniQueue } = await import('../../src/queue/mini-queue.js')
    const again = MiniQueue.open('/queues', { clock: world.clock, fileSystem: world.disk })
    await expect(again).rejects.toMatchObject({ code: 'JOURNAL_LOCKED' })
    await world.queue().enqueue(1)
  })

  it('of a journal with a record that is none of a queue’s is refused by name', async () => {
    const world = await World.open()
    const { MiniStore } = await import('@mini-rs/ministore')
    await world.queues.close()
    for (const record of [{ nobody: {} }, 'text', {}, { ack: { of: 'x' } }]) {
      const disk = world.disk.killedAt(world.disk.position)
      const log = await MiniStore.open('/queues/journal.jsonl', { fileSystem: disk })
      await log.append(record)
      await log.close()
      const { MiniQueue } = await import('../../src/queue/mini-queue.js')
      const opening = MiniQueue.open('/queues', { clock: world.clock, fileSystem: disk })
      await expect(opening).rejects.toMatchObject({ code: 'RECORD_UNKNOWN', seq: 1 })
    }
  })
})
