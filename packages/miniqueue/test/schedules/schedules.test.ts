import { CrashFileSystem, errno } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import type { QueueEvents } from '../../src/queue/events.js'
import type { Queue } from '../../src/queue/queue.js'
import { MiniQueue } from '../../src/queue/mini-queue.js'
import { ManualClock, settled } from '../support/manual-clock.js'
import { take } from '../support/leases.js'
import { DIRECTORY, World } from '../support/world.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** The first of January 2026, 0:00, is when a world begins. */
const START = Date.UTC(2026, 0, 1)

/** The due times of the jobs that a schedule has enqueued, in minutes since the beginning. */
async function ticks(queue: Queue<unknown>): Promise<number[]> {
  const jobs = await queue.list({ limit: 2_000 })
  return jobs.map(({ id }) => (Number(id.slice(id.lastIndexOf('@') + 1)) - START) / MINUTE)
}

function missedOf(queue: Queue<unknown>): QueueEvents['missed'][] {
  const seen: QueueEvents['missed'][] = []
  queue.on('missed', (event) => seen.push(event))
  return seen
}

describe('a schedule', () => {
  it('enqueues a job at every due time, with its id, data and options', async () => {
    const world = await World.open()
    const q = world.queue<string>()
    const options = { attempts: 1, headers: { by: 'clock' } }
    await q.schedules.upsert('s', { cron: '*/10 * * * *', data: 'x', overlap: 'allow', options })
    await world.clock.advance(10 * MINUTE - 1)
    expect(q.stats().waiting).toBe(0)
    await world.clock.advance(1)
    const { job } = await take(q)
    expect(job).toMatchObject({
      id: `@s@${START + 10 * MINUTE}`,
      data: 'x',
      headers: { by: 'clock' },
      enqueuedAtMs: START + 10 * MINUTE,
    })
    await world.clock.advance(30 * MINUTE)
    expect(await ticks(q)).toEqual([10, 20, 30, 40])
  })

  it('every so long goes on in its own time after a restart', async () => {
    const world = await World.open()
    await world.clock.advance(1_234)
    const define = (): Promise<void> =>
      world.queue().schedules.upsert('s', { everyMs: MINUTE, data: 1, overlap: 'allow' })
    await define()
    await world.clock.advance(90_000)
    await world.reopen()
    await define()
    await world.clock.advance(90_000)
    const late = 1_234 / MINUTE
    expect(await ticks(world.queue())).toEqual([1 + late, 2 + late, 3 + late])
  })

  it('never enqueues a time twice, not after a power cut, nor with the clock set back', async () => {
    const world = await World.open()
    const definition = { cron: '0 * * * *', data: 1, overlap: 'allow' as const }
    await world.queue().schedules.upsert('s', definition)
    await world.clock.advance(HOUR)
    await world.cutPower()
    const q = world.queue()
    await q.schedules.upsert('s', definition)
    await settled()
    expect(await ticks(q)).toEqual([60])
    world.clock.setWall(START + HOUR - 10 * MINUTE)
    await world.clock.advance(30 * MINUTE)
    expect(await ticks(q)).toEqual([60])
    await world.clock.advance(50 * MINUTE)
    expect(await ticks(q)).toEqual([60, 120])
  })

  it('is due soon after the clock was set forward, and after the machine has slept', async () => {
    const world = await World.open()
    const q = world.queue()
    const missed = missedOf(q)
    await q.schedules.upsert('s', { cron: '0 * * * *', data: 1, overlap: 'allow' })
    const jumps: number[] = []
    q.on('clockJump', ({ byMs }) => jumps.push(byMs))
    world.clock.setWall(START + 3 * HOUR + 30 * MINUTE)
    await world.clock.advance(MINUTE)
    expect(await ticks(q)).toEqual([180])
    expect(missed).toEqual([{ schedule: 's', skipped: 2, enqueued: 1, dueMs: START + 3 * HOUR }])
    expect(jumps).toEqual([3 * HOUR + 30 * MINUTE])
  })

  it('does not drop a time for which the event loop was late', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.schedules.upsert('s', { cron: '0 * * * *', data: 1, missed: 'skip' })
    await world.clock.stall(HOUR + 20 * MINUTE)
    expect(await ticks(q)).toEqual([60])
  })

  it('comes late, but comes, when the disk was full at its time', async () => {
    const clock = new ManualClock()
    const disk = new CrashFileSystem()
    const queues = await MiniQueue.open(DIRECTORY, { clock, fileSystem: disk })
    const q = queues.queue('q')
    const failures: unknown[] = []
    q.on('failed', ({ error }) => failures.push(error))
    await q.schedules.upsert('s', { cron: '0 * * * *', data: 1, missed: 'skip' })
    disk.hook = (call, path) => {
      if (call === 'write') throw errno('ENOSPC', path)
    }
    await clock.advance(HOUR + 10_000)
    expect(await ticks(q)).toEqual([])
    expect(failures[0]).toMatchObject({ code: 'DISK_FULL' })
    disk.hook = undefined
    await clock.advance(10_000)
    expect(await ticks(q)).toEqual([60])
  })

  it('sets no timer while there is none that could be due', async () => {
    const world = await World.open()
    const q = world.queue()
    expect(world.clock.waiting).toBe(0)
    await q.schedules.upsert('s', { cron: '0 * * * *', data: 1 })
    await settled()
    expect(world.clock.waiting).toBe(1)
    await q.schedules.pause('s')
    await settled()
    expect(world.clock.waiting).toBe(0)
  })

  it('is kept only while a program has its queue', async () => {
    const world = await World.open()
    await world.queue().schedules.upsert('s', { cron: '0 * * * *', data: 1 })
    await world.reopen()
    await world.clock.advance(90 * MINUTE)
    expect(world.records.filter((record) => 'tick' in record)).toEqual([])
    const q = world.queue()
    await settled()
    expect(await ticks(q)).toEqual([60])
  })
})

describe('times that passed while nobody had the queue', () => {
  async function reopened(
    missed: 'skip' | 'once' | 'all',
    hours: number,
  ): Promise<[number[], QueueEvents['missed'][]]> {
    const world = await World.open()
    const definition = { cron: '0 * * * *', data: 1, overlap: 'allow' as const, missed }
    await world.queue().schedules.upsert('s', definition)
    await world.queues.close()
    await world.clock.advance(hours * HOUR)
    await world.kill()
    const q = world.queue()
    const seen = missedOf(q)
    await settled()
    await world.clock.advance(HOUR)
    return [(await ticks(q)).map((minutes) => minutes / 60), seen]
  }

  it('are passed over', async () => {
    const [hours, seen] = await reopened('skip', 3)
    expect(hours).toEqual([4])
    expect(seen).toEqual([{ schedule: 's', skipped: 3, enqueued: 0, dueMs: START + 3 * HOUR }])
  })

  it('are made up for once', async () => {
    const [hours, seen] = await reopened('once', 3)
    expect(hours).toEqual([3, 4])
    expect(seen).toMatchObject([{ skipped: 2, enqueued: 1 }])
  })

  it('are all made up for, the newest thousand', async () => {
    expect((await reopened('all', 3))[0]).toEqual([1, 2, 3, 4])
    const [hours, seen] = await reopened('all', 1_005)
    expect(hours.length).toBe(1_001)
    expect(hours[0]).toBe(6)
    expect(seen).toMatchObject([{ enqueued: 1_000 }])
  })
})

describe('a time whose predecessor’s job has not ended', () => {
  it('is passed over', async () => {
    const world = await World.open()
    const q = world.queue()
    const missed = missedOf(q)
    await q.schedules.upsert('s', { cron: '0 * * * *', data: 1 })
    await world.clock.advance(3 * HOUR)
    expect(await ticks(q)).toEqual([60])
    expect(missed.length).toBe(2)
    await (await take(q)).ack()
    await world.clock.advance(HOUR)
    expect(await ticks(q)).toEqual([60, 240])
  })

  it('waits for that end, also across a restart', async () => {
    const world = await World.open()
    const definition = { cron: '0 * * * *', data: 1, overlap: 'queue' as const }
    await world.queue().schedules.upsert('s', { ...definition, missed: 'all' })
    await world.clock.advance(3 * HOUR)
    expect(await ticks(world.queue())).toEqual([60])
    await world.reopen()
    const q = world.queue()
    for (const done of [1, 2, 3]) {
      await settled()
      expect(q.stats()).toMatchObject({ waiting: 1, completed: done - 1 })
      await (await take(q)).ack()
    }
    await settled()
    expect(await ticks(q)).toEqual([60, 120, 180])
    expect(q.stats().waiting).toBe(0)
  })
})

describe('upsert', () => {
  it('writes nothing where it says what is there already', async () => {
    const world = await World.open()
    const q = world.queue<object>()
    await q.schedules.upsert('s', { cron: '0 * * * *', data: { a: 1 } })
    const before = world.records.length
    await q.schedules.upsert('s', { cron: '0 * * * *', data: { a: 1 }, tz: 'UTC', missed: 'once' })
    expect(world.records.length).toBe(before)
  })

  it('with other times begins anew, with other data goes on', async () => {
    const world = await World.open()
    const q = world.queue<number>()
    await q.schedules.upsert('s', { cron: '0 0 1 1 *', data: 1, overlap: 'allow' })
    await world.clock.advance(5 * HOUR)
    await q.schedules.upsert('s', { cron: '30 * * * *', data: 1, overlap: 'allow' })
    await world.clock.advance(HOUR)
    expect(await ticks(q)).toEqual([5 * 60 + 30])
    await q.schedules.upsert('s', { cron: '30 * * * *', data: 2, overlap: 'allow' })
    await world.clock.advance(HOUR)
    expect((await q.list()).map(({ data }) => data)).toEqual([1, 2])
  })

  it.each([
    [{}, TypeError, 'either cron or everyMs'],
    [{ cron: '* * * * *', everyMs: 1_000 }, TypeError, 'either cron or everyMs'],
    [{ everyMs: 999 }, RangeError, 'everyMs'],
    [{ cron: 'every day' }, TypeError, 'no cron expression'],
    [{ cron: '0 0 30 2 *' }, RangeError, 'never due'],
    [{ cron: '* * * * *', tz: 'Mars/Olympus' }, RangeError, 'no time zone'],
    [{ everyMs: 1_000, tz: 'UTC' }, TypeError, 'tz goes with cron'],
    [{ everyMs: 1_000, missed: 'some' }, TypeError, 'missed'],
    [{ everyMs: 1_000, options: { delayMs: 1 } }, TypeError, 'delayMs'],
    [{ everyMs: 1_000, options: { attempts: 0 } }, RangeError, 'attempts'],
  ])('refuses %j', async (definition, kind, message) => {
    const world = await World.open()
    const wrong = { ...definition, data: 1 } as unknown as { cron: string; data: number }
    const upserted = world.queue<number>().schedules.upsert('s', wrong)
    await expect(upserted).rejects.toBeInstanceOf(kind)
    await expect(upserted).rejects.toThrow(message)
  })

  it('refuses an id that is another queue’s, and data that is not valid', async () => {
    const world = await World.open()
    await world.queue().schedules.upsert('s', { everyMs: 1_000, data: 1 })
    const other = world.queue({ limits: { payloadBytes: 4 } }, 'other')
    await expect(other.schedules.upsert('s', { everyMs: 1_000, data: 1 })).rejects.toThrow('"q"')
    await expect(
      other.schedules.upsert('t', { everyMs: 1_000, data: 'long' }),
    ).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
  })
})

describe('list, pause, resume, remove and preview', () => {
  it('show and change schedules, and what they say survives a power cut', async () => {
    const world = await World.open()
    const q = world.queue<number>()
    await q.schedules.upsert('a', { cron: '0 * * * *', tz: 'Europe/Berlin', data: 1 })
    await q.schedules.upsert('b', { everyMs: MINUTE, data: 2 })
    await q.schedules.pause('b')
    await world.cutPower()
    const again = world.queue<number>()
    expect(again.schedules.list()).toMatchObject([
      { id: 'a', cron: '0 * * * *', tz: 'Europe/Berlin', data: 1, nextMs: START + HOUR },
      { id: 'b', everyMs: MINUTE, isPaused: true, nextMs: undefined },
    ])
    await again.schedules.remove('a')
    expect(again.schedules.list().map(({ id }) => id)).toEqual(['b'])
    await expect(again.schedules.pause('a')).rejects.toMatchObject({ code: 'SCHEDULE_NOT_FOUND' })
    expect(() => again.schedules.preview('a')).toThrow('there is no schedule "a"')
  })

  it('a paused schedule has missed nothing when it goes on', async () => {
    const world = await World.open()
    const q = world.queue<number>()
    const missed = missedOf(q)
    await q.schedules.upsert('s', { everyMs: HOUR, data: 1, missed: 'all', overlap: 'allow' })
    await q.schedules.pause('s')
    await q.schedules.upsert('s', { everyMs: HOUR, data: 2, missed: 'all', overlap: 'allow' })
    expect(q.schedules.list()[0]?.isPaused).toBe(true)
    await world.clock.advance(150 * MINUTE)
    await q.schedules.resume('s')
    await world.clock.advance(HOUR)
    expect(await ticks(q)).toEqual([180])
    await q.schedules.pause('s')
    await q.schedules.resume('s')
    await world.cutPower()
    const again = world.queue<number>()
    await world.clock.advance(HOUR)
    expect(await ticks(again)).toEqual([180, 240])
    expect(missed).toEqual([])
  })

  it('preview tells the next times in the schedule’s time zone', async () => {
    const world = await World.open()
    const q = world.queue<number>()
    await q.schedules.upsert('s', { cron: '30 2 * * *', tz: 'Europe/Berlin', data: 1 })
    expect(q.schedules.preview('s', 2)).toEqual([
      new Date('2026-01-01T01:30:00Z'),
      new Date('2026-01-02T01:30:00Z'),
    ])
    expect(() => q.schedules.preview('s', 0)).toThrow(RangeError)
  })

  it('a schedule that is removed and defined again begins anew', async () => {
    const world = await World.open()
    const q = world.queue<number>()
    await q.schedules.upsert('s', { cron: '0 * * * *', data: 1, overlap: 'allow' })
    await world.clock.advance(HOUR)
    await q.schedules.remove('s')
    await world.clock.advance(3 * HOUR)
    await q.schedules.upsert('s', { cron: '0 * * * *', data: 1, overlap: 'allow' })
    await world.clock.advance(HOUR)
    expect(await ticks(q)).toEqual([60, 300])
  })
})
