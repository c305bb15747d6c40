import { Random, seedOfRun } from '@mini-rs/testkit/vitest'
import { expect, it, vi } from 'vitest'
import { MiniQueueError } from '../../src/errors.js'
import type { Job } from '../../src/job.js'
import { Changes } from '../../src/queue/changes.js'
import type { JobLease } from '../../src/queue/lease.js'
import type { Queue } from '../../src/queue/queue.js'
import { World } from '../support/world.js'

const LIVES = 30
const STEPS = 80
const OPTIONS = { attempts: 2, backoff: { type: 'fixed' as const, delayMs: 1_000 }, maxCrashes: 99 }

/** One thing that somebody does, chosen at random; several are under way at once. */
function act(
  world: World,
  q: Queue<number>,
  held: JobLease<number>[],
  random: Random,
): Promise<unknown> {
  const id = `j${random.int(12)}`
  const lease = held[random.int(held.length + 1)]
  const delayMs = random.int(3) * 700
  switch (random.int(16)) {
    case 0:
    case 1:
      return q.enqueue(random.int(100), { id, delayMs })
    case 2:
      return q.enqueue(random.int(100), { group: `g${random.int(2)}` })
    case 3:
      return q.enqueue(random.int(100), { id, dependsOn: [`j${random.int(12)}`] })
    case 4:
      return q.enqueue(random.int(100), { dedup: { key: 'k', mode: 'replace' } })
    case 5:
    case 6:
      return q.receive({ max: 2 }).then((leases) => held.push(...leases))
    case 7:
      return lease?.ack() ?? Promise.resolve()
    case 8:
      return lease?.nack({ error: new Error('no') }) ?? Promise.resolve()
    case 9:
      return q.update(id, { data: random.int(100), priority: random.int(5) })
    case 10:
      return random.int(2) === 0 ? q.update(id, { delayMs }) : q.runNow(id)
    case 11:
      return q.cancel(id)
    case 12:
      return q.retry(id)
    case 13:
      return random.int(2) === 0 ? q.dead.redrive() : q.dead.purge({ limit: 1 })
    case 14:
      return q.purge({ states: random.int(3) === 0 ? ['waiting', 'dead'] : ['cancelled'] })
    default:
      return world.clock.advance(random.int(800))
  }
}

function shape(jobs: readonly Job<number>[]): unknown[] {
  return jobs.map(({ id, seq, data, status, attempt, failures, crashes, priority, group }) => {
    return { id, seq, data, status, attempt, failures, crashes, priority, group }
  })
}

/** What a life came to: the jobs before a crash, and after it. */
async function live(seed: number): Promise<{ before: unknown[]; after: unknown[] }> {
  const random = new Random(seed)
  const world = await World.open()
  const q = world.queue<number>(OPTIONS)
  const held: JobLease<number>[] = []
  let underWay: Promise<unknown>[] = []
  for (let step = 0; step < STEPS; step++) {
    const done = act(world, q, held, random).catch((error: unknown) => {
      if (!MiniQueueError.is(error) && !(error instanceof TypeError)) throw error
    })
    underWay.push(done)
    if (random.int(3) === 0) {
      await Promise.all(underWay)
      underWay = []
    }
  }
  await Promise.all(underWay)
  const alive = await q.list({ limit: 1_000 })
  await world.kill()
  const after = shape(await world.queue<number>(OPTIONS).list({ limit: 1_000 }))
  const struck = alive.map((job) => (job.status === 'active' ? afterCrash(job) : job))
  return { before: shape(struck), after }
}

function afterCrash<T>(job: Job<T>): Job<T> {
  return { ...job, status: 'waiting', crashes: job.crashes + 1 }
}

it('what was managed by hand is the same after a crash', async () => {
  const seed = seedOfRun('managed by hand')
  for (let life = 0; life < LIVES; life++) {
    const { before, after } = await live(seed + life)
    expect({ life, jobs: after }).toEqual({ life, jobs: before })
  }
})

it('without holding jobs that are being changed it would not be (negative control)', async () => {
  const seed = seedOfRun('negative control')
  const isHeld = vi.spyOn(Changes.prototype, 'isHeld').mockReturnValue(false)
  try {
    let different = 0
    for (let life = 0; life < LIVES && different === 0; life++) {
      const { before, after } = await live(seed + life)
      if (JSON.stringify(before) !== JSON.stringify(after)) different += 1
    }
    expect(different).toBe(1)
  } finally {
    isHeld.mockRestore()
  }
})
