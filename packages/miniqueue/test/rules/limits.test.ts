import { beforeEach, describe, expect, it } from 'vitest'
import { drain, isPending, take } from '../support/leases.js'
import { settled } from '../support/manual-clock.js'
import { World } from '../support/world.js'

let world: World

beforeEach(async () => {
  world = await World.open()
})

describe('limits.depth', () => {
  it('is reached with as many jobs, and one more is refused', async () => {
    const q = world.queue({ limits: { depth: 2 } })
    const told: unknown[] = []
    q.on('full', (event) => told.push(event))
    await q.enqueue(1)
    await q.enqueue(2)
    await expect(q.enqueue(3)).rejects.toMatchObject({
      code: 'QUEUE_FULL',
      outcome: 'absent',
      queue: 'q',
      message:
        'queue "q" is full: it holds 2 of limits.depth, 2 jobs; wait, or let enqueue wait with limits.onFull',
    })
    expect(told).toEqual([{ isFull: true, why: 'limits' }])
    // One that runs has not ended.
    const lease = await take(q)
    await expect(q.enqueue(3)).rejects.toMatchObject({ code: 'QUEUE_FULL' })
    expect(told).toHaveLength(1)
    await lease.ack()
    expect(told).toEqual([
      { isFull: true, why: 'limits' },
      { isFull: false, why: 'limits' },
    ])
    await q.enqueue(3)
    expect(await drain(q)).toEqual([2, 3])
  })

  it('counts what is on its way to the disk', async () => {
    const q = world.queue({ limits: { depth: 2 } })
    const all = await Promise.allSettled([1, 2, 3, 4].map((data) => q.enqueue(data)))
    expect(all.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ])
  })

  it('takes jobs of one commit together, or none of them', async () => {
    const q = world.queue({ limits: { depth: 2 } })
    const jobs = [1, 2, 3].map((data) => ({ data }))
    await expect(q.enqueueMany(jobs)).rejects.toMatchObject({
      code: 'QUEUE_FULL',
      message: 'queue "q" can never take 3 jobs at once: limits.depth is 2',
    })
    expect(q.stats().depth).toBe(0)
    await q.enqueueMany(jobs.slice(0, 2))
    expect(q.stats().depth).toBe(2)
  })

  it('does not make a repeated enqueue of an id fail: it is a duplicate', async () => {
    const q = world.queue({ limits: { depth: 1 } })
    await q.enqueue(1, { id: 'a' })
    expect((await q.enqueue(1, { id: 'a' })).status).toBe('duplicate')
  })
})

describe('limits.bytes', () => {
  it('is reached with as many bytes, and one more is refused', async () => {
    const free = world.queue({}, 'free')
    await free.enqueue('x'.repeat(98))
    const { pendingBytes } = free.stats()
    const q = world.queue({ limits: { bytes: 2 * pendingBytes } })
    await q.enqueue('x'.repeat(98))
    await q.enqueue('x'.repeat(98))
    const message: unknown = expect.stringContaining(`of limits.bytes, ${2 * pendingBytes} bytes`)
    await expect(q.enqueue(1)).rejects.toMatchObject({ code: 'QUEUE_FULL', message })
    await drain(q)
    expect(q.stats().pendingBytes).toBe(0)
    await q.enqueue('x'.repeat(98))
    await q.enqueue('x'.repeat(98))
  })
})

describe('limits.payloadBytes', () => {
  it.each([
    ['x'.repeat(8), 'x'.repeat(9)],
    ['üüüü', 'üüüüü'],
  ])('of 10 takes %j, and not %j', async (fits, isTooLarge) => {
    const q = world.queue({ limits: { payloadBytes: 10 } })
    await q.enqueue(fits)
    await expect(q.enqueue(isTooLarge)).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      outcome: 'absent',
    })
    expect(await drain(q)).toEqual([fits])
  })
})

describe('onFull: wait', () => {
  const options = { limits: { depth: 1, onFull: 'wait' as const } }

  it('lets an enqueue wait until there is room, in the order in which they came', async () => {
    const q = world.queue(options)
    const enqueued = [1, 2, 3].map((data) => q.enqueue(data))
    await settled()
    expect(await isPending(Promise.race(enqueued.slice(1)))).toBe(true)
    const seen = []
    for (let times = 0; times < 3; times++) {
      const lease = await take(q)
      seen.push(lease.payload)
      await lease.ack()
      await settled()
    }
    expect(seen).toEqual([1, 2, 3])
    await Promise.all(enqueued)
  })

  it('gives up by its signal', async () => {
    const q = world.queue(options)
    await q.enqueue(1)
    const stop = new AbortController()
    const waiting = q.enqueue(2, { id: 'a', signal: stop.signal })
    await settled()
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await drain(q)
    expect((await q.enqueue(2, { id: 'a' })).status).toBe('enqueued')
  })

  it('ends with the queue', async () => {
    const q = world.queue(options)
    await q.enqueue(1)
    const waiting = q.enqueue(2)
    await settled()
    await world.queues.close()
    await expect(waiting).rejects.toMatchObject({ code: 'QUEUE_CLOSED', outcome: 'absent' })
  })

  it('of a commit that can never fit is refused at once', async () => {
    const jobs = [1, 2].map((data) => ({ data }))
    await expect(world.queue(options).enqueueMany(jobs)).rejects.toMatchObject({
      code: 'QUEUE_FULL',
    })
  })

  it('of two commits that fit one after the other ends', async () => {
    const q = world.queue({ limits: { depth: 3, onFull: 'wait' } })
    const jobs = [1, 2].map((data) => ({ data }))
    const both = Promise.all([q.enqueueMany(jobs), q.enqueueMany(jobs)])
    await settled()
    expect(q.stats().depth).toBe(2)
    const seen = await drain(q)
    await both
    expect([...seen, ...(await drain(q))]).toEqual([1, 2, 1, 2])
  })
})

describe('a limiter', () => {
  it('starts so many jobs in any stretch of so long', async () => {
    const q = world.queue({ limiter: { max: 2, durationMs: 1_000 } })
    const starts: number[] = []
    q.process(() => void starts.push(world.clock.monotonicMs()), { concurrency: 10 })
    await q.enqueueMany([1, 2, 3, 4, 5].map((data) => ({ data })))
    await world.clock.advance(5_000)
    expect(starts).toEqual([0, 0, 1_000, 1_000, 2_000])
  })
})

describe('a queue that is asked for again', () => {
  const runFour = async (q: ReturnType<World['queue']>): Promise<number[]> => {
    const starts: number[] = []
    q.process(() => void starts.push(world.clock.monotonicMs()), { concurrency: 10 })
    await q.enqueueMany([1, 2, 3, 4].map((data) => ({ data })))
    await world.clock.advance(2_000)
    return starts
  }

  it('has the options that it had', async () => {
    world.queue({ limiter: { max: 2, durationMs: 1_000 } })
    expect(await runFour(world.queues.queue('q'))).toEqual([0, 0, 1_000, 1_000])
  })

  it('has the options that are given now', async () => {
    world.queue({ limiter: { max: 2, durationMs: 1_000 } })
    expect(await runFour(world.queues.queue('q', {}))).toEqual([0, 0, 0, 0])
  })
})

describe('what is kept of jobs that have ended', () => {
  it('is as many as retention says, the newest', async () => {
    const q = world.queue({ retention: { completed: { count: 2 } } })
    await q.enqueueMany([1, 2, 3].map((data) => ({ data, options: { id: `${data}` } })))
    await drain(q)
    expect(q.stats().completed).toBe(2)
    expect(await q.get('1')).toBeUndefined()
    expect((await q.get('2'))?.status).toBe('completed')
  })

  it('is as old as retention says', async () => {
    const q = world.queue({ retention: { dead: { ageMs: 1_000 } } })
    await q.enqueue(1, { id: 'a' })
    await (await take(q)).deadLetter('no')
    await world.clock.advance(999)
    await q.enqueue(2)
    expect(q.stats().dead).toBe(1)
    await world.clock.advance(1)
    await q.enqueue(3)
    expect(q.stats().dead).toBe(0)
  })
})

describe('options', () => {
  it.each([
    { attempts: 0 },
    { maxCrashes: 0 },
    { maxCrashes: 256 },
    { visibilityTimeoutMs: 0 },
    { timeoutMs: 0 },
    { limits: { depth: 0 } },
    { limits: { onFull: 'explode' } },
    { limiter: { max: 0, durationMs: 1 } },
    { group: { concurrency: 0 } },
    { group: { onFailure: 'explode' } },
    { retention: { completed: { count: -1 } } },
    { backoff: { type: 'fixed' } },
    { backoff: { type: 'fixed', delayMs: -1 } },
    { backoff: { type: 'fixed', delayMs: 1, jitter: 2 } },
  ])('of a queue that are wrong are refused: %j', (options) => {
    expect(() => world.queue(options as never)).toThrow(/must|needs/)
  })

  it.each([
    { delayMs: -1 },
    { delayMs: 1, runAt: 1 },
    { runAt: new Date(Number.NaN) },
    { priority: 2 ** 31 },
    { priority: -(2 ** 31) - 1 },
    { priority: 0.5 },
    { attempts: 0 },
    { headers: { a: 1 } },
    { backoff: () => 1 },
    { group: '' },
  ])('of an enqueue that are wrong are refused: %j', async (options) => {
    await expect(world.queue().enqueue(1, options as never)).rejects.toThrow(/must|exclude|written/)
    expect(world.records).toEqual([])
  })

  it.each([{ max: 0 }, { waitMs: -1 }, { visibilityTimeoutMs: -1 }, { max: 'x' }])(
    'of a receive that are wrong are refused: %j',
    async (options) => {
      await expect(world.queue().receive(options as never)).rejects.toThrow(/must/)
    },
  )

  it('of a priority at its bounds are taken', async () => {
    const q = world.queue()
    await q.enqueue('last', { priority: 2 ** 31 - 1 })
    await q.enqueue('first', { priority: -(2 ** 31) })
    expect(await drain(q)).toEqual(['first', 'last'])
  })
})
