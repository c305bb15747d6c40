import { beforeEach, describe, expect, it } from 'vitest'
import { gate, isPending, take } from '../support/leases.js'
import { settled } from '../support/manual-clock.js'
import { World } from '../support/world.js'

let world: World

beforeEach(async () => {
  world = await World.open()
})

describe('close', () => {
  it('never returns while a handler runs, before its time is over', async () => {
    const q = world.queue()
    const work = gate()
    q.process(() => work.promise)
    await q.enqueue(1)
    await settled()
    const closed = world.queues.close({ timeoutMs: 10_000, graceMs: 1_000 })
    await world.clock.advance(9_999)
    expect(await isPending(closed)).toBe(true)
    work.open()
    expect(await closed).toEqual({ abandoned: [] })
    await world.kill()
    expect(world.queue().stats()).toMatchObject({ completed: 1, depth: 0 })
  })

  it('aborts a handler when the time is over, and waits for what it makes of that', async () => {
    const q = world.queue()
    q.process(
      (_, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        ),
    )
    await q.enqueue(1)
    await settled()
    const closed = world.queues.close({ timeoutMs: 10_000, graceMs: 1_000 })
    await world.clock.advance(10_000)
    expect(await closed).toEqual({ abandoned: [] })
    await world.kill()
    expect(world.queue().stats()).toMatchObject({ delayed: 1 })
  })

  it('never returns later than its bound: what runs still is abandoned, and comes again without a strike', async () => {
    const q = world.queue()
    const work = gate()
    let reason: unknown
    q.process(async (_, { signal }) => {
      signal.addEventListener('abort', () => (reason = signal.reason))
      await work.promise
    })
    await q.enqueue(1, { id: 'a' })
    await settled()
    const closed = world.queues.close({ timeoutMs: 10_000, graceMs: 1_000 })
    await world.clock.advance(10_000)
    expect(reason).toMatchObject({ code: 'QUEUE_CLOSED' })
    await world.clock.advance(999)
    expect(await isPending(closed)).toBe(true)
    await world.clock.advance(1)
    expect(await closed).toEqual({ abandoned: ['a'] })
    work.open()
    await settled()
    await world.kill()
    const again = await take(world.queue())
    expect(again.job).toMatchObject({ attempt: 2, crashes: 0, failures: 0 })
    expect(again.job.previous).toMatchObject({ outcome: 'released' })
  })

  it('waits for handlers for half a minute, and five seconds more, unless it is told otherwise', async () => {
    const q = world.queue()
    q.process(() => new Promise(() => {}))
    await q.enqueue(1)
    await settled()
    const closed = world.queues.close()
    await world.clock.advance(34_999)
    expect(await isPending(closed)).toBe(true)
    await world.clock.advance(1)
    expect((await closed).abandoned).toEqual(['@1'])
  })

  it('aborts at once when it is told so', async () => {
    const q = world.queue()
    q.process(
      (_, { signal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve('early'))),
    )
    await q.enqueue(1)
    await settled()
    expect(await world.queues.close({ abort: true })).toEqual({ abandoned: [] })
  })

  it('starts no further job', async () => {
    const q = world.queue()
    const work = gate()
    const seen: unknown[] = []
    q.process(async ({ data }) => {
      seen.push(data)
      await work.promise
    })
    await q.enqueueMany([{ data: 1 }, { data: 2 }])
    await settled()
    const closed = world.queues.close()
    work.open()
    await closed
    expect(seen).toEqual([1])
  })

  it('is idempotent, and the same for all who call it', async () => {
    const q = world.queue()
    q.process(() => new Promise(() => {}))
    await q.enqueue(1)
    await settled()
    const all = [1, 2, 3].map((timeoutMs) => world.queues.close({ timeoutMs, graceMs: 1 }))
    await world.clock.advance(10)
    expect(await Promise.all(all)).toEqual(all.map(() => ({ abandoned: ['@1'] })))
    expect(await world.queues.close()).toEqual({ abandoned: ['@1'] })
  })

  it('ends everything that waits, and refuses what comes', async () => {
    const q = world.queue()
    await q.enqueue(1, { id: 'a', delayMs: 1_000 })
    const receiving = [q.receive({ waitMs: 5_000 }), q.receive({ waitMs: Infinity })]
    const waiting = [q.waitFor('a'), q.idle()]
    await settled()
    const ended = Promise.allSettled([...receiving, ...waiting])
    await world.queues.close()
    const closed = { code: 'QUEUE_CLOSED' }
    expect(await ended).toMatchObject([
      { value: [] },
      { value: [] },
      { reason: closed },
      { reason: closed },
    ])
    await expect(q.enqueue(2)).rejects.toMatchObject({ ...closed, outcome: 'absent' })
    await expect(q.enqueueMany([{ data: 2 }])).rejects.toMatchObject(closed)
    await expect(q.receive()).rejects.toMatchObject(closed)
    await expect(q.waitFor('a')).rejects.toMatchObject(closed)
    await expect(q.idle()).rejects.toMatchObject(closed)
    await expect(world.queues.transaction((t) => t.enqueue(q, 3))).rejects.toMatchObject(closed)
    expect(() => q.process(() => undefined)).toThrow(/closed/)
    expect(world.clock.waiting).toBe(0)
  })

  it('reads no job any more and declares no queue, and its figures stay', async () => {
    const q = world.queue({ attempts: 1 })
    await q.enqueue(1, { id: 'a' })
    await q.enqueue(2)
    const lease = await take(q)
    await lease.deadLetter('no use')
    await world.queues.close()
    const closed = { code: 'QUEUE_CLOSED' }
    for (const reading of [
      () => q.get('a'),
      () => q.list(),
      () => q.dead.list(),
      () => q.dead.preview(),
      () => q.deadLetters().next(),
      () => q.history('a'),
      () => q.explain('a'),
    ]) {
      await expect(reading()).rejects.toMatchObject(closed)
    }
    expect(() => world.queue()).toThrow(expect.objectContaining(closed))
    expect(q.stats()).toMatchObject({ waiting: 1, dead: 1 })
    expect(await q.counts()).toMatchObject({ waiting: 1, dead: 1 })
    expect(world.queues.list()).toMatchObject([{ name: 'q', depth: 1 }])
    expect(q.schedules.list()).toEqual([])
  })

  it('makes an ack that comes behind it refused', async () => {
    const q = world.queue()
    await q.enqueue(1)
    const lease = await take(q)
    await world.queues.close()
    expect(lease.signal.reason).toMatchObject({ code: 'QUEUE_CLOSED' })
    await expect(lease.ack()).rejects.toMatchObject({ code: 'QUEUE_CLOSED', outcome: 'absent' })
    await expect(lease.extend(1)).rejects.toMatchObject({ code: 'QUEUE_CLOSED' })
  })

  it('lets enqueues and acks that are on their way come to their end', async () => {
    const q = world.queue()
    await q.enqueue(1)
    const lease = await take(q)
    const pending = Promise.all([lease.ack(), q.enqueue(2)])
    await world.queues.close()
    await pending
    await world.kill()
    expect(world.queue().stats()).toMatchObject({ completed: 1, waiting: 1 })
  })

  it('lets go of the folder: another can open it', async () => {
    await world.queues.close()
    const { MiniQueue } = await import('../../src/queue/mini-queue.js')
    const { clock, disk } = world
    const again = await MiniQueue.open('/queues', { clock, fileSystem: disk })
    expect(again.list()).toEqual([])
    await again[Symbol.asyncDispose]()
  })

  it('of a worker ends that worker only', async () => {
    const q = world.queue()
    const seen: string[] = []
    const first = q.process(() => void seen.push('first'))
    await q.enqueue(1)
    await q.idle()
    expect(await first.close()).toEqual({ abandoned: [] })
    await q.enqueue(2)
    await settled()
    expect(seen).toEqual(['first'])
    await using second = q.process(() => void seen.push('second'))
    await q.idle()
    await settled()
    expect(seen).toEqual(['first', 'second'])
    expect(second.running).toBe(0)
  })
})

describe('a worker that is paused', () => {
  it('starts nothing until it is resumed, and lets run what runs', async () => {
    const q = world.queue()
    const work = gate()
    const seen: unknown[] = []
    const worker = q.process(async ({ data }) => {
      seen.push(data)
      await work.promise
    })
    await q.enqueueMany([{ data: 1 }, { data: 2 }])
    await settled()
    worker.pause()
    expect(worker).toMatchObject({ isPaused: true, running: 1 })
    work.open()
    await settled()
    expect(seen).toEqual([1])
    worker.resume()
    await q.idle()
    expect(seen).toEqual([1, 2])
  })

  it('can be paused and resumed as often as one likes', async () => {
    const q = world.queue()
    const seen: unknown[] = []
    const worker = q.process(({ data }) => void seen.push(data), { concurrency: 3 })
    for (let times = 0; times < 10; times++) {
      worker.pause()
      worker.resume()
      worker.pause()
      await q.enqueue(times)
      worker.resume()
      await q.idle()
    }
    expect(seen).toHaveLength(10)
    await worker.close()
  })
})
