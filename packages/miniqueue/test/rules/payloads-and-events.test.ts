import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { collect, drain } from '../support/leases.js'
import { settled } from '../support/manual-clock.js'
import { World } from '../support/world.js'

let world: World

beforeEach(async () => {
  world = await World.open()
})

describe('payloads', () => {
  /** Numbers below a limit; throws at the word `throw`. */
  const below = (limit: number) => ({
    '~standard': {
      version: 1 as const,
      vendor: 'test',
      validate: (value: unknown) => {
        if (value === 'throw') throw new Error('the schema broke')
        return typeof value === 'number' && value < limit
          ? { value: value + 0.5 }
          : { issues: [{ message: 'too large', path: ['deep', 0] }] }
      },
    },
  })

  it('that are not valid are refused at the enqueue', async () => {
    const q = world.queue({ schema: below(10) as never })
    await expect(q.enqueue(10 as never)).rejects.toMatchObject({
      code: 'PAYLOAD_INVALID',
      outcome: 'absent',
      issues: [{ message: 'too large', path: '$.deep[0]' }],
    })
    await q.enqueue(9 as never)
    // What the schema makes of it is the handler’s, not the journal’s.
    expect(await drain(q)).toEqual([9.5])
  })

  it('that are not valid any more make their jobs dead at once, and no crash loop', async () => {
    await world.queue().enqueueMany([{ data: 20 }, { data: 'throw' }, { data: 1 }])
    await world.kill()
    const q = world.queue({ schema: below(10) as never })
    const seen: unknown[] = []
    q.process(({ data }) => void seen.push(data))
    await settled(10)
    expect(seen).toEqual([1.5])
    const dead = await collect(q.deadLetters())
    expect(dead).toMatchObject([
      { reason: 'payload', payload: 20 },
      { reason: 'payload', payload: 'throw' },
    ])
    await world.kill()
    expect(world.queues.crashed).toBe(0)
  })

  it('whose schema answers with a promise are refused, and delivered to nobody', async () => {
    const later = { validate: (value: unknown) => Promise.resolve({ value }) }
    const schema = { '~standard': { version: 1, vendor: 'test', ...later } } as never
    await world.queue().enqueue(1)
    await world.kill()
    const q = world.queue({ schema })
    await expect(q.enqueue(2 as never)).rejects.toThrow(TypeError)
    q.process(() => undefined)
    await settled(10)
    expect(await collect(q.deadLetters())).toMatchObject([{ reason: 'payload', payload: 1 }])
  })

  it('that are no JSON are refused', async () => {
    const q = world.queue()
    const loop: unknown[] = []
    loop.push(loop)
    for (const data of [undefined, () => 1, 1n, loop]) {
      await expect(q.enqueue(data)).rejects.toMatchObject({
        code: 'PAYLOAD_INVALID',
        // In one line, whatever the engine draws.
        message: expect.stringMatching(/^queue "q": the payload is not valid: \$: .+$/) as unknown,
      })
    }
    expect(world.records).toEqual([])
  })

  it('null, numbers, texts and lists are JSON', async () => {
    const q = world.queue()
    const all = [null, 0, '', [], false, { a: { b: [1] } }, 'ü\n\u2028']
    await q.enqueueMany(all.map((data) => ({ data })))
    await world.kill()
    expect(await drain(world.queue())).toEqual(all)
  })
})

describe('events', () => {
  it('tell the life of a job', async () => {
    const q = world.queue<number, string>({ backoff: { type: 'fixed', delayMs: 1 } })
    const told: string[] = []
    q.on('active', ({ job }) => told.push(`active ${job.attempt}`))
    q.on('retry', ({ job }) => told.push(`retry ${job.attempt}`))
    q.on('progress', ({ value }) => told.push(`progress ${String(value)}`))
    const off = q.on('completed', ({ job, result }) =>
      told.push(`completed ${job.attempt} ${result}`),
    )
    q.process(({ attempt }, { progress, log }) => {
      progress(attempt * 10)
      log('a line')
      if (attempt === 1) throw new Error('no')
      return 'done'
    })
    await q.enqueue(1)
    await world.clock.advance(10)
    off()
    await q.enqueue(2)
    await world.clock.advance(10)
    expect(told).toEqual([
      'active 1',
      'progress 10',
      'retry 1',
      'active 2',
      'progress 20',
      'completed 2 done',
      'active 1',
      'progress 10',
      'retry 1',
      'active 2',
      'progress 20',
    ])
    expect(world.records.filter((record) => 'progress' in record || 'log' in record)).toHaveLength(
      8,
    )
  })

  it('are on a diagnostics channel, too', async () => {
    const told: unknown[] = []
    const listener = (message: unknown): void => void told.push(message)
    subscribe('@mini-rs/miniqueue:completed', listener)
    onTestFinished(() => void unsubscribe('@mini-rs/miniqueue:completed', listener))
    const q = world.queue({}, 'named')
    q.process(() => 'r')
    await q.enqueue(1)
    await q.idle()
    await settled()
    expect(told).toMatchObject([{ queue: 'named', result: 'r', job: { id: '@1' } }])
  })

  it('whose listener throws change nothing: it is an uncaught exception of the listener’s', async () => {
    const uncaught: unknown[] = []
    const usual = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => uncaught.push(error))
    onTestFinished(() => {
      process.removeAllListeners('uncaughtException')
      for (const listener of usual) process.on('uncaughtException', listener)
    })
    const q = world.queue()
    const broken = new Error('the listener broke')
    for (const event of ['active', 'completed'] as const) {
      q.on(event, () => {
        throw broken
      })
    }
    q.process(() => undefined)
    await q.enqueueMany([{ data: 1 }, { data: 2 }])
    await settled(10)
    expect(q.stats()).toMatchObject({ completed: 2, depth: 0 })
    expect(uncaught).toEqual([broken, broken, broken, broken])
  })
})
