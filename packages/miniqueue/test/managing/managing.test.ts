import { describe, expect, it } from 'vitest'
import { settled } from '../support/manual-clock.js'
import { drain, take } from '../support/leases.js'
import { World } from '../support/world.js'

const FIXED = { backoff: { type: 'fixed' as const, delayMs: 1_000 } }

describe('update', () => {
  it('changes what a waiting job holds, and survives a power cut', async () => {
    const world = await World.open()
    await world.queue<string>().enqueue('old', { id: 'a', headers: { trace: 'x' } })
    await world.queue<string>().update('a', { data: 'new' })
    await world.cutPower()
    const { job } = await take(world.queue<string>())
    expect(job).toMatchObject({ data: 'new', headers: { trace: 'x' }, id: 'a' })
    expect(job.enqueuedAtMs).toBe(world.clock.now())
  })

  it('moves a job to another place in the line', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    for (const id of ['a', 'b', 'c']) await q.enqueue(id, { id })
    await q.update('c', { priority: -1 })
    expect((await q.get('c'))?.priority).toBe(-1)
    expect(await drain(q)).toEqual(['c', 'a', 'b'])
  })

  it('puts a job off, and brings it forward', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    await q.enqueue('a', { id: 'a' })
    await q.update('a', { delayMs: 5_000 })
    expect(await drain(q)).toEqual([])
    await q.update('a', { runAt: world.clock.now() + 1_000 })
    await world.clock.advance(999)
    expect(await drain(q)).toEqual([])
    await world.clock.advance(1)
    expect(await drain(q)).toEqual(['a'])
  })

  it('refuses a job that runs or has ended, by name', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    await q.enqueue('a', { id: 'a' })
    const lease = await take(q)
    await expect(q.update('a', { data: 'b' })).rejects.toMatchObject({ code: 'JOB_ACTIVE' })
    await lease.ack()
    await expect(q.update('a', { data: 'b' })).rejects.toMatchObject({ code: 'JOB_COMPLETED' })
    await expect(q.update('x', { data: 'b' })).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
  })

  it('refuses what enqueue would refuse', async () => {
    const world = await World.open()
    const q = world.queue<unknown>({ limits: { payloadBytes: 5 } })
    await q.enqueue(1, { id: 'a', group: 'g' })
    await expect(q.update('a', { data: 'too long' })).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    })
    await expect(q.update('a', { priority: 1 })).rejects.toThrow(TypeError)
    await expect(q.update('a', { delayMs: -1 })).rejects.toThrow(RangeError)
    await expect(q.update('a', { delayMs: 1, runAt: 1 })).rejects.toThrow(TypeError)
  })

  it('is not overtaken by a delivery: the job does not begin with the old data', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    await q.enqueue('old', { id: 'a' })
    const waiting = q.receive({ waitMs: Number.POSITIVE_INFINITY })
    const first = await waiting
    await first[0]?.nack({ delayMs: 1_000 })
    const next = q.receive({ waitMs: Number.POSITIVE_INFINITY })
    const updated = q.update('a', { data: 'new' })
    // Its time comes while the record is on its way.
    await world.clock.advance(1_000)
    await updated
    expect((await next)[0]?.job.data).toBe('new')
  })

  it('of a key that replaces is not overtaken by a delivery either', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    const dedup = { key: 'k', mode: 'replace' as const }
    await q.enqueue('old', { dedup })
    const replaced = q.enqueue('new', { dedup })
    // Decided, and not yet on the disk.
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    const [lease] = await q.receive({ waitMs: Number.POSITIVE_INFINITY })
    expect((await replaced).status).toBe('replaced')
    expect(lease?.job.data).toBe('new')
  })
})

describe('cancel', () => {
  it('ends a job that waits, is delayed or is dead, durably', async () => {
    const world = await World.open()
    const q = world.queue<string>({ attempts: 1 })
    await q.enqueue('dead', { id: 'c' })
    await (await take(q)).nack()
    await q.enqueue('waiting', { id: 'a' })
    await q.enqueue('delayed', { id: 'b', delayMs: 1_000 })
    for (const id of ['a', 'b', 'c']) await q.cancel(id)
    await world.cutPower()
    const again = world.queue<string>()
    await world.clock.advance(1_000)
    expect(again.stats()).toMatchObject({ cancelled: 3, depth: 0, dead: 0 })
    await expect(again.waitFor('a')).rejects.toMatchObject({ code: 'JOB_CANCELLED' })
  })

  it('aborts the signal of a job that runs, whose lease is lost', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    await q.enqueue('a', { id: 'a' })
    const lease = await take(q)
    expect(lease.signal.aborted).toBe(false)
    const lost: unknown[] = []
    q.on('leaseLost', ({ job, reason }) => lost.push([job.id, reason]))
    await q.cancel('a')
    expect(lost).toEqual([['a', 'cancelled']])
    expect(lease.signal.reason).toMatchObject({ code: 'JOB_CANCELLED' })
    await expect(lease.ack()).rejects.toMatchObject({ code: 'LEASE_LOST' })
    expect(q.stats()).toMatchObject({ cancelled: 1, active: 0 })
  })

  it('aborts the signal of a worker’s handler, and the worker goes on with the next', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    const seen: unknown[] = []
    q.process(async (job, { signal }) => {
      if (job.id !== 'a') return seen.push(job.id)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      throw signal.reason
    })
    await q.enqueue('a', { id: 'a' })
    await q.enqueue('b', { id: 'b' })
    await settled()
    await q.cancel('a')
    await q.waitFor('b')
    expect(seen).toEqual(['b'])
    expect(q.stats()).toMatchObject({ cancelled: 1, completed: 1 })
  })

  it('a second time does nothing; of a completed job it is an error', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    await q.enqueue('a', { id: 'a' })
    await q.cancel('a')
    const before = world.records.length
    await q.cancel('a')
    expect(world.records.length).toBe(before)
    await q.enqueue('b', { id: 'b' })
    await (await take(q)).ack()
    await expect(q.cancel('b')).rejects.toMatchObject({ code: 'JOB_COMPLETED' })
  })

  it('that meets an ack on its way says what became of the job', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    await q.enqueue('a', { id: 'a' })
    const lease = await take(q)
    const acked = lease.ack()
    await expect(q.cancel('a')).rejects.toMatchObject({ code: 'JOB_COMPLETED' })
    await acked
    expect(q.stats()).toMatchObject({ completed: 1, cancelled: 0 })
  })
})

describe('runNow', () => {
  it('ends a delay, and the wait for another attempt', async () => {
    const world = await World.open()
    const q = world.queue<string>(FIXED)
    await q.enqueue('a', { id: 'a', delayMs: 60_000 })
    await q.runNow('a')
    await (await take(q)).nack()
    expect(q.stats().delayed).toBe(1)
    await q.runNow('a')
    await q.runNow('a')
    await world.cutPower()
    expect(await drain(world.queue<string>(FIXED))).toEqual(['a'])
  })

  it('cannot make a job run before those that it depends on', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    await q.enqueue('a', { id: 'a' })
    await q.enqueue('b', { id: 'b', dependsOn: ['a'] })
    await expect(q.runNow('b')).rejects.toMatchObject({ code: 'JOB_BLOCKED' })
    await (await take(q)).ack()
    await expect(q.runNow('a')).rejects.toMatchObject({ code: 'JOB_COMPLETED' })
  })
})

describe('retry', () => {
  it('runs a job again, however it ended, with no failures', async () => {
    const world = await World.open()
    const q = world.queue<string>({ attempts: 1 })
    await q.enqueue('a', { id: 'a' })
    await (await take(q)).nack({ error: new Error('no') })
    expect(q.stats().dead).toBe(1)
    await q.retry('a')
    const second = await take(q)
    expect(second.job).toMatchObject({ attempt: 2, failures: 0 })
    await second.ack()
    await q.retry('a')
    await world.cutPower()
    const third = await take(world.queue<string>())
    expect(third.job).toMatchObject({ attempt: 3, data: 'a' })
  })

  it('of a job that has not ended is an error', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    await q.enqueue('a', { id: 'a' })
    await expect(q.retry('a')).rejects.toMatchObject({ code: 'JOB_PENDING' })
    await take(q)
    await expect(q.retry('a')).rejects.toMatchObject({ code: 'JOB_ACTIVE' })
  })
})

describe('pause and resume', () => {
  it('stop the queue and let it go on, across a restart', async () => {
    const world = await World.open()
    await world.queue<string>().enqueue('a')
    await world.queue<string>().pause()
    expect(await drain(world.queue<string>())).toEqual([])
    await world.cutPower()
    const q = world.queue<string>()
    expect(q.stats().isPaused).toBe(true)
    const waiting = q.receive({ waitMs: Number.POSITIVE_INFINITY })
    await q.resume()
    expect((await waiting)[0]?.job.data).toBe('a')
  })

  it('that are called at once end as the last one says', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    await Promise.all([q.pause(), q.resume()])
    expect(q.stats().isPaused).toBe(false)
    await Promise.all([q.resume(), q.pause()])
    expect(q.stats().isPaused).toBe(true)
  })
})

describe('purge', () => {
  it('removes the jobs in the states that it names, and no others', async () => {
    const world = await World.open()
    const q = world.queue<string>({ attempts: 1 })
    await q.enqueue('done', { id: 'done' })
    await (await take(q)).ack()
    await q.enqueue('dead', { id: 'dead' })
    await (await take(q)).nack()
    await q.enqueue('active', { id: 'active' })
    const active = await take(q)
    await q.enqueue('waiting', { id: 'waiting' })
    await q.enqueue('delayed', { id: 'delayed', delayMs: 1_000 })
    await world.queue({}, 'other').enqueue('other')
    expect(await q.purge({ states: ['waiting', 'completed'] })).toBe(2)
    expect(q.stats()).toMatchObject({ waiting: 0, completed: 0, delayed: 1, active: 1, dead: 1 })
    expect(await q.purge({ states: ['waiting', 'delayed', 'blocked'] })).toBe(1)
    await active.ack()
    expect(q.stats()).toMatchObject({ delayed: 0, completed: 1, dead: 1 })
    await world.cutPower()
    expect(world.queue<string>().stats()).toMatchObject({ depth: 0, completed: 1, dead: 1 })
    expect(world.queue({}, 'other').stats()).toMatchObject({ waiting: 1 })
  })

  it('leaves a job that runs alone, also after a crash', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    await q.enqueue('a')
    await take(q)
    expect(await q.purge({ states: ['waiting', 'delayed', 'blocked'] })).toBe(0)
    await q.enqueue('b')
    expect(await q.purge({ states: ['waiting'] })).toBe(1)
    await world.kill()
    expect(await drain(world.queue<string>())).toEqual(['a'])
  })

  it('leaves a job alone that is enqueued meanwhile', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    await q.enqueue('delayed', { delayMs: 1_000 })
    const enqueued = q.enqueue('new')
    const purged = q.purge({ states: ['delayed'] })
    await enqueued
    expect(await purged).toBe(1)
    expect(await drain(q)).toEqual(['new'])
  })

  it('refuses other states', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    await expect(q.purge({ states: ['active' as 'dead'] })).rejects.toThrow(TypeError)
  })
})

it('an id that was used again means the newest job', async () => {
  const world = await World.open()
  const q = world.queue<number>()
  for (let round = 1; round <= 3; round++) {
    await q.enqueue(round, { id: 'a' })
    if (round < 3) await (await take(q)).ack()
    await world.clock.advance(600_001)
  }
  expect((await q.get('a'))?.data).toBe(3)
  expect((await q.enqueue(4, { id: 'a' })).status).toBe('duplicate')
})
