import { MemoryQueue, type QueueSubject, queueChecks } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { FaithfulQueue, brokenQueues } from './support/broken-queues.js'
import { noticedBy } from './support/noticing.js'
import { TurningClock } from './support/turning-clock.js'

type Wrapper = new (inner: MemoryQueue<unknown>) => FaithfulQueue

async function brokenSubject(Broken: Wrapper): Promise<QueueSubject> {
  const clock = new TurningClock()
  const inner = new MemoryQueue<unknown>({ clock, isFenced: true })
  return {
    queue: new Broken(inner),
    isFenced: true,
    advance: (ms) => clock.advance(ms),
    reopen: async () => new Broken(inner),
    cleanUp: async () => inner.close(),
  }
}

describe('the conformance suite of queues', () => {
  const cases = brokenQueues.map(([Broken, caughtBy]) => ({ name: Broken.name, Broken, caughtBy }))

  it('passes a queue whose wrapper changes nothing', async () => {
    const noticed = await noticedBy(queueChecks, () => brokenSubject(FaithfulQueue))
    expect(noticed).toEqual([])
  })

  it.each(cases)('notices the queue that $name: $caughtBy', async ({ Broken, caughtBy }) => {
    const checks = queueChecks.filter(({ name }) => caughtBy.test(name))
    expect(checks).toHaveLength(1)
    expect(await noticedBy(checks, () => brokenSubject(Broken))).toHaveLength(1)
  })

  it('has no check without a queue that breaks just that', () => {
    const isControlled = (name: string): boolean => {
      return brokenQueues.some(([, caughtBy]) => caughtBy.test(name))
    }
    expect(queueChecks.map(({ name }) => name).filter((name) => !isControlled(name))).toEqual([])
  })

  it('has no two checks of one name', () => {
    expect(new Set(queueChecks.map(({ name }) => name)).size).toBe(queueChecks.length)
  })
})
