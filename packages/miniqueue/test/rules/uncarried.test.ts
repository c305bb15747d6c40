import { MiniStoreError } from '@mini-rs/ministore'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Ledger } from '../../src/ledger/ledger.js'
import { Journal } from '../../src/queue/journal.js'
import type { Queue } from '../../src/queue/queue.js'
import { collect } from '../support/leases.js'
import { settled } from '../support/manual-clock.js'
import { World } from '../support/world.js'

let world: World
let queue: Queue<unknown>

beforeEach(async () => {
  world = await World.open()
  queue = world.queue()
})

const UNCARRIED: readonly (readonly [what: string, value: unknown, path: string])[] = [
  ['is NaN', { list: [1, 2, Number.NaN] }, '$.list[2]'],
  ['is Infinity', Number.POSITIVE_INFINITY, '$'],
  ['is a Map', { a: new Map([[1, 2]]) }, '$.a'],
  ['is a Set', [new Set()], '$[0]'],
  ['is a function', { 'a b': [() => 1] }, '$["a b"][0]'],
  ['is a function', () => 1, '$'],
  ['is a bigint', { n: 1n }, '$.n'],
  ['is a symbol', Symbol('s'), '$'],
  ['is undefined', [undefined], '$[0]'],
  ['is a lone surrogate', { text: '\ud83d' }, '$.text'],
  ['is a Uint8Array', { bytes: new Uint8Array(2) }, '$.bytes'],
]

describe('a payload that JSON would change', () => {
  it.each(UNCARRIED)('that %s is refused, and the path named: %o', async (message, data, path) => {
    const refused = {
      name: 'MiniQueueError',
      code: 'PAYLOAD_INVALID',
      outcome: 'absent',
      queue: 'q',
      issues: [{ path, message }],
      message: `queue "q": the payload is not valid: ${path}: ${message}`,
    }
    await expect(queue.enqueue(data)).rejects.toMatchObject(refused)
    await expect(queue.enqueueMany([{ data: 1 }, { data }])).rejects.toMatchObject(refused)
    const together = world.queues.transaction((tx) => {
      tx.enqueue(queue, 1)
      tx.enqueue('q', data, { id: 'a' })
    })
    await expect(together).rejects.toMatchObject(refused)
    const due = queue.schedules.upsert('s', { everyMs: 5_000, data })
    await expect(due).rejects.toMatchObject(refused)
    expect(world.records).toEqual([])
    // Nothing is held of what was refused.
    await queue.enqueue(1, { id: 'a' })
    expect(queue.stats()).toMatchObject({ waiting: 1 })
  })

  it('says what ministore says, as its cause', async () => {
    const refused = await queue.enqueue([Number.NaN]).catch((error: unknown) => error)
    expect((refused as Error).cause).toMatchObject({
      code: 'RECORD_NOT_SERIALIZABLE',
      issues: [{ path: '$[0]' }],
    })
  })

  it('is refused of an update, too, and the job keeps what it had', async () => {
    await queue.enqueue(1, { id: 'a' })
    await expect(queue.update('a', { data: { n: Number.NaN } })).rejects.toMatchObject({
      code: 'PAYLOAD_INVALID',
      queue: 'q',
      issues: [{ path: '$.n', message: 'is NaN' }],
    })
    expect((await queue.get('a'))?.data).toBe(1)
  })

  it('is not one that has a toJSON: a Date arrives as its text', async () => {
    await queue.enqueue({ at: new Date(0) })
    const [lease] = await queue.receive()
    expect(lease?.payload).toEqual({ at: '1970-01-01T00:00:00.000Z' })
    await lease?.ack({ at: new Date(0) })
    expect(await queue.waitFor('@1')).toEqual({ at: '1970-01-01T00:00:00.000Z' })
  })

  it('and nests beyond measure is refused without a path beyond measure', async () => {
    let deep: unknown = 1
    for (let n = 0; n < 200; n++) deep = [deep]
    const loop: unknown[] = []
    loop.push(loop)
    for (const data of [deep, loop]) {
      await expect(queue.enqueue(data)).rejects.toMatchObject({
        code: 'PAYLOAD_INVALID',
        issues: [{ path: '$', message: 'is nesting deeper than 127, or a cycle' }],
      })
    }
  })
})

const nested = (levels: number): unknown => {
  let data: unknown = 1
  for (let n = 0; n < levels; n++) data = [data]
  return data
}

describe.each([123, 124, 125, 126, 127, 128])('a payload of %i levels', (levels) => {
  const ways: readonly (readonly [string, (data: unknown) => Promise<unknown>])[] = [
    ['enqueue', (data) => queue.enqueue(data)],
    ['enqueue with options', (data) => queue.enqueue(data, { id: 'b', headers: { a: 'b' } })],
    ['replace', (data) => queue.enqueue(data, { dedup: { key: 'k', mode: 'replace' } })],
    ['update', (data) => queue.update('a', { data })],
    ['transaction', (data) => world.queues.transaction((tx) => void tx.enqueue(queue, data))],
    [
      'schedule',
      async (data) => {
        await queue.schedules.upsert('s', { everyMs: 5_000, data })
        await world.clock.advance(5_000)
      },
    ],
  ]
  it.each(ways)('by %s is there after a reopening, or refused', async (_, put) => {
    const failed: unknown[] = []
    queue.on('failed', (event) => failed.push(event))
    await queue.enqueue('first', { id: 'a' })
    await queue.enqueue('first', { dedup: { key: 'k', mode: 'replace' } })
    const accepted = await put(nested(levels)).then(
      () => true,
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'PAYLOAD_INVALID' })
        return false
      },
    )
    expect(accepted).toBe(levels <= 124)
    expect(failed).toEqual([])
    await world.reopen()
    const payloads: unknown[] = []
    for (const { payload } of await world.queue().receive({ max: 10 })) payloads.push(payload)
    const text = JSON.stringify(nested(levels))
    expect(payloads.some((one) => JSON.stringify(one) === text)).toBe(accepted)
  })
})

describe('data that its caller changes behind the call', () => {
  it.each(['update', 'replace'])('is what it was at the call, of %s', async (way) => {
    await queue.enqueue(0, { id: 'a' })
    await queue.enqueue(0, { dedup: { key: 'k', mode: 'replace' } })
    const data = { v: 1 }
    const changing =
      way === 'update'
        ? queue.update('a', { data })
        : queue.enqueue(data, { dedup: { key: 'k', mode: 'replace' } })
    data.v = 2
    await changing
    await world.reopen()
    const received = await world.queue().receive({ max: 2 })
    expect(received.map(({ payload }) => payload)).toContainEqual({ v: 1 })
  })

  it('has its toJSON called once', async () => {
    await queue.enqueue(0, { id: 'a' })
    let calls = 0
    await queue.update('a', { data: { toJSON: () => ++calls } })
    await world.reopen()
    expect((await world.queue().receive())[0]?.payload).toBe(1)
  })
})

describe('a value that JSON would change', () => {
  it('is refused of a transaction', async () => {
    const putting = world.queues.transaction((tx) => tx.put('k', { sum: Number.NaN }))
    await expect(putting).rejects.toMatchObject({
      code: 'PAYLOAD_INVALID',
      message: 'the value is not valid: $.sum: is NaN',
    })
    expect(world.queues.value('k')).toBeUndefined()
  })

  it('is no result: whoever acks by hand is told, and may ack again', async () => {
    await queue.enqueue(1)
    const [lease] = await queue.receive()
    await expect(lease?.ack({ sums: [Number.NaN] })).rejects.toMatchObject({
      code: 'PAYLOAD_INVALID',
      outcome: 'absent',
      seq: 1,
      issues: [{ path: '$.sums[0]', message: 'is NaN' }],
      message: 'the result is not valid: $.sums[0]: is NaN',
    })
    await lease?.ack({ sums: [0] })
    expect(await queue.waitFor('@1')).toEqual({ sums: [0] })
  })

  it('is no result of a handler either: the delivery has failed', async () => {
    const q = world.queue<number>({ attempts: 2, backoff: { type: 'fixed', delayMs: 1 } })
    let runs = 0
    q.process(() => {
      runs++
      return { found: new Map() }
    })
    await q.enqueue(1)
    await world.clock.advance(10)
    await settled(10)
    expect(runs).toBe(2)
    expect(await q.dead.list()).toMatchObject([
      {
        reason: 'attempts',
        error: {
          name: 'MiniQueueError',
          message: 'the result is not valid: $.found: is a Map',
        },
      },
    ])
  })

  it('is no memo, and the lease is still held', async () => {
    await queue.enqueue(1)
    const [lease] = await queue.receive()
    const refused = { code: 'PAYLOAD_INVALID', issues: [{ path: '$.n' }] }
    await expect(lease?.save({ n: 1n })).rejects.toMatchObject(refused)
    await expect(lease?.save({ n: Number.NaN })).rejects.toMatchObject(refused)
    await expect(lease?.nack({ memo: { n: Number.NaN } })).rejects.toMatchObject(refused)
    await lease?.ack()
  })
})

describe('what a handler says of itself', () => {
  it('and JSON would change fails its delivery, and nothing else', async () => {
    const q = world.queue<string>({ attempts: 1 })
    q.process(({ data }, { progress, log }) => {
      if (data === 'NaN') progress({ done: Number.NaN })
      if (data === 'large') progress('x'.repeat(65 * 1024))
      if (data === 'line') log('x'.repeat(65 * 1024))
    })
    for (const data of ['NaN', 'large', 'line', 'well']) await q.enqueue(data)
    await q.idle()
    expect(q.stats()).toMatchObject({ completed: 1, dead: 3 })
    expect((await collect(q.deadLetters())).map(({ error }) => error?.message)).toEqual([
      'queue "q": the progress is not valid: $.done: is NaN',
      'queue "q": a progress of 66562 bytes is over the 65536 that are kept; keep a reference instead',
      'queue "q": a log line of 66562 bytes is over the 65536 that are kept; keep a reference instead',
    ])
    await queue.enqueue('more')
  })

  it('is kept as it was said, whatever becomes of it, and any line is', async () => {
    queue.process((_, { progress, log }) => {
      const steps = { done: 1 as unknown }
      progress(steps)
      steps.done = Number.NaN
      progress(undefined)
      log('cut \ud83d')
      log(5 as never)
    })
    await queue.enqueue(1)
    await queue.idle()
    const history = await queue.history('@1')
    expect(history.filter(({ kind }) => kind === 'progress' || kind === 'log')).toMatchObject([
      { value: { done: 1 } },
      { kind: 'progress' },
      { line: 'cut \ufffd' },
      { line: '5' },
    ])
  })

  it('of an error is kept as far as a line carries it: the delivery has ended', async () => {
    const q = world.queue<number>({ attempts: 1 })
    const error = Object.assign(new Error('half \ud83d'), { stack: 'at \ud83d' })
    error.name = '\udc00'
    q.process(() => Promise.reject(error))
    await q.enqueue(1)
    await q.idle()
    expect(await q.dead.list()).toMatchObject([
      { error: { name: '\ufffd', message: 'half \ufffd', stack: 'at \ufffd' } },
    ])
  })

  it('of an error that cannot be read is kept as far as it can: the delivery has ended', async () => {
    const fail = (): never => {
      throw new Error('no text')
    }
    const untold: readonly unknown[] = [
      Object.create(null),
      Object.assign(new Error('m'), { name: { toString: fail } }),
      Object.defineProperty(new Error('m'), 'message', { get: fail }),
    ]
    const q = world.queue<number>({ attempts: 1 })
    const worker = q.process(({ data }) => Promise.reject(untold[data] as Error))
    await q.enqueueMany(untold.map((_, data) => ({ data })))
    await q.idle()
    await worker.close()
    await q.enqueue(0)
    const [lease] = await q.receive()
    await lease?.nack({ error: untold[0] })
    const unread = { name: 'Error', message: 'its text cannot be read' }
    expect((await q.dead.list()).map(({ error }) => error)).toMatchObject([
      unread,
      { name: 'Error', message: 'm' },
      unread,
      unread,
    ])
  })

  it('is left out of a commit that it would make too large', async () => {
    const written: unknown[] = []
    const log = {
      lastSeq: 0,
      append: (record: unknown) => Promise.resolve(written.push(record)),
      appendMany: () => Promise.reject(new MiniStoreError('RECORD_TOO_LARGE', 'the batch')),
    }
    const applied: unknown[] = []
    const ledger = { apply: (_seq: number, record: unknown) => applied.push(record) }
    const journal = new Journal({
      log: log as never,
      ledger: ledger as unknown as Ledger,
      clock: { now: () => 0 } as never,
      reserve: {} as never,
      reserveBytes: () => 0,
      events: { onApplied: () => {}, onFull: () => {} },
    })
    const put = { put: { key: 'k', value: 1 } }
    journal.ride({ log: { of: 1, line: 'much', atMs: 0 } })
    expect(await journal.settle([put])).toBe(1)
    expect(written).toEqual([put])
    expect(applied).toEqual([put])
  })
})
