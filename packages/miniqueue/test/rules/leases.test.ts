import { describe, expect, it } from 'vitest'
import type { JobLease } from '../../src/queue/lease.js'
import type { Queue } from '../../src/queue/queue.js'
import { drain, gate, isPending, take } from '../support/leases.js'
import { settled } from '../support/manual-clock.js'
import { DIRECTORY, World } from '../support/world.js'

describe('the lease of a worker in this process', () => {
  it('never runs out while its handler has not ended, although the event loop stalls for a minute', async () => {
    const world = await World.open()
    const q = world.queue({ visibilityTimeoutMs: 1_000 })
    const work = gate()
    const runs: number[] = []
    q.process(
      async (job) => {
        runs.push(job.attempt)
        await work.promise
      },
      { concurrency: 5 },
    )
    await q.enqueue(1)
    await settled()
    await world.clock.stall(60_000)
    await world.clock.advance(3_600_000)
    expect(runs).toEqual([1])
    expect(q.stats()).toMatchObject({ active: 1, waiting: 0 })
    work.open()
    await settled()
    expect(q.stats()).toMatchObject({ completed: 1 })
  })
})

describe('the lease of a receive', () => {
  it('hides its job until its time is over, and not a millisecond longer', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueue(1)
    const lease = await take(q, 5_000)
    await world.clock.advance(4_999)
    expect(await q.receive()).toEqual([])
    expect(lease.signal.aborted).toBe(false)
    await world.clock.advance(1)
    expect(lease.signal.reason).toMatchObject({ code: 'LEASE_LOST' })
    const again = await take(q)
    expect(again.job).toMatchObject({ attempt: 2, previous: { attempt: 1, outcome: 'expired' } })
  })

  it('is moved by as long as the event loop stood still', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueue(1)
    const lease = await take(q, 5_000)
    await world.clock.advance(2_000)
    await world.clock.stall(60_000)
    expect(lease.signal.aborted).toBe(false)
    expect(lease.expiresAt).toBeGreaterThanOrEqual(62_000 + 2_000)
    await world.clock.advance(1_500)
    expect(lease.signal.aborted).toBe(false)
    await world.clock.advance(2_000)
    expect(lease.signal.aborted).toBe(true)
  })

  it('is extended from now on, as often as one likes', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueue(1)
    const lease = await take(q, 1_000)
    for (let times = 0; times < 5; times++) {
      await world.clock.advance(900)
      await lease.extend(1_000)
    }
    expect(lease.signal.aborted).toBe(false)
    await world.clock.advance(1_000)
    expect(lease.signal.aborted).toBe(true)
  })

  it('can be made shorter', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueue(1)
    const lease = await take(q, 900)
    await lease.extend(100)
    await world.clock.advance(100)
    expect(lease.signal.aborted).toBe(true)
  })

  it('that runs out counts against the attempts, and the last one makes it dead', async () => {
    const world = await World.open()
    const q = world.queue({ attempts: 2 })
    const told: unknown[] = []
    q.on('leaseLost', ({ reason }) => told.push(reason))
    q.on('dead', ({ reason }) => told.push(reason))
    await q.enqueue(1)
    const first = await take(q, 1_000)
    await world.clock.advance(1_000)
    const second = await take(q, 1_000)
    await world.clock.advance(1_000)
    expect(q.stats()).toMatchObject({ dead: 1, depth: 0 })
    expect(told).toEqual(['expired', 'expired', 'attempts'])
    await expect(first.ack()).rejects.toMatchObject({ code: 'LEASE_LOST' })
    await expect(second.ack()).rejects.toMatchObject({ code: 'LEASE_LOST' })
  })

  it('goes to the one who waits for it as soon as it has run out', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueue(1)
    await take(q, 1_000)
    const waiting = q.receive({ waitMs: 10_000 })
    await world.clock.advance(999)
    expect(await isPending(waiting)).toBe(true)
    await world.clock.advance(1)
    expect((await waiting)[0]?.token).toBe(2)
  })
})

describe('a settling that comes late', () => {
  it('is accepted while nobody else has the job, and told as a late ack', async () => {
    const world = await World.open()
    const q = world.queue<number, string>()
    const late: unknown[] = []
    q.on('lateAck', ({ job, result }) => late.push([job.id, result]))
    await q.enqueue(1)
    const lease = await take(q, 1_000)
    await world.clock.advance(1_500)
    await lease.ack('after all')
    expect(late).toEqual([['@1', 'after all']])
    expect(await q.receive()).toEqual([])
    await world.cutPower()
    expect(world.queue().stats()).toMatchObject({ completed: 1, depth: 0 })
  })

  it.each([
    ['ran out', async () => {}],
    ['was extended behind its end', (lease: JobLease<unknown>) => lease.extend(1_000)],
  ])('of a delivery that %s and fails then is one failure', async (_how, prolong) => {
    const world = await World.open()
    const q = world.queue({ attempts: 3, backoff: { type: 'fixed', delayMs: 0 } })
    const { id } = await q.enqueue(1)
    for (const failures of [1, 2]) {
      const lease = await take(q, 1_000)
      await world.clock.advance(1_000)
      await prolong(lease)
      await lease.nack()
      expect(await q.get(id)).toMatchObject({ status: 'waiting', attempt: failures, failures })
    }
    await world.reopen()
    expect(await world.queue().get(id)).toMatchObject({ attempt: 2, failures: 2 })
  })

  it('of a delivery that ran out twice is one failure', async () => {
    const world = await World.open()
    const q = world.queue({ attempts: 2 })
    const { id } = await q.enqueue(1)
    const lease = await take(q, 1_000)
    await world.clock.advance(1_000)
    await lease.extend(1_000)
    await world.clock.advance(1_000)
    expect(await q.get(id)).toMatchObject({ status: 'waiting', attempt: 1, failures: 1 })
  })

  it('of a delivery that ran out and is not to be tried again is one failure', async () => {
    const world = await World.open()
    const q = world.queue()
    const { id } = await q.enqueue(1)
    const lease = await take(q, 1_000)
    await world.clock.advance(1_000)
    await lease.deadLetter('nonRetryable')
    const dead = { status: 'dead', attempt: 1, failures: 1 }
    expect(await q.get(id)).toMatchObject(dead)
    await world.reopen()
    expect(await world.queue().get(id)).toMatchObject(dead)
  })

  it.each<[string, number, (q: Queue<unknown>, id: string) => Promise<unknown>]>([
    ['was cancelled and tried again', 5, (q, id) => q.cancel(id).then(() => q.retry(id))],
    ['was dead and tried again', 1, (q, id) => q.retry(id)],
  ])('of a job that %s is refused, and nothing is written', async (_how, attempts, bringBack) => {
    const world = await World.open()
    const q = world.queue({ attempts })
    const { id } = await q.enqueue(1)
    const stale = await take(q, 1_000)
    await world.clock.advance(1_000)
    await bringBack(q, id)
    const { length } = world.records
    for (const call of [stale.ack(), stale.nack(), stale.extend(1_000), stale.save(1)]) {
      await expect(call).rejects.toMatchObject({ code: 'LEASE_LOST' })
    }
    expect(world.records).toHaveLength(length)
    expect((await take(q)).token).toBe(2)
  })

  it('of a job that was delivered again is refused, and nothing is written', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueue(1)
    const stale = await take(q, 1_000)
    await world.clock.advance(1_000)
    const fresh = await take(q)
    const count = world.records.length
    const lost = { code: 'LEASE_LOST', outcome: 'absent', id: '@1', seq: 1, queue: 'q' }
    await expect(stale.ack()).rejects.toMatchObject(lost)
    await expect(stale.nack()).rejects.toMatchObject(lost)
    await expect(stale.extend(1_000)).rejects.toMatchObject(lost)
    await expect(stale.deadLetter('no')).rejects.toMatchObject(lost)
    await expect(stale.save(1)).rejects.toMatchObject(lost)
    expect(world.records).toHaveLength(count)
    expect(fresh.signal.aborted).toBe(false)
    await fresh.ack()
    await expect(stale.ack()).rejects.toMatchObject(lost)
  })

  it('nack or extend is accepted while nobody else has the job', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueueMany([{ data: 1 }, { data: 2 }])
    const [one, two] = await q.receive({ max: 2, visibilityTimeoutMs: 1_000 })
    await world.clock.advance(1_000)
    await one?.nack({ delayMs: 500 })
    await two?.extend(1_000)
    expect(q.stats()).toMatchObject({ delayed: 1, active: 1, waiting: 0 })
    expect(await q.receive()).toEqual([])
    await world.clock.advance(500)
    expect((await take(q)).payload).toBe(1)
    await two?.ack()
    expect(q.stats()).toMatchObject({ completed: 1, active: 1 })
  })

  it('ack that meets the lease’s end on its way to the disk is accepted, and so is its repetition', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueue(1)
    const lease = await take(q, 1_000)
    // Time is up, and the record of it is not written yet.
    const passing = world.clock.advance(1_000)
    let acked: Promise<unknown> | undefined
    world.disk.hook = (call) => {
      if (call === 'write') acked ??= Promise.all([lease.ack('x'), lease.ack('x')])
    }
    await passing
    await settled()
    expect(acked).toBeDefined()
    await acked
    await lease.ack('x')
    expect(q.stats()).toMatchObject({ completed: 1, depth: 0 })
  })

  it('extend of a job that waits for another time meanwhile is refused', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueue(1)
    const lease = await take(q, 1_000)
    await world.clock.advance(1_000)
    await lease.nack({ delayMs: 60_000 })
    await expect(lease.extend(1_000)).rejects.toMatchObject({ code: 'LEASE_LOST' })
    expect(q.stats()).toMatchObject({ delayed: 1, active: 0 })
  })
})

describe('a handler with a deadline', () => {
  it('that passes it is told so, keeps its place, and never runs beside itself', async () => {
    const world = await World.open()
    const q = world.queue({ timeoutMs: 1_000 })
    const told: string[] = []
    q.on('overrun', ({ job, timeoutMs }) => told.push(`overrun ${job.id} ${timeoutMs}`))
    q.on('lateAck', ({ job }) => told.push(`late ${job.id}`))
    const work = gate()
    let running = 0
    let most = 0
    let reason: unknown
    q.process(async (job, { signal }) => {
      running += 1
      most = Math.max(most, running)
      signal.addEventListener('abort', () => (reason = signal.reason))
      if (job.data === 'slow') await work.promise
      running -= 1
    })
    await q.enqueueMany([{ data: 'slow' }, { data: 'quick' }])
    await world.clock.advance(999)
    expect(reason).toBeUndefined()
    await world.clock.advance(1)
    expect(reason).toMatchObject({ name: 'TimeoutError' })
    expect(q.stats()).toMatchObject({ overrun: 1, active: 1, waiting: 1 })
    await world.clock.advance(3_600_000)
    expect(most).toBe(1)
    expect(q.stats()).toMatchObject({ overrun: 1, active: 1, waiting: 1 })
    work.open()
    await settled()
    expect(told).toEqual(['overrun @1 1000', 'late @1'])
    expect(q.stats()).toMatchObject({ overrun: 0, completed: 2 })
    expect(most).toBe(1)
  })

  it('that passes it and then throws has failed: the job comes again', async () => {
    const world = await World.open()
    const q = world.queue({ backoff: { type: 'fixed', delayMs: 10 } })
    const attempts: number[] = []
    q.process(async (job, { signal }) => {
      attempts.push(job.attempt)
      if (job.attempt > 1) return
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      )
    })
    await q.enqueue(1, { timeoutMs: 100 })
    await world.clock.advance(100)
    expect(attempts).toEqual([1])
    await world.clock.advance(10)
    expect(attempts).toEqual([1, 2])
    expect(q.stats()).toMatchObject({ completed: 1, overrun: 0 })
  })

  it('that ends in time is not told anything', async () => {
    const world = await World.open()
    const q = world.queue({ timeoutMs: 100 })
    const told: unknown[] = []
    q.on('overrun', (one) => told.push(one))
    q.on('lateAck', (one) => told.push(one))
    q.process(() => undefined)
    await q.enqueue(1)
    await world.clock.advance(1_000)
    expect(told).toEqual([])
    expect(world.clock.waiting).toBe(0)
  })
})

describe('jobs whose payloads are on the disk only', () => {
  const options = { memoryBudgetBytes: 0 }

  it('are read together, also where newer jobs have taken the memory', async () => {
    const megabyte = 'x'.repeat(1024 * 1024)
    const world = await World.open({ memoryBudgetBytes: 20 * megabyte.length })
    const q = world.queue<string>({ limits: { payloadBytes: 2 * megabyte.length } })
    const enqueue = (count: number): Promise<unknown> =>
      q.enqueueMany(Array.from({ length: count }, () => ({ data: megabyte })))
    await enqueue(25)
    for (let n = 0; n < 19; n++) await (await take(q)).ack()
    await enqueue(19)
    const opened = (): number =>
      world.disk.calls.filter((call) => call === `open ${DIRECTORY}/journal.jsonl`).length
    const before = opened()
    expect(await drain(q)).toHaveLength(25)
    expect(opened() - before).toBe(1)
  })

  it('come back when the one who waited has given up while they were read', async () => {
    const world = await World.open(options)
    const q = world.queue()
    await q.enqueue(1)
    await world.kill()
    const again = world.queue()
    const stop = new AbortController()
    const waiting = again.receive({ waitMs: 1_000, signal: stop.signal })
    stop.abort()
    expect(await waiting).toEqual([])
    await settled()
    expect(again.stats()).toMatchObject({ waiting: 1, active: 0 })
    expect((await take(again)).payload).toBe(1)
  })

  it('are not lost to a worker that is paused while they are read', async () => {
    const world = await World.open(options)
    await world.queue().enqueue(1)
    await world.kill()
    const q = world.queue()
    let runs = 0
    const worker = q.process(() => void runs++)
    await Promise.resolve()
    worker.pause()
    await settled()
    worker.resume()
    await settled()
    expect(runs).toBe(1)
  })

  it('that are cancelled or die while they are read leave the one who waits waiting, for as long as he wants', async () => {
    const world = await World.open(options)
    await world.queue().enqueue(1, { expiresAt: world.clock.now() + 10 })
    await world.clock.advance(10)
    await world.kill()
    const q = world.queue()
    expect(await q.receive()).toEqual([])
    const waiting = q.receive({ waitMs: 100 })
    await world.clock.advance(99)
    expect(await isPending(waiting)).toBe(true)
    await world.clock.advance(1)
    expect(await waiting).toEqual([])
  })

  it('are left alone by a close while they are read, without a strike', async () => {
    const world = await World.open(options)
    await world.queue().enqueue(1)
    await world.kill()
    const waiting = world.queue().receive({ waitMs: 1_000 })
    await world.queues.close()
    expect(await waiting).toEqual([])
    await settled()
    await world.kill()
    expect(world.queues.crashed).toBe(0)
    expect((await take(world.queue())).job).toMatchObject({ attempt: 1, crashes: 0 })
  })

  it('of one group run one after the other', async () => {
    const world = await World.open(options)
    const q = world.queue()
    await q.enqueue(1, { group: 'g' })
    await world.kill()
    const again = world.queue()
    const first = again.receive({ waitMs: 100 })
    const enqueued = again.enqueue(2, { group: 'g' })
    const second = again.receive({ waitMs: 100 })
    await Promise.all([first, enqueued])
    await settled()
    expect(again.stats()).toMatchObject({ active: 1, waiting: 1 })
    await world.clock.advance(100)
    expect(await second).toEqual([])
  })
})

describe('a signal', () => {
  it('ends every wait that was given it, and may end others before', async () => {
    const world = await World.open()
    const queue = world.queue()
    const stop = new AbortController()
    const wait = { waitMs: Number.POSITIVE_INFINITY, signal: stop.signal }
    const first = queue.receive(wait)
    await queue.enqueue('a')
    expect(await first).toHaveLength(1)
    const others = [queue.receive(wait), queue.receive(wait)]
    stop.abort()
    expect(await Promise.all(others)).toEqual([[], []])
    expect(await queue.receive(wait)).toEqual([])
  })
})
