// A worker, retries, `once` and `checkpoint` on the message port alone: a queue as a server keeps it, whose
// leases run out and are not fenced.
import { MemoryQueue } from '@mini-rs/testkit'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Job } from '../src/job.js'
import type { MessageLease } from '../src/message-port.js'
import { NonRetryableError, RetryAfterError } from '../src/worker/worker-errors.js'
import type { WorkerHost } from '../src/worker/worker-host.js'
import type { Handler, ProcessOptions } from '../src/worker/worker-types.js'
import { Worker } from '../src/worker/worker.js'
import { collect, gate } from './support/leases.js'
import { ManualClock, settled } from './support/manual-clock.js'

const LEASE_MS = 3_000

let clock: ManualClock
let queue: MemoryQueue<unknown>
let failed: unknown[]

beforeEach(() => {
  clock = new ManualClock()
  queue = new MemoryQueue({ clock, maxLeaseMs: LEASE_MS })
  failed = []
})

function start(handler: Handler<unknown, unknown>, options: ProcessOptions = {}): Worker {
  return new Worker(hostOf(queue), handler, options)
}

function hostOf(port: MemoryQueue<unknown>): WorkerHost {
  const nothing = (): void => {}
  return {
    queue: port,
    clock,
    random: () => 0,
    jobOf,
    planOf: () => ({
      attempts: 3,
      backoff: { type: 'exponential', delayMs: 100 },
      timeoutMs: undefined,
    }),
    transactionFor: (lease) => ({
      tx: { enqueue: nothing, put: nothing },
      ack: (result) => lease.ack(result),
    }),
    progress: nothing,
    log: nothing,
    overrun: nothing,
    failed: (error) => failed.push(error),
    hold: nothing,
    release: nothing,
  }
}

function jobOf(lease: MessageLease<unknown>): Job<unknown> {
  return {
    id: lease.id,
    seq: 0,
    queue: 'memory',
    data: lease.payload,
    headers: lease.headers,
    priority: 0,
    group: undefined,
    status: 'active',
    attempt: lease.deliveryCount,
    failures: lease.failureCount,
    crashes: 0,
    enqueuedAtMs: 0,
    previous: undefined,
  }
}

describe('a worker on a queue whose leases run out', () => {
  it('asks again when its queue had no answer', async () => {
    const host = hostOf(queue)
    let refusals = 2
    const port = {
      receive: async (...args: Parameters<typeof queue.receive>) => {
        if (refusals-- > 0) throw new Error('unavailable')
        return queue.receive(...args)
      },
    }
    const done: unknown[] = []
    await queue.enqueue('a')
    await using worker = new Worker(
      { ...host, queue: port },
      ({ data }: Job<unknown>) => void done.push(data),
      {},
    )
    await settled()
    expect(done).toEqual([])
    await clock.advance(2_000)
    expect(done).toEqual(['a'])
    expect(failed).toHaveLength(2)
    expect(worker.running).toBe(0)
  })

  it('does each message once, as many at a time as it should', async () => {
    const seen: unknown[] = []
    let running = 0
    let most = 0
    const worker = start(
      async ({ data }) => {
        running += 1
        most = Math.max(most, running)
        await settled(1)
        seen.push(data)
        running -= 1
      },
      { concurrency: 3 },
    )
    for (let data = 0; data < 10; data++) await queue.enqueue(data)
    while (seen.length < 10) await clock.advance(10)
    expect(seen.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(most).toBe(3)
    expect(await worker.close()).toEqual({ abandoned: [] })
    expect(failed).toEqual([])
  })

  it('runs those of a batch that it has, when its queue has no answer to the rest', async () => {
    const host = hostOf(queue)
    let asked = 0
    const port = {
      receive: async (...args: Parameters<typeof queue.receive>) => {
        if (++asked === 2) throw new Error('unavailable')
        return queue.receive(...args)
      },
    }
    const seen: unknown[] = []
    await queue.enqueue('a')
    const handler = (jobs: readonly Job<unknown>[]): void => {
      seen.push(jobs.map(({ data }) => data))
    }
    const options = { concurrency: 2, batch: { size: 2, waitMs: 10 } }
    const worker = new Worker({ ...host, queue: port }, handler, options)
    await clock.advance(100)
    expect(seen).toEqual([['a']])
    expect(failed).toMatchObject([{ message: 'unavailable' }])
    expect(await queue.receive()).toEqual([])
    await worker.close()
  })

  describe('while acks are on their way', () => {
    /** Starts a worker whose acks wait, and tells what it has begun. */
    async function startHeld(
      options: ProcessOptions,
      jobs: number,
    ): Promise<{ begun: unknown[]; worker: Worker; release: () => Promise<void> }> {
      let acks = gate()
      const held = new Proxy(queue, {
        get: (target, name: keyof MemoryQueue<unknown>) =>
          name !== 'receive'
            ? target[name]
            : async (...args: Parameters<typeof queue.receive>) => {
                const leases = await target.receive(...args)
                for (const lease of leases) {
                  const ack = lease.ack.bind(lease)
                  lease.ack = (result) => acks.promise.then(() => ack(result))
                }
                return leases
              },
      })
      for (let data = 0; data < jobs; data++) await queue.enqueue(data)
      const begun: unknown[] = []
      const worker = new Worker(
        hostOf(held),
        ({ data }: Job<unknown>) => void begun.push(data),
        options,
      )
      await settled()
      const release = async (): Promise<void> => {
        const before = acks
        acks = gate()
        before.open()
        await settled()
      }
      return { begun, worker, release }
    }

    it('as many jobs begin as may run at once, and no more', async () => {
      const { begun, worker, release } = await startHeld({ concurrency: 3 }, 10)
      expect(begun).toEqual([0, 1, 2, 3, 4, 5])
      expect(worker.running).toBe(0)
      await release()
      expect(begun).toHaveLength(10)
      const closing = worker.close()
      await release()
      await release()
      expect(await closing).toEqual({ abandoned: [] })
      expect(failed).toEqual([])
    })

    it('none begins where they run one by one', async () => {
      const { begun, worker, release } = await startHeld({ concurrency: 1 }, 3)
      expect(begun).toEqual([0])
      await release()
      expect(begun).toEqual([0, 1])
      const closing = worker.close()
      await release()
      expect(await closing).toEqual({ abandoned: [] })
    })
  })

  it('holds the lease of a long handler as long as it runs, by extending it', async () => {
    const work = gate()
    const runs: number[] = []
    start(
      async ({ attempt }) => {
        runs.push(attempt)
        await work.promise
      },
      { concurrency: 2 },
    )
    await queue.enqueue(1)
    await clock.advance(10 * LEASE_MS)
    expect(runs).toEqual([1])
    work.open()
    await clock.advance(10 * LEASE_MS)
    expect(await queue.counts()).toMatchObject({ waiting: 0, active: 0, dead: 0 })
    expect(runs).toEqual([1])
  })

  it('tries again after the backoff, and makes a message dead when its attempts are used up', async () => {
    const runs: number[] = []
    start(() => {
      runs.push(clock.monotonicMs())
      throw new Error('no')
    })
    await queue.enqueue(1)
    await clock.advance(10_000)
    expect(runs).toEqual([0, 100, 300])
    const dead = await collect(queue.deadLetters())
    expect(dead).toMatchObject([{ payload: 1, reason: 'attempts', error: { message: 'no' } }])
  })

  it('burns no attempt by RetryAfterError, and makes a message dead at once by NonRetryableError', async () => {
    let runs = 0
    start(() => {
      runs += 1
      if (runs < 6) throw new RetryAfterError(50)
      throw new NonRetryableError('hopeless')
    })
    await queue.enqueue(1)
    await clock.advance(10_000)
    expect(runs).toBe(6)
    expect(await collect(queue.deadLetters())).toMatchObject([{ reason: 'nonRetryable' }])
  })

  it('keeps what `once` and `checkpoint` have noted in the memo, also when a holder dies', async () => {
    let steps = 0
    const saved: unknown[] = []
    const never = gate()
    const handler: Handler<unknown, unknown> = async ({ attempt }, context) => {
      saved.push(context.saved)
      await context.once('step', () => ++steps)
      await context.checkpoint({ attempt })
      if (attempt === 1) throw new Error('the first time it fails')
      if (attempt === 2) await never.promise
      return context.once('step', () => ++steps)
    }
    const dying = start(handler)
    await queue.enqueue(1)
    await clock.advance(200)
    // The one that has the message is gone, and extends it no more.
    const closed = dying.close({ timeoutMs: 0, graceMs: 0 })
    await clock.advance(0)
    expect((await closed).abandoned).toHaveLength(1)
    const [mine] = await queue.receive({ waitMs: 0 })
    expect(mine).toBeUndefined()
    never.open()
    await clock.advance(2 * LEASE_MS)
    expect(saved).toEqual([undefined, { attempt: 1 }])
    expect(steps).toBe(1)
    expect(await queue.counts()).toMatchObject({ waiting: 0, active: 0, dead: 0 })
  })

  it('lets another have the message when its process stands still for longer than the lease', async () => {
    const runs: number[] = []
    const first = gate()
    start(
      async ({ attempt }) => {
        runs.push(attempt)
        if (attempt === 1) await first.promise
      },
      { concurrency: 2 },
    )
    await queue.enqueue(1)
    await settled()
    await clock.stall(2 * LEASE_MS)
    await queue.counts()
    await clock.advance(LEASE_MS)
    first.open()
    await clock.advance(LEASE_MS)
    // At least once, as servers do; the late ack of the first one breaks nothing.
    expect(runs[0]).toBe(1)
    expect(await queue.counts()).toMatchObject({ waiting: 0, active: 0, dead: 0 })
  })
})
