import { beforeEach, describe, expect, it } from 'vitest'
import { MiniQueue } from '../src/queue/mini-queue.js'
import type { Queue } from '../src/queue/queue.js'
import { World } from './support/world.js'

let world: World
let queue: Queue<unknown>

beforeEach(async () => {
  world = await World.open()
  queue = world.queue()
})

/** What a program in plain JavaScript may pass. */
function slip(given: object): never {
  return given as never
}

const ID = '@1'

describe('an option that there is not is refused', () => {
  const NO_FOLDER = '/never'
  it.each<[string, object, RegExp]>([
    [
      'options',
      { durabilty: 'os' },
      /"durabilty"; there are durability, syncOn, maxSegmentBytes, /,
    ],
    ['dedupWindow', { dedupWindow: { age: 5 } }, /"age"; there are ageMs, count$/],
  ])('by open: %s %j', async (what, given, names) => {
    const opening = MiniQueue.open(NO_FOLDER, slip({ fileSystem: world.disk, ...given }))
    await expect(opening).rejects.toThrow(TypeError)
    await expect(opening).rejects.toThrow(`${what}: there is no option `)
    await expect(opening).rejects.toThrow(names)
    expect(world.disk.statSync(NO_FOLDER)).toBeUndefined()
  })

  it.each<[string, object, RegExp]>([
    ['options', { attempt: 1 }, /"attempt"; there are attempts, backoff, /],
    ['limits', { limits: { dept: 1 } }, /"dept"; there are depth, bytes, payloadBytes, onFull$/],
    ['limiter', { limiter: { max: 1, durationMs: 1, per: 'day' } }, /"per"; there are max, dur/],
    ['group', { group: { concurency: 1 } }, /"concurency"; there are concurrency, onFailure$/],
    ['retention', { retention: { failed: {} } }, /"failed"; there are completed, dead$/],
    ['retention.dead', { retention: { dead: { days: 1 } } }, /"days"; there are ageMs, count$/],
    ['backoff', { backoff: { type: 'fixed', delayMs: 1, max: 9 } }, /"max"; there are type, /],
  ])('by queue: %s %j', (what, given, names) => {
    const declare = (): unknown => world.queues.queue('other', slip(given))
    expect(declare).toThrow(TypeError)
    expect(declare).toThrow(`${what}: there is no option `)
    expect(declare).toThrow(names)
    expect(world.queues.list().map(({ name }) => name)).toEqual(['q'])
  })

  it.each<[string, object]>([
    ['options', { delay: 5_000 }],
    ['dedup', { dedup: { key: 'k', ttl: 5 } }],
    ['backoff', { backoff: { type: 'fixed', delayMs: 1, factor: 2 } }],
  ])('by enqueue, which would run it at once: %s %j', async (what, given) => {
    const refused = `${what}: there is no option `
    await expect(queue.enqueue(1, slip(given))).rejects.toThrow(refused)
    await expect(queue.enqueueMany([{ data: 1, options: slip(given) }])).rejects.toThrow(refused)
    const together = world.queues.transaction((tx) => tx.enqueue(queue, 1, slip(given)))
    await expect(together).rejects.toThrow(refused)
    expect(world.records).toEqual([])
  })

  it('by close, which closes nothing then', async () => {
    const closing = world.queues.close(slip({ timeout: 5 }))
    await expect(closing).rejects.toThrow('"timeout"; there are timeoutMs, graceMs, abort')
    await queue.enqueue(1)
    await world.queues.close()
    expect(() => world.queues.queue('late')).toThrow(/closed/)
    expect(world.queues.list().map(({ name }) => name)).toEqual(['q'])
  })

  it.each([
    [{ timeout: 5 }, '"timeout"; there are timeoutMs, graceMs, abort'],
    [{ timeoutMs: -1 }, 'timeoutMs must be a whole number from 0'],
    [{ graceMs: Number.NaN }, 'graceMs must be a whole number from 0'],
    [{ abort: 'yes' }, 'abort must be true or false'],
  ])('by close of a worker, which goes on then: %j', async (given, refused) => {
    const worker = queue.process(() => 1)
    await expect(worker.close(slip(given))).rejects.toThrow(refused)
    await expect(world.queues.close(slip(given))).rejects.toThrow(refused)
    expect(worker.isClosed).toBe(false)
    const { id } = await queue.enqueue(1)
    await expect(queue.waitFor(id)).resolves.toBe(1)
    await worker.close()
  })

  it('of a job among many', async () => {
    await expect(queue.enqueueMany([slip({ data: 1, option: {} })])).rejects.toThrow(
      'a job: there is no option "option"; there are data, options',
    )
    await expect(queue.enqueueMany(slip({ data: 1 }))).rejects.toThrow(TypeError)
    await expect(queue.enqueueMany([1 as never])).rejects.toThrow(TypeError)
  })

  it('by process, before a worker is there', () => {
    const start = (options: object) => (): unknown => queue.process(() => 1, slip(options))
    expect(start({ concurency: 5 })).toThrow(
      'options: there is no option "concurency"; there are concurrency, batch, unref',
    )
    expect(start({ batch: { size: 2, wait: 5 } })).toThrow('batch: there is no option "wait"')
  })

  it.each<[string, (q: Queue<unknown>) => Promise<unknown>]>([
    ['receive', (q) => q.receive(slip({ timeoutMs: 5 }))],
    ['waitFor', (q) => q.waitFor(ID, slip({ timeoutMs: 5 }))],
    ['idle', (q) => q.idle(slip({ timeoutMs: 5 }))],
    ['list', (q) => q.list(slip({ status: 'dead' }))],
    ['purge', (q) => q.purge(slip({ states: ['dead'], before: 5 }))],
    ['update', (q) => q.update(ID, slip({ delay: 5 }))],
    ['dead.list', (q) => q.dead.list(slip({ id: ID }))],
    ['dead.preview', (q) => q.dead.preview(slip({ id: ID }))],
    ['dead.redrive', (q) => q.dead.redrive(slip({ id: ID }))],
    ['dead.purge', (q) => q.dead.purge(slip({ id: ID }))],
    ['schedules.upsert', (q) => q.schedules.upsert('s', slip({ cron: '@daily', timezone: 'UTC' }))],
    [
      'schedules.upsert, of its jobs',
      (q) => q.schedules.upsert('s', slip({ cron: '@daily', data: 1, options: { delayMs: 5 } })),
    ],
  ])('by %s', async (_name, call) => {
    await queue.enqueue(1)
    await expect(call(queue)).rejects.toThrow(/: there is no option "\w+"; there are \w+/)
    expect(world.records).toHaveLength(1)
  })

  it('by nack, and the lease is still held', async () => {
    await queue.enqueue(1)
    const [lease] = await queue.receive()
    await expect(lease?.nack(slip({ delay: 5 }))).rejects.toThrow(
      'options: there is no option "delay"; there are delayMs, error, countAttempt, memo',
    )
    await lease?.ack()
    expect(queue.stats().completed).toBe(1)
  })
})

describe('an option that is there', () => {
  it('may be undefined, and has its default then', async () => {
    const none = undefined as never
    const q = world.queue<number>({
      attempts: none,
      retention: { completed: { ageMs: none, count: 3 }, dead: none },
    })
    await q.enqueue(1, { id: none, delayMs: none, dedup: none })
    const [lease] = await q.receive({ max: none })
    await lease?.ack()
    expect(q.stats().completed).toBe(1)
    await world.clock.advance(60_000)
    expect(await q.list()).toHaveLength(1)
  })
})

describe('an id that is half a surrogate pair', () => {
  it('is refused, as every text that the journal cannot carry', async () => {
    await expect(queue.enqueue(1, { id: '\ud83d' })).rejects.toThrow(RangeError)
    await expect(queue.enqueue(1, { headers: { a: '\ud83d' } })).rejects.toThrow('headers.a must')
    await queue.enqueue(1, { id: '\u{1f600}' })
  })
})

describe('on', () => {
  it('refuses an event that there is not, and a listener that is none', () => {
    const on = queue.on.bind(queue) as (event: unknown, listener?: unknown) => unknown
    const NAMES =
      'active, completed, retry, dead, progress, overrun, leaseLost, lateAck, clockJump, full, missed, failed'
    expect(() => on('ded', () => {})).toThrow(`there is no event "ded"; there are ${NAMES}`)
    expect(() => on('toString', () => {})).toThrow(TypeError)
    expect(() => on(5, () => {})).toThrow('there is no event 5; there are active')
    expect(() => on('dead')).toThrow(
      `on("dead") needs a listener, which must be a function; the events are ${NAMES}`,
    )
    expect(() => on('dead', 'log')).toThrow(TypeError)
  })
})
