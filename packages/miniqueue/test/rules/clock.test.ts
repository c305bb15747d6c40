import { beforeEach, describe, expect, it } from 'vitest'
import { drain, take } from '../support/leases.js'
import { World } from '../support/world.js'

const HOUR_MS = 3_600_000

let world: World

beforeEach(async () => {
  world = await World.open()
})

describe('a wait', () => {
  it.each([
    ['forward', HOUR_MS],
    ['back', -HOUR_MS],
  ])('for some time to pass is as long when the clock is set %s', async (_, byMs) => {
    const q = world.queue()
    const jumps: number[] = []
    q.on('clockJump', ({ byMs: by }) => jumps.push(by))
    await q.enqueue(1, { delayMs: 10_000 })
    await q.enqueue(2)
    const lease = await take(q, 5_000)
    await world.clock.advance(1_000)
    world.clock.setWall(world.clock.now() + byMs)
    await world.clock.advance(3_999)
    expect(lease.signal.aborted).toBe(false)
    expect(await q.receive()).toEqual([])
    await world.clock.advance(1)
    expect(lease.signal.aborted).toBe(true)
    expect((await take(q)).payload).toBe(2)
    await world.clock.advance(4_999)
    expect(await q.receive()).toEqual([])
    await world.clock.advance(1)
    expect((await take(q)).payload).toBe(1)
    expect(jumps).toEqual([byMs])
  })

  it('that is written down waits at most its length when the clock was set back meanwhile, and not nothing', async () => {
    await world.queue().enqueue(1, { delayMs: 10_000 })
    await world.clock.advance(4_000)
    world.clock.setWall(world.clock.now() - 24 * HOUR_MS)
    await world.kill()
    expect(await world.queue().receive()).toEqual([])
    const waiting = world.queue().receive({ waitMs: HOUR_MS })
    await world.clock.advance(5_999)
    expect(world.queue().stats()).toMatchObject({ delayed: 1, active: 0 })
    await world.clock.advance(4_001)
    expect(world.queue().stats()).toMatchObject({ active: 1 })
    expect(await waiting).toHaveLength(1)
  })

  it('of a retry is kept as well', async () => {
    const q = world.queue()
    await q.enqueue(1)
    await (await take(q)).nack({ delayMs: 10_000 })
    world.clock.setWall(world.clock.now() - 24 * HOUR_MS)
    await world.kill()
    const waiting = world.queue().receive({ waitMs: HOUR_MS })
    await world.clock.advance(9_000)
    expect(world.queue().stats()).toMatchObject({ delayed: 1 })
    await world.clock.advance(1_000)
    expect(await waiting).toHaveLength(1)
  })

  it('that was over while nobody was there is over at the opening', async () => {
    await world.queue().enqueue(1, { delayMs: 10_000 })
    await world.clock.advance(10_000)
    await world.kill()
    expect(await drain(world.queue())).toEqual([1])
  })
})

describe('a time of the wall clock', () => {
  it('is that of the wall clock, when it is set forward', async () => {
    const q = world.queue()
    const jumps: number[] = []
    q.on('clockJump', ({ byMs }) => jumps.push(byMs))
    await q.enqueue(1, { runAt: new Date(world.clock.now() + 24 * HOUR_MS) })
    const waiting = q.receive({ waitMs: 24 * HOUR_MS })
    await world.clock.advance(1_000)
    world.clock.setWall(world.clock.now() + 24 * HOUR_MS)
    // Nobody tells a process that its clock was set: it looks now and then while it waits for a time.
    await world.clock.advance(60_000)
    expect(await waiting).toHaveLength(1)
    expect(jumps).toEqual([24 * HOUR_MS])
  })

  it('is that of the wall clock, when it is set back', async () => {
    const q = world.queue()
    await q.enqueue(1, { runAt: world.clock.now() + HOUR_MS })
    await world.clock.advance(HOUR_MS / 2)
    world.clock.setWall(world.clock.now() - HOUR_MS)
    await world.clock.advance(HOUR_MS)
    expect(await q.receive()).toEqual([])
    await world.clock.advance(HOUR_MS / 2)
    expect(await q.receive()).toHaveLength(1)
  })

  it('is the same in the next process', async () => {
    const runAt = world.clock.now() + HOUR_MS
    await world.queue().enqueue(1, { runAt })
    await world.kill()
    expect(await world.queue().receive()).toEqual([])
    await world.clock.advance(HOUR_MS)
    expect(await world.queue().receive()).toHaveLength(1)
  })
})

describe('the clock', () => {
  it('that is off by a second was not set, and by more was', async () => {
    const q = world.queue()
    const jumps: number[] = []
    q.on('clockJump', ({ byMs }) => jumps.push(byMs))
    await q.enqueue(1)
    await take(q, HOUR_MS)
    world.clock.setWall(world.clock.now() + 1_000)
    await world.clock.advance(2_000)
    expect(jumps).toEqual([])
    world.clock.setWall(world.clock.now() + 1)
    await world.clock.advance(2_000)
    expect(jumps).toEqual([1_001])
  })

  it('going back does not let later jobs run before earlier ones', async () => {
    const q = world.queue()
    await q.enqueue('first')
    world.clock.setWall(world.clock.now() - HOUR_MS)
    await q.enqueue('second')
    await world.kill()
    await world.queue().enqueue('third')
    expect(await drain(world.queue())).toEqual(['first', 'second', 'third'])
  })

  it('has no timer while nothing is there to wait for', async () => {
    const q = world.queue()
    q.process(() => undefined)
    const waiting = q.receive({ waitMs: Infinity, signal: AbortSignal.abort() })
    await q.enqueue(1)
    await q.idle()
    await waiting
    expect(world.clock.waiting).toBe(0)
  })
})
