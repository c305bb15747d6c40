import { beforeEach, describe, expect, it } from 'vitest'
import { NonRetryableError, RetryAfterError } from '../../src/worker/worker-errors.js'
import { collect, drain, gate, take } from '../support/leases.js'
import { settled } from '../support/manual-clock.js'
import { World } from '../support/world.js'

let world: World

beforeEach(async () => {
  world = await World.open()
})

describe('a handler that throws', () => {
  it('is tried again after its backoff, and its job is dead when its attempts are used up', async () => {
    const q = world.queue({
      attempts: 4,
      backoff: { type: 'exponential', delayMs: 100, maxMs: 300 },
    })
    const runs: number[] = []
    const told: unknown[] = []
    q.on('retry', ({ error, dueMs }) => told.push([error?.message, dueMs - world.clock.now()]))
    q.on('dead', ({ job, reason, error }) => told.push([job.failures, reason, error?.message]))
    q.process(() => {
      runs.push(world.clock.monotonicMs())
      throw new Error('no')
    })
    await q.enqueue(1)
    await world.clock.advance(10_000)
    expect(runs).toEqual([0, 100, 300, 600])
    expect(told).toEqual([
      ['no', 100],
      ['no', 200],
      ['no', 300],
      [4, 'attempts', 'no'],
    ])
    expect(await collect(q.deadLetters())).toMatchObject([{ reason: 'attempts' }])
  })

  it('with a backoff of its own takes that, a function too', async () => {
    const runs: number[] = []
    const q = world.queue({ backoff: (failures) => failures * 7 })
    q.process(({ attempt }) => {
      runs.push(world.clock.monotonicMs())
      if (attempt < 3) throw new Error('no')
    })
    await q.enqueue(1)
    await world.clock.advance(100)
    await q.enqueue(2, { backoff: { type: 'fixed', delayMs: 1 }, attempts: 9 })
    await world.clock.advance(100)
    expect(runs).toEqual([0, 7, 21, 100, 101, 102])
  })

  it('with a backoff that fails takes the default, and tells it', async () => {
    const runs: number[] = []
    const told: unknown[] = []
    const q = world.queue({
      backoff: () => {
        throw new RangeError('no such row')
      },
    })
    q.on('failed', ({ error }) => told.push(String(error)))
    q.process(({ attempt }) => {
      runs.push(world.clock.monotonicMs())
      if (attempt < 2) throw new Error('no')
    })
    await q.enqueue(1)
    await world.clock.advance(1_000)
    expect(q.stats()).toMatchObject({ completed: 1, active: 0 })
    expect(runs).toHaveLength(2)
    expect(runs[1]).toBeGreaterThan(799)
    expect(told).toEqual(['RangeError: no such row'])
  })

  it('RetryAfterError waits as long as it says, and burns no attempt', async () => {
    const q = world.queue({ attempts: 1 })
    const runs: number[] = []
    q.process(({ failures }) => {
      expect(failures).toBe(0)
      runs.push(world.clock.monotonicMs())
      if (runs.length < 5) throw new RetryAfterError(50)
    })
    await q.enqueue(1)
    await world.clock.advance(1_000)
    expect(runs).toEqual([0, 50, 100, 150, 200])
    expect(q.stats().completed).toBe(1)
  })

  it('NonRetryableError makes its job dead at once', async () => {
    const q = world.queue()
    q.process(() => {
      throw new NonRetryableError('hopeless')
    })
    await q.enqueue(1)
    await settled()
    expect(await collect(q.deadLetters())).toMatchObject([
      { reason: 'nonRetryable', error: { name: 'NonRetryableError', message: 'hopeless' } },
    ])
  })

  it('something that is no error has failed all the same', async () => {
    const q = world.queue({ attempts: 1 })
    q.process(() => {
      // oxlint-disable-next-line no-throw-literal -- callers do
      throw undefined
    })
    await q.enqueue(1)
    await settled()
    expect(q.stats().dead).toBe(1)
  })

  it('or returns what cannot be written down has failed', async () => {
    const q = world.queue<number, unknown>({ attempts: 1 })
    q.process(() => 1n)
    await q.enqueue(1)
    await settled()
    expect(q.stats().dead).toBe(1)
  })
})

describe('once', () => {
  it('runs a step once in the life of its job, through failures and crashes', async () => {
    let steps = 0
    const handler = async (once: <V>(key: string, step: () => V) => Promise<V>): Promise<number> =>
      once('charge', () => ++steps)
    const q = world.queue<number, number>()
    const results: number[] = []
    q.process(async ({ attempt }, { once }) => {
      results.push(await handler(once))
      if (attempt === 1) throw new RetryAfterError(0)
      if (attempt === 2) return new Promise(() => {})
      return 0
    })
    await q.enqueue(1)
    await world.clock.advance(10)
    expect(results).toEqual([1, 1])
    await world.cutPower()
    const again = world.queue<number, number>()
    again.process(async (_, { once }) => handler(once))
    expect(await again.waitFor('@1')).toBe(1)
    expect(steps).toBe(1)
  })

  it('at once, with one key, runs one step; with others, each', async () => {
    const q = world.queue()
    const ran: string[] = []
    const step = (name: string) => async (): Promise<string> => {
      ran.push(name)
      await settled(1)
      return name
    }
    const results: unknown[] = []
    q.process(async (_, { once }) => {
      results.push(
        ...(await Promise.all([once('a', step('a')), once('a', step('b')), once('c', step('c'))])),
      )
      results.push(await once('nothing', () => undefined))
    })
    await q.enqueue(1)
    await q.idle()
    expect(ran).toEqual(['a', 'c'])
    expect(results).toEqual(['a', 'a', 'c', undefined])
  })

  it('of a step that throws is not noted', async () => {
    const q = world.queue()
    let tries = 0
    q.process((_, { once }) =>
      once('a', () => {
        if (++tries < 3) throw new RetryAfterError(0)
        return tries
      }),
    )
    await q.enqueue(1)
    await world.clock.advance(10)
    expect(await q.waitFor('@1')).toBe(3)
  })
})

describe('checkpoint', () => {
  it('is what the next delivery finds, beside what `once` has noted', async () => {
    const q = world.queue()
    const saved: unknown[] = []
    q.process(async (_, context) => {
      saved.push(context.saved)
      await context.once('step', () => 1)
      await context.checkpoint({ page: saved.length })
      if (saved.length < 3) throw new RetryAfterError(0)
    })
    await q.enqueue(1)
    await world.clock.advance(10)
    expect(saved).toEqual([undefined, { page: 1 }, { page: 2 }])
  })

  it('larger than 64 KiB is refused, and one of 64 KiB is not', async () => {
    const q = world.queue()
    await q.enqueue(1)
    const lease = await take(q)
    const most = 'x'.repeat(64 * 1024 - 2)
    await lease.save(most)
    await expect(lease.save(`${most}x`)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    await lease.nack({ delayMs: 0 })
    expect((await take(q)).memo).toBe(most)
  })
})

describe('tx', () => {
  it('enqueues and puts in the commit of the ack, and in no other', async () => {
    const q = world.queue()
    const other = world.queue({}, 'other')
    q.process(({ attempt }, { tx }) => {
      tx.enqueue('other', `of ${attempt}`)
      tx.put('cursor', attempt)
      if (attempt === 1) throw new RetryAfterError(0)
    })
    await q.enqueue(1)
    await world.clock.advance(10)
    expect(await drain(other)).toEqual(['of 2'])
    expect(world.queues.value('cursor')).toBe(2)
  })

  it('that cannot be written fails its handler', async () => {
    const q = world.queue({ attempts: 1 })
    const full = world.queue({ limits: { depth: 1 } }, 'full')
    await full.enqueue(1)
    q.process((_, { tx }) => tx.enqueue(full, 2))
    await q.enqueue(1)
    await settled()
    expect(q.stats()).toMatchObject({ dead: 1, completed: 0 })
    expect(full.stats().depth).toBe(1)
  })
})

describe('a batch', () => {
  it('is given up to so many jobs, after at most so long', async () => {
    const q = world.queue()
    const batches: unknown[][] = []
    q.process((jobs) => void batches.push(jobs.map(({ data }) => data)), {
      batch: { size: 3, waitMs: 1_000 },
    })
    await q.enqueueMany([1, 2, 3, 4].map((data) => ({ data })))
    await settled()
    expect(batches).toEqual([[1, 2, 3]])
    await world.clock.advance(999)
    expect(batches).toHaveLength(1)
    await world.clock.advance(1)
    expect(batches).toEqual([[1, 2, 3], [4]])
    expect(q.stats()).toMatchObject({ completed: 4 })
  })

  it('that fails has failed for each', async () => {
    const q = world.queue({ backoff: { type: 'fixed', delayMs: 10 } })
    let runs = 0
    q.process(
      () => {
        runs += 1
        if (runs === 1) throw new Error('no')
      },
      { batch: { size: 2 } },
    )
    await q.enqueueMany([{ data: 1 }, { data: 2 }])
    await settled()
    expect(q.stats()).toMatchObject({ delayed: 2 })
    await world.clock.advance(10)
    expect(q.stats()).toMatchObject({ completed: 2 })
  })
})

describe('waitFor', () => {
  it('gives the result, at once or later, and after an opening', async () => {
    const q = world.queue<number, object>()
    const waiting = (await q.enqueue(1, { id: 'a' }), q.waitFor('a'))
    await (await take(q)).ack({ sum: 3 })
    expect(await waiting).toEqual({ sum: 3 })
    expect(await q.waitFor('a')).toEqual({ sum: 3 })
    await world.kill()
    expect(await world.queue().waitFor('a')).toEqual({ sum: 3 })
  })

  it('tells of a death, at once or later, and breaks nothing by it', async () => {
    const q = world.queue()
    await q.enqueue(1, { id: 'a' })
    const waiting = q.waitFor('a')
    const [outcome] = await Promise.all([
      waiting.catch((error: unknown) => error),
      take(q).then((lease) => lease.deadLetter('no')),
    ])
    expect(outcome).toMatchObject({ code: 'JOB_DEAD', id: 'a', queue: 'q' })
    await expect(q.waitFor('a')).rejects.toMatchObject({ code: 'JOB_DEAD' })
    await q.enqueue(2)
  })

  it('of a job that nobody knows is refused', async () => {
    await expect(world.queue().waitFor('nobody')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
    await expect(world.queue().waitFor('@7')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
  })

  it('gives up by its signal', async () => {
    const q = world.queue()
    await q.enqueue(1, { id: 'a' })
    const stop = new AbortController()
    const both = [q.waitFor('a', { signal: stop.signal }), q.idle({ signal: stop.signal })]
    stop.abort(new Error('enough'))
    for (const one of both) await expect(one).rejects.toThrow('enough')
  })
})

describe('concurrency', () => {
  it('is as many handlers as it says, and never more', async () => {
    const q = world.queue()
    const gates = Array.from({ length: 20 }, () => gate())
    let running = 0
    let most = 0
    q.process(
      async ({ data }) => {
        running += 1
        most = Math.max(most, running)
        await gates[data as number]?.promise
        running -= 1
      },
      { concurrency: 3 },
    )
    await q.enqueueMany(gates.map((_, data) => ({ data })))
    for (const one of gates) {
      await settled(1)
      expect(running).toBeLessThanOrEqual(3)
      one.open()
    }
    await q.idle()
    expect(most).toBe(3)
  })

  it.each([{ concurrency: 0 }, { batch: { size: 0 } }, { batch: { size: 1, waitMs: -1 } }])(
    'and other options that are wrong are refused: %j',
    (options) => {
      expect(() => world.queue().process(() => undefined, options as never)).toThrow(RangeError)
    },
  )

  it.each([{ batch: 5 }, { batch: {} }])('so is a batch without a size: %j', (options) => {
    expect(() => world.queue().process(() => undefined, options as never)).toThrow(/^batch /)
  })
})

describe('a journal that fails', () => {
  it('ends the queue: every call is refused by name, and an opening recovers', async () => {
    const q = world.queue()
    await q.enqueue(1)
    const lease = await take(q)
    const { hook } = world.disk
    world.disk.hook = (call, path) => {
      if (call === 'sync' && path.includes('journal.jsonl')) throw new Error('the disk broke')
    }
    const failed = { code: 'QUEUE_FAILED' }
    await expect(q.enqueue(2)).rejects.toMatchObject({ ...failed, outcome: 'unknown' })
    world.disk.hook = hook
    await expect(q.enqueue(3)).rejects.toMatchObject({ ...failed, outcome: 'absent' })
    await expect(lease.ack()).rejects.toMatchObject({ ...failed, outcome: 'absent' })
    await world.queues.close()
    await world.kill()
    expect((await take(world.queue())).payload).toBe(1)
  })
})
