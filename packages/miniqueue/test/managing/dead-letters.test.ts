import { describe, expect, it } from 'vitest'
import type { Queue } from '../../src/queue/queue.js'
import { drain, take } from '../support/leases.js'
import { World } from '../support/world.js'

/** Five dead letters: `e0` to `e4`; the even ones by a broken pipe, the others given up. */
async function withDead(world: World): Promise<Queue<number>> {
  const q = world.queue<number>({ attempts: 1 })
  for (let index = 0; index < 5; index++) {
    await q.enqueue(index, { id: `e${index}` })
    const lease = await take(q)
    if (index % 2 === 0) await lease.nack({ error: new Error('EPIPE: broken pipe') })
    else await lease.deadLetter('given up')
    await world.clock.advance(1_000)
  }
  return q
}

describe('dead letters', () => {
  it('are listed with why and when they died, page by page', async () => {
    const world = await World.open()
    const startMs = world.clock.now()
    const q = await withDead(world)
    const first = await q.dead.list({ limit: 3 })
    expect(first.map(({ job }) => job.id)).toEqual(['e0', 'e1', 'e2'])
    expect(first[0]).toMatchObject({
      reason: 'attempts',
      error: { name: 'Error', message: 'EPIPE: broken pipe' },
      diedAtMs: startMs,
      job: { data: 0, status: 'dead' },
    })
    const rest = await q.dead.list({ after: first[2]?.job.seq ?? 0 })
    expect(rest.map(({ job }) => job.id)).toEqual(['e3', 'e4'])
  })

  it('are redriven as the preview has said', async () => {
    const world = await World.open()
    const q = await withDead(world)
    const filter = { error: 'EPIPE', limit: 2 }
    const preview = await q.dead.preview(filter)
    expect(preview).toMatchObject({ count: 2, remaining: 3, reasons: { attempts: 2 } })
    expect(preview.sample.map(({ job }) => job.id)).toEqual(['e0', 'e2'])
    expect(q.stats().dead).toBe(5)
    expect(await q.dead.redrive(filter)).toBe(2)
    expect(q.stats()).toMatchObject({ dead: 3, waiting: 2 })
    await world.cutPower()
    expect(await drain(world.queue<number>())).toEqual([0, 2])
  })

  it('are chosen by id, reason and time', async () => {
    const world = await World.open()
    const startMs = world.clock.now()
    const q = await withDead(world)
    const ids = async (filter: Parameters<typeof q.dead.list>[0]): Promise<string[]> =>
      (await q.dead.list(filter)).map(({ job }) => job.id)
    expect(await ids({ ids: ['e4', 'e1'] })).toEqual(['e1', 'e4'])
    expect(await ids({ reason: 'deadLetter' })).toEqual(['e1', 'e3'])
    expect(await ids({ before: new Date(startMs + 2_000) })).toEqual(['e0', 'e1'])
    await expect(q.dead.redrive({ ids: ['nobody'] })).rejects.toMatchObject({
      code: 'JOB_NOT_FOUND',
    })
    await expect(q.dead.list({ reason: 'bored' as 'expired' })).rejects.toThrow(TypeError)
  })

  it('are all redriven, in one commit, without a filter', async () => {
    const world = await World.open()
    const q = await withDead(world)
    const before = world.records.length
    expect(await q.dead.redrive()).toBe(5)
    expect(world.records.length).toBe(before + 1)
    expect(await q.dead.redrive()).toBe(0)
    expect(await drain(q)).toEqual([0, 1, 2, 3, 4])
  })

  it('are purged, all or some, for good', async () => {
    const world = await World.open()
    const q = await withDead(world)
    expect(await q.dead.purge({ reason: 'deadLetter' })).toBe(2)
    await world.cutPower()
    const again = world.queue<number>()
    expect((await again.dead.list()).map(({ job }) => job.id)).toEqual(['e0', 'e2', 'e4'])
    expect(await again.dead.purge()).toBe(3)
    expect(again.stats().dead).toBe(0)
  })
})
