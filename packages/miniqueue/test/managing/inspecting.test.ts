import { describe, expect, it } from 'vitest'
import { settled } from '../support/manual-clock.js'
import { take } from '../support/leases.js'
import { World } from '../support/world.js'

const FIXED = { backoff: { type: 'fixed' as const, delayMs: 1_000 } }
const NEVER = new Promise<never>(() => {})

describe('list', () => {
  it('shows jobs in the order of their enqueue, by status, page by page', async () => {
    const world = await World.open()
    const q = world.queue<number>()
    for (let index = 0; index < 300; index++) {
      await q.enqueue(index, index % 2 === 0 ? {} : { delayMs: 60_000 })
    }
    await world.queue({}, 'other').enqueue('other')
    const delayed = await q.list({ states: ['delayed'], limit: 3 })
    expect(delayed.map(({ data }) => data)).toEqual([1, 3, 5])
    const seen: number[] = []
    for (let after = 0; ;) {
      const page = await q.list({ limit: 70, after })
      if (page.length === 0) break
      seen.push(...page.map(({ data }) => data))
      after = page.at(-1)?.seq ?? 0
    }
    expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => index))
  })

  it('refuses other statuses and limits', async () => {
    const world = await World.open()
    const q = world.queue()
    await expect(q.list({ states: ['lost' as 'dead'] })).rejects.toThrow(TypeError)
    await expect(q.list({ limit: 0 })).rejects.toThrow(RangeError)
  })
})

describe('history', () => {
  it('tells a job’s whole life', async () => {
    const world = await World.open()
    const t = world.clock.now()
    const q = world.queue<string>({ ...FIXED, attempts: 2 })
    await q.enqueue('a', { id: 'a', delayMs: 500 })
    await q.update('a', { data: 'b' })
    await q.runNow('a')
    const first = await take(q)
    await world.clock.advance(20)
    await first.save({ page: 3 })
    await first.nack({ error: new TypeError('no') })
    await world.clock.advance(1_000)
    await (await take(q)).nack({ error: new Error('no again') })
    await q.dead.redrive()
    await take(q)
    await world.kill()
    const again = world.queue<string>({ ...FIXED, attempts: 2 })
    const last = await take(again)
    const told = await again.history('a')
    expect(told.at(-1)).toEqual({ kind: 'running', attempt: 4, startMs: t + 1_020 })
    await last.ack('done')
    await again.retry('a')
    await again.cancel('a')
    const error = expect.objectContaining({ name: 'TypeError', message: 'no' }) as unknown
    expect(await again.history('a')).toMatchObject([
      { kind: 'enqueued', seq: 1, atMs: t, data: 'a', delayMs: 500 },
      { kind: 'updated', atMs: t, data: 'b' },
      { kind: 'updated', atMs: t, dueMs: t },
      { kind: 'memo', memo: { page: 3 } },
      { kind: 'delivery', attempt: 1, startMs: t, tookMs: 20, outcome: 'failed', error },
      { kind: 'delivery', attempt: 2, startMs: t + 1_020, outcome: 'dead', reason: 'attempts' },
      { kind: 'redriven', atMs: t + 1_020 },
      { kind: 'interrupted', attempt: 3, outcome: 'crashed' },
      { kind: 'delivery', attempt: 4, outcome: 'completed', result: 'done' },
      { kind: 'retried' },
      { kind: 'cancelled' },
    ])
  })

  it('tells what a handler said of itself', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    q.process((_, { progress, log }) => {
      progress(0.5)
      log('half way')
    })
    await q.enqueue('a', { id: 'a' })
    await q.waitFor('a')
    const told = await q.history('a')
    expect(told.map(({ kind }) => kind)).toEqual(['enqueued', 'progress', 'log', 'delivery'])
    expect(told).toMatchObject([{}, { value: 0.5 }, { line: 'half way' }, {}])
  })

  it('is found in the journal also when the job is no longer kept in memory', async () => {
    const world = await World.open()
    const q = world.queue<string>({ retention: { completed: { count: 0 } } })
    await q.enqueue('a', { id: 'a' })
    await (await take(q)).ack()
    await q.enqueue('b')
    expect(await q.get('a')).toBeUndefined()
    expect((await q.history('a')).map(({ kind }) => kind)).toEqual(['enqueued', 'delivery'])
    await expect(q.history('x')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
  })

  it('is that of the newest job where an id was used again', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    await q.enqueue('first', { id: 'a' })
    await (await take(q)).ack()
    await world.clock.advance(600_001)
    await q.enqueue('second', { id: 'a' })
    expect(await q.history('a')).toMatchObject([{ kind: 'enqueued', data: 'second' }])
    expect(await q.history('@1')).toMatchObject([{ data: 'first' }, { kind: 'delivery' }])
  })
})

describe('explain', () => {
  it('says that nobody takes jobs, or that all workers are paused', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueue('a', { id: 'a' })
    expect(await q.explain('a')).toMatchObject({ why: 'noWorker', id: 'a', status: 'waiting' })
    const worker = q.process(() => {})
    worker.pause()
    expect(await q.explain('a')).toMatchObject({ why: 'workersPaused' })
    await worker.close()
    expect(await q.explain('a')).toMatchObject({ why: 'noWorker' })
    await expect(q.explain('x')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
  })

  it('names when a delay ends', async () => {
    const world = await World.open()
    const q = world.queue()
    const dueMs = world.clock.now() + 90_000
    await q.enqueue('a', { id: 'a', delayMs: 90_000 })
    await q.enqueue('b', { id: 'b', runAt: new Date(dueMs) })
    expect(await q.explain('a')).toMatchObject({
      why: 'delayed',
      dueMs,
      sentence: 'It is delayed until 2026-01-01T00:01:30Z, in 1 min 30 s.',
    })
    expect(await q.explain('b')).toMatchObject({ why: 'delayed', dueMs })
    await world.clock.advance(90_000)
    expect(await q.explain('a')).toMatchObject({ why: 'noWorker' })
  })

  it('names the failure that a job waits after', async () => {
    const world = await World.open()
    const q = world.queue(FIXED)
    await q.enqueue('a', { id: 'a' })
    await (await take(q)).nack({ error: new RangeError('too far') })
    expect(await q.explain('a')).toMatchObject({
      why: 'backoff',
      failures: 1,
      error: { name: 'RangeError', message: 'too far' },
      sentence:
        'It failed once (RangeError: too far), and is tried again 2026-01-01T00:00:01Z, in 1 s.',
    })
  })

  it('says that the queue is paused', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueue('a', { id: 'a' })
    await q.pause()
    expect(await q.explain('a')).toMatchObject({ why: 'paused' })
  })

  it('names the jobs that it depends on, and what became of them', async () => {
    const world = await World.open()
    const q = world.queue({ attempts: 1 })
    for (const id of ['dead', 'cancelled', 'gone', 'waiting']) await q.enqueue(id, { id })
    await q.enqueue('a', { id: 'a', dependsOn: ['dead', 'cancelled', 'gone', 'waiting'] })
    await (await take(q)).nack()
    await q.cancel('cancelled')
    await q.dead.list()
    const on = (await q.explain('a')) as unknown
    expect(on).toMatchObject({
      why: 'dependency',
      on: [
        { id: 'dead', status: 'dead' },
        { id: 'cancelled', status: 'cancelled' },
        { id: 'gone', status: 'waiting' },
        { id: 'waiting', status: 'waiting' },
      ],
    })
    const other = world.queue({}, 'other')
    await other.enqueue('x', { id: 'x' })
    await other.enqueue('y', { id: 'y', dependsOn: ['x'] })
    await other.purge({ states: ['waiting'] })
    expect(await other.explain('y')).toMatchObject({
      why: 'dependency',
      on: [{ id: '@8', status: 'gone' }],
    })
    expect((await other.explain('y')).sentence).toContain('That never happens: cancel this one.')
    const third = world.queue({ attempts: 1 }, 'third')
    await third.enqueue('x', { id: 'x' })
    await third.enqueue('y', { id: 'y', dependsOn: ['x'] })
    await third.cancel('x')
    expect((await third.explain('y')).sentence).toContain('by itself: retry() that one, or cancel')
  })

  it('names the jobs of its group that run, or that failed before it', async () => {
    const world = await World.open()
    const q = world.queue(FIXED)
    await q.enqueue('a', { id: 'a', group: 'g' })
    await q.enqueue('b', { id: 'b', group: 'g' })
    const lease = await take(q)
    expect(await q.explain('b')).toMatchObject({
      why: 'groupBusy',
      group: 'g',
      by: [{ id: 'a', status: 'active' }],
    })
    await lease.nack()
    expect(await q.explain('b')).toMatchObject({
      why: 'groupBlocked',
      group: 'g',
      by: [{ id: 'a', status: 'delayed' }],
    })
  })

  it('says how long the limiter holds the next job', async () => {
    const world = await World.open()
    const q = world.queue({ limiter: { max: 1, durationMs: 10_000 } })
    await q.enqueue('a', { id: 'a' })
    await (await take(q)).ack()
    await q.enqueue('b', { id: 'b' })
    q.process(() => {})
    await settled()
    expect(await q.explain('b')).toMatchObject({ why: 'limiter', forMs: 10_000 })
  })

  it('says who is before it while all workers are busy, and that a handler is overdue', async () => {
    const world = await World.open()
    const q = world.queue({ timeoutMs: 1_000 })
    q.process(() => NEVER, { unref: true })
    for (const id of ['a', 'b', 'c']) await q.enqueue(id, { id })
    await settled()
    expect(await q.explain('a')).toMatchObject({ why: 'running', attempt: 1 })
    expect(await q.explain('c')).toMatchObject({ why: 'busy', ahead: 1, running: 1, overrun: 0 })
    await world.clock.advance(1_000)
    expect(await q.explain('a')).toMatchObject({ why: 'overrun', attempt: 1 })
    expect(await q.explain('b')).toMatchObject({ why: 'busy', ahead: 0, running: 1, overrun: 1 })
    expect(q.stats().overrun).toBe(1)
  })

  it('says that a job is held back that ran in several crashes, while another such job runs', async () => {
    const world = await World.open()
    await world.queue().enqueueMany([
      { data: 1, options: { id: 'a' } },
      { data: 2, options: { id: 'b' } },
    ])
    for (let crash = 0; crash < 2; crash++) {
      await world.queue().receive({ max: 2 })
      await world.kill()
    }
    const q = world.queue()
    expect(await q.receive({ max: 2 })).toHaveLength(1)
    expect(await q.explain('b')).toMatchObject({ why: 'heldBack', crashes: 2 })
  })

  it('says how a job ended', async () => {
    const world = await World.open()
    const q = world.queue({ attempts: 1 })
    await q.enqueue('a', { id: 'a' })
    await (await take(q)).ack()
    await q.enqueue('b', { id: 'b' })
    await (await take(q)).nack({ error: new Error('no') })
    await q.enqueue('c', { id: 'c' })
    await q.cancel('c')
    expect(await q.explain('a')).toMatchObject({ why: 'completed' })
    expect(await q.explain('b')).toMatchObject({ why: 'dead', reason: 'attempts' })
    expect(await q.explain('c')).toMatchObject({ why: 'cancelled', endedAtMs: world.clock.now() })
  })
})
