import { describe, expect, it } from 'vitest'
import type { Enqueued } from '../src/queue/enqueue-options.js'
import { MiniQueue } from '../src/queue/mini-queue.js'
import type { Queue } from '../src/queue/queue.js'
import { drain, take } from './support/leases.js'
import { roomy } from './support/roomy-disk.js'
import { DIRECTORY, World } from './support/world.js'

const SMALL = { maxSegmentBytes: 2_000 }
/** So that what has ended is let go at once, and cleaning has something to win. */
const FORGETFUL = { retention: { completed: { count: 0 } } }

function open(options: object = {}): Promise<World> {
  return World.open({ ...SMALL, ...options })
}

/** Jobs that come and go, in another queue of the same journal, in so many rounds. */
async function churn(world: World, round: () => Promise<void> | void, rounds = 12): Promise<void> {
  const other = world.queue(FORGETFUL, 'other')
  for (let n = 0; n < rounds; n++) {
    await other.enqueueMany(Array.from({ length: 10 }, (_, data) => ({ data })))
    await drain(other)
    await round()
  }
}

const nothing = (): void => {}

/** The queue as a process finds it that opens it where this one is killed now. */
async function afterKill<T>(
  world: World,
  look: (queue: Queue<unknown>) => Promise<T>,
  position = world.disk.position,
): Promise<T> {
  const fileSystem = roomy(world.disk.killedAt(position))
  const queues = await MiniQueue.open(DIRECTORY, { ...SMALL, clock: world.clock, fileSystem })
  const seen = await look(queues.queue('q', FORGETFUL))
  await queues.close()
  return seen
}

/** Whether the first records have been dropped. */
function isCleaned(world: World): boolean {
  return world.disk.paths.every((path) => !path.endsWith('journal.jsonl.000001'))
}

describe('when the segment is gone in which a job began, and the process dies', () => {
  it('one that ran has a strike', async () => {
    const world = await open()
    await world.queue().enqueue('held')
    await take(world.queue())
    await churn(world, nothing)
    expect(isCleaned(world)).toBe(true)
    await world.kill()
    expect((await take(world.queue())).job).toMatchObject({
      attempt: 2,
      crashes: 1,
      previous: { attempt: 1, outcome: 'crashed' },
    })
  })

  it('one that has failed still holds up its group, until it is due', async () => {
    const world = await open()
    const group = 'g'
    await world.queue().enqueueMany([
      { data: 'a1', options: { group } },
      { data: 'a2', options: { group } },
    ])
    await (await take(world.queue())).nack({ delayMs: 600_000 })
    await churn(world, nothing)
    expect(isCleaned(world)).toBe(true)
    await world.kill()
    expect(await drain(world.queue())).toEqual([])
    await world.clock.advance(600_000)
    expect(await drain(world.queue())).toEqual(['a1', 'a2'])
  })

  it('an id makes duplicates, though its job has ended in a later one and is forgotten', async () => {
    const world = await open()
    const queue = world.queue(FORGETFUL)
    await queue.enqueue('one', { id: 'once' })
    const lease = await take(queue)
    // While these wait, there is nothing to be won.
    const bulk = world.queue({}, 'bulk')
    await bulk.enqueueMany(Array.from({ length: 100 }, (_, data) => ({ data })))
    await churn(world, nothing, 4)
    await lease.ack()
    await churn(world, nothing, 1)
    expect(isCleaned(world)).toBe(false)
    const before = world.disk.position
    await bulk.purge({ states: ['waiting'] })
    await churn(world, nothing, 2)
    expect(isCleaned(world)).toBe(true)
    for (let position = before; position <= world.disk.position; position++) {
      const enqueue = (found: Queue<unknown>): Promise<Enqueued> => found.enqueue(2, { id: 'once' })
      const { status } = await afterKill(world, enqueue, position)
      expect({ position, status }).toEqual({ position, status: 'duplicate' })
    }
  })

  it('one is there as it was updated last, wherever its body was when it was carried', async () => {
    for (const memoryBudgetBytes of [0, 1_000_000]) {
      const world = await open({ memoryBudgetBytes })
      const queue = world.queue()
      const failures: unknown[] = []
      queue.on('failed', ({ error }) => failures.push(error))
      await queue.enqueueMany([0, 1, 2].map((data) => ({ data })))
      let resolved = 0
      let asked = 0
      const update = async (): Promise<void> => {
        const data = ++asked
        await queue.update('@2', { data })
        resolved = data
      }
      await churn(world, async () => {
        const updates = [update(), update()]
        await afterKill(world, async (found) => {
          const job = await found.get('@2')
          expect(job?.data).toBeGreaterThanOrEqual(resolved)
          expect(job?.data).toBeLessThanOrEqual(asked)
          expect(found.stats()).toMatchObject({ waiting: 3 })
        })
        await Promise.all(updates)
      })
      expect(isCleaned(world)).toBe(true)
      expect(failures).toEqual([])
    }
  })

  it('jobs that end while others are read are no failure', async () => {
    const world = await open({ memoryBudgetBytes: 0 })
    const queue = world.queue(FORGETFUL)
    const failures: unknown[] = []
    queue.on('failed', ({ error }) => failures.push(error))
    const worker = queue.process(() => {}, { concurrency: 20 })
    for (let round = 0; round < 30; round++) {
      await queue.enqueueMany(Array.from({ length: 20 }, (_, data) => ({ data })))
      await queue.idle()
    }
    await worker.close()
    expect(isCleaned(world)).toBe(true)
    expect(failures).toEqual([])
  })
})

describe('what is no job’s', () => {
  const kinds: [string, (world: World) => Promise<unknown>, (world: World) => unknown, unknown][] =
    [
      [
        'a pause',
        (world) => world.queue().pause(),
        (world) => world.queue().stats().isPaused,
        true,
      ],
      [
        'a value',
        (world) => world.queues.transaction((tx) => tx.put('cursor', 17)),
        (world) => world.queues.value('cursor'),
        17,
      ],
      [
        'a schedule',
        (world) => world.queue().schedules.upsert('nightly', { cron: '0 3 * * *', data: 'night' }),
        (world) =>
          world
            .queue()
            .schedules.list()
            .map(({ id }) => id),
        ['nightly'],
      ],
    ]
  it.each(kinds)(
    'is there when the segment is gone that told of it, and the process dies: %s',
    async (_, make, look, expected) => {
      const world = await open()
      await world.queue().enqueue('held')
      await make(world)
      await churn(world, nothing)
      expect(isCleaned(world)).toBe(true)
      await world.kill()
      expect(world.queue().stats()).toMatchObject({ waiting: 1 })
      expect(look(world)).toEqual(expected)
    },
  )

  it('an unclean end is still counted, so that suspects go on alone', async () => {
    const world = await open()
    await world.queue().enqueueMany([{ data: 'a' }, { data: 'b' }])
    for (let crash = 0; crash < 2; crash++) {
      await world.queue().receive({ max: 2 })
      await world.kill()
    }
    await churn(world, nothing)
    expect(isCleaned(world)).toBe(true)
    await world.kill()
    expect(await world.queue().receive({ max: 2 })).toHaveLength(1)
  })
})
