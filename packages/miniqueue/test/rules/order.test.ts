import { beforeEach, describe, expect, it } from 'vitest'
import { drain, take } from '../support/leases.js'
import { settled } from '../support/manual-clock.js'
import { World } from '../support/world.js'

let world: World

beforeEach(async () => {
  world = await World.open()
})

describe('the order of delivery', () => {
  it('is priority, lower first, then when a job became ready, then its number', async () => {
    const q = world.queue()
    await q.enqueue('late', { priority: 5 })
    await q.enqueue('first', { priority: -1 })
    await q.enqueue('second')
    await q.enqueue('third')
    await world.clock.advance(10)
    await q.enqueue('fourth')
    const expected = ['first', 'second', 'third', 'fourth', 'late']
    await world.kill()
    expect(await drain(world.queue())).toEqual(expected)
  })

  it('of a delayed job is by its due time: it neither jumps the line nor goes last', async () => {
    const q = world.queue()
    await q.enqueue('delayed', { delayMs: 1_000 })
    await q.enqueue('before')
    await world.clock.advance(999)
    await q.enqueue('just before')
    await world.clock.advance(2)
    await q.enqueue('after')
    expect(await drain(q)).toEqual(['before', 'just before', 'delayed', 'after'])
  })

  it('of a retried job is by its due time', async () => {
    const q = world.queue({ backoff: { type: 'fixed', delayMs: 1_000 } })
    await q.enqueue('retried')
    await (await take(q)).nack({ error: new Error('no') })
    await q.enqueue('before')
    await world.clock.advance(1_001)
    await q.enqueue('after')
    await world.kill()
    expect(await drain(world.queue())).toEqual(['before', 'retried', 'after'])
  })

  it('does not deliver a delayed job a millisecond early', async () => {
    const q = world.queue()
    await q.enqueue(1, { delayMs: 1_000 })
    await world.clock.advance(999)
    expect(await q.receive()).toEqual([])
    await world.clock.advance(1)
    expect(await q.receive()).toHaveLength(1)
  })

  it('gives a worker that waits a delayed job at its time, also after an opening', async () => {
    await world.queue().enqueue(1, { delayMs: 5_000 })
    await world.kill()
    const seen: number[] = []
    world.queue().process(() => void seen.push(world.clock.monotonicMs()))
    await world.clock.advance(10_000)
    expect(seen).toEqual([5_000])
    expect(world.clock.waiting).toBe(0)
  })

  it('passes by jobs that have expired before they began: they are dead', async () => {
    const q = world.queue()
    const dead: unknown[] = []
    q.on('dead', ({ job, reason }) => dead.push([job.data, reason]))
    const expiresAt = world.clock.now() + 1_000
    await q.enqueueMany([
      { data: 'expired', options: { expiresAt } },
      { data: 'lives', options: { expiresAt: expiresAt + 1 } },
    ])
    await world.clock.advance(1_000)
    expect(await drain(q)).toEqual(['lives'])
    await settled()
    expect(dead).toEqual([['expired', 'expired']])
  })

  it('passes by tens of thousands of them', async () => {
    const q = world.queue()
    const expiresAt = world.clock.now() + 1
    await q.enqueueMany(
      Array.from({ length: 20_000 }, (_, data) => ({ data, options: { expiresAt } })),
    )
    await q.enqueue('lives')
    await world.clock.advance(1)
    expect((await take(q)).payload).toBe('lives')
    await settled(10)
    expect(q.stats()).toMatchObject({ dead: 20_000, waiting: 0 })
  })
})

describe('groups', () => {
  it('run their jobs one after the other, and come in turn', async () => {
    const q = world.queue()
    for (const data of ['a1', 'a2', 'a3', 'b1', 'b2']) {
      await q.enqueue(data, { group: data.slice(0, 1) })
    }
    const [a1, b1, none] = [await take(q), await take(q), await q.receive()]
    expect([a1.payload, b1.payload, none]).toEqual(['a1', 'b1', []])
    await a1.ack()
    await b1.ack()
    expect(await drain(q)).toEqual(['a2', 'b2', 'a3'])
  })

  it('stand still while one that failed waits for its next time, and keep their order', async () => {
    const q = world.queue({ backoff: { type: 'fixed', delayMs: 1_000 } })
    await q.enqueue('a1', { group: 'a' })
    await q.enqueue('a2', { group: 'a' })
    await (await take(q)).nack()
    expect(await q.receive()).toEqual([])
    await world.kill()
    const again = world.queue()
    expect(await again.receive()).toEqual([])
    await world.clock.advance(1_000)
    expect(await drain(again)).toEqual(['a1', 'a2'])
  })

  it('go on with `skip`, also when the failure was in a process before', async () => {
    const options = { group: { onFailure: 'skip' as const } }
    const q = world.queue(options)
    await q.enqueue('a1', { group: 'a' })
    await q.enqueue('a2', { group: 'a' })
    await q.enqueue('a3', { group: 'a' })
    await (await take(q)).nack({ delayMs: 1_000 })
    await (await take(q)).ack()
    await world.kill()
    expect(await drain(world.queue(options))).toEqual(['a3'])
    await world.clock.advance(1_000)
    expect(await drain(world.queue(options))).toEqual(['a1'])
  })

  it('go on when the one that held them up is dead', async () => {
    const q = world.queue({ attempts: 2 })
    await q.enqueue('a1', { group: 'a' })
    await q.enqueue('a2', { group: 'a' })
    await (await take(q)).nack({ delayMs: 10 })
    await world.clock.advance(10)
    await (await take(q)).nack()
    expect(q.stats()).toMatchObject({ dead: 1, waiting: 1 })
    expect(await drain(q)).toEqual(['a2'])
  })

  it('go on when their first job expires', async () => {
    const q = world.queue()
    await q.enqueue('a1', { group: 'a', expiresAt: world.clock.now() + 1 })
    await q.enqueue('a2', { group: 'a' })
    await world.clock.advance(1)
    // Its death has to be on the disk first.
    expect((await q.receive({ waitMs: 1_000 }))[0]?.payload).toBe('a2')
  })

  it('run as many jobs at once as their concurrency says', async () => {
    const q = world.queue({ group: { concurrency: 2 } })
    for (const data of ['a1', 'a2', 'a3']) await q.enqueue(data, { group: 'a' })
    const leases = await q.receive({ max: 3 })
    expect(leases.map(({ payload }) => payload)).toEqual(['a1', 'a2'])
    await leases[1]?.ack()
    expect((await take(q)).payload).toBe('a3')
  })

  it('exclude a priority', async () => {
    const both = world.queue().enqueue(1, { group: 'a', priority: 1 })
    await expect(both).rejects.toThrow(TypeError)
  })
})

describe('dependsOn', () => {
  it('holds a job back until all that it names have completed', async () => {
    const q = world.queue()
    await q.enqueueMany([
      { data: 'a', options: { id: 'a' } },
      { data: 'b', options: { id: 'b' } },
    ])
    await q.enqueue('c', { dependsOn: ['a', 'b'] })
    expect(q.stats()).toMatchObject({ waiting: 2, blocked: 1 })
    await (await take(q)).ack()
    await world.kill()
    const again = world.queue()
    expect(again.stats()).toMatchObject({ waiting: 1, blocked: 1 })
    expect(await drain(again)).toEqual(['b', 'c'])
  })

  it('of jobs that have completed holds back nothing', async () => {
    const q = world.queue({ retention: { completed: { count: 0 } } })
    await q.enqueue('a', { id: 'a' })
    await drain(q)
    expect(await q.get('a')).toBeUndefined()
    await q.enqueue('b', { dependsOn: ['a'] })
    expect(await drain(q)).toEqual(['b'])
  })

  it('of a job that has completed and runs again waits for that', async () => {
    const q = world.queue()
    await q.enqueue('a', { id: 'a' })
    await drain(q)
    await q.retry('a')
    await q.enqueue('b', { dependsOn: ['a'] })
    expect(q.stats()).toMatchObject({ waiting: 1, blocked: 1 })
    expect(await drain(q)).toEqual(['a', 'b'])
  })

  it('of a job that ends dead leaves the other blocked', async () => {
    const q = world.queue()
    await q.enqueue('a', { id: 'a' })
    await q.enqueue('b', { dependsOn: ['a'] })
    await (await take(q)).deadLetter('no')
    expect(q.stats()).toMatchObject({ dead: 1, blocked: 1 })
    expect(await drain(q)).toEqual([])
  })

  it('of a job that is not known is refused, and nothing is written', async () => {
    const refused = world.queue().enqueue('b', { dependsOn: ['nobody'] })
    await expect(refused).rejects.toMatchObject({
      code: 'DEPENDENCY_UNKNOWN',
      id: 'nobody',
      outcome: 'absent',
    })
    expect(world.records).toEqual([])
  })

  it.each([1, 0])(
    'of a job that completes while the enqueue is on its way holds back nothing, with %i kept',
    async (count) => {
      const options = { retention: { completed: { count } } }
      const q = world.queue(options)
      await q.enqueue('a', { id: 'a' })
      const lease = await take(q)
      await Promise.all([lease.ack(), q.enqueue('b', { dependsOn: ['a'] })])
      expect(q.stats()).toMatchObject({ waiting: 1, blocked: 0 })
      await world.kill()
      expect(await drain(world.queue(options))).toEqual(['b'])
    },
  )

  it('of a delayed job waits for both, and a job behind it for its own time', async () => {
    const q = world.queue()
    await q.enqueue('a', { id: 'a' })
    await q.enqueue('b', { dependsOn: ['a'], delayMs: 1_000 })
    await drain(q)
    expect(q.stats()).toMatchObject({ delayed: 1, blocked: 0 })
    await world.clock.advance(1_000)
    expect(await drain(q)).toEqual(['b'])
  })
})
