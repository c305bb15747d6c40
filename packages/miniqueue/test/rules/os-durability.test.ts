import { describe, expect, it } from 'vitest'
import { TestQueues } from '../../src/testing/test-queues.js'
import { settled } from '../support/manual-clock.js'
import { DIRECTORY, World } from '../support/world.js'

// The log shows its writer only what is synced, and these records are not when they are asked for.
describe('with durability os, though nothing is synced', () => {
  it('waitFor has the result', async () => {
    await using test = await TestQueues.open({ durability: 'os' })
    const queue = test.queues.queue<number, string>('q')
    queue.process(({ data }) => `done ${data}`)
    await queue.enqueue(1, { id: 'a' })
    const result = queue.waitFor('a')
    await test.clock.advance(1)
    expect(await result).toBe('done 1')
  })

  it('history tells all', async () => {
    await using test = await TestQueues.open({ durability: 'os' })
    const queue = test.queues.queue<number>('q')
    await queue.enqueue(1, { id: 'a' })
    const [lease] = await queue.receive()
    await lease?.ack()
    const kinds = (await queue.history('a')).map(({ kind }) => kind)
    expect(kinds).toEqual(['enqueued', 'delivery'])
  })

  it('a job whose payload is not in the memory is delivered, listed and shown', async () => {
    await using test = await TestQueues.open({ durability: 'os', memoryBudgetBytes: 0 })
    const queue = test.queues.queue<number>('q')
    await queue.enqueue(7, { id: 'a' })
    expect(await queue.get('a')).toMatchObject({ data: 7 })
    expect(await queue.list()).toMatchObject([{ data: 7 }])
    await queue.enqueue(8, { id: 'b' })
    const leases = await queue.receive({ max: 2 })
    expect(leases.map(({ payload }) => payload)).toEqual([7, 8])
  })
})

describe('an old job, with durability os', () => {
  it('is not lost with the segment that it was first written in, when the power fails', async () => {
    const world = await World.open({ durability: 'os', maxSegmentBytes: 4_000 })
    const q = world.queue<number>({ retention: { completed: { count: 0 } } })
    await q.enqueue(-1, { id: 'old', delayMs: 365 * 86_400_000 })
    q.process(() => undefined, { concurrency: 50 })
    const first = `${DIRECTORY}/journal.jsonl.000001`
    for (let round = 0; round < 200 && (round < 5 || world.disk.has(first)); round++) {
      await q.enqueueMany(Array.from({ length: 50 }, (_, data) => ({ data })))
      await settled(5)
    }
    expect(world.disk.has(first), 'the first segment is still there').toBe(false)
    await world.cutPower()
    expect(await world.queue().get('old')).toMatchObject({ status: 'delayed', data: -1 })
  })
})
