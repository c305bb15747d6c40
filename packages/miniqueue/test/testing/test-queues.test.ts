import { describe, expect, it } from 'vitest'
import { TestQueues } from '../../src/testing/test-queues.js'

const HOUR_MS = 3_600_000

describe('queues in a test', () => {
  it('let hours pass in no time', async () => {
    await using test = await TestQueues.open()
    const queue = test.queues.queue<string>('mails', {
      backoff: { type: 'fixed', delayMs: HOUR_MS },
    })
    const attempts: number[] = []
    queue.process(({ attempt }) => {
      attempts.push(attempt)
      if (attempt < 3) throw new Error('not yet')
    })
    await queue.enqueue('hello', { id: 'a' })
    await test.clock.advance(2 * HOUR_MS - 1)
    expect(attempts).toEqual([1, 2])
    await test.clock.advance(1)
    expect(attempts).toEqual([1, 2, 3])
    expect(await queue.get('a')).toMatchObject({ status: 'completed', failures: 2 })
  })

  it('crash, and find what was durable', async () => {
    await using test = await TestQueues.open()
    const before = test.queues.queue<string>('mails')
    await before.enqueue('hello', { id: 'a' })
    before.process(() => new Promise(() => {}))
    await test.clock.advance(0)
    expect(before.stats().active).toBe(1)

    const queues = await test.crash()
    const after = queues.queue<string>('mails')
    expect(queues.crashed).toBe(1)
    expect(await after.get('a')).toMatchObject({ status: 'waiting', crashes: 1 })
    const [lease] = await after.receive()
    expect(lease?.job.previous).toEqual({ attempt: 1, outcome: 'crashed' })
  })

  it('restart cleanly, and nobody has a strike', async () => {
    await using test = await TestQueues.open()
    await test.queues.queue<string>('mails').enqueue('hello', { id: 'a' })
    const queues = await test.restart()
    expect(queues.crashed).toBe(0)
    expect(queues.queue('mails').stats().waiting).toBe(1)
    test.clock.setWall(test.clock.now() + HOUR_MS)
    expect(queues.queue('mails').stats().waiting).toBe(1)
  })
})
