import { describe, expect, it } from 'vitest'
import { TestQueues } from '../../src/testing/test-queues.js'

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
