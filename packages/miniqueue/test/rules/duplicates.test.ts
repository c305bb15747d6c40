import { beforeEach, describe, expect, it } from 'vitest'
import { drain, take } from '../support/leases.js'
import { World } from '../support/world.js'

let world: World

beforeEach(async () => {
  world = await World.open()
})

describe('an id', () => {
  it('that is there makes a duplicate, and says of what', async () => {
    const q = world.queue()
    await q.enqueue(1, { id: 'a' })
    const existing = { id: 'a', seq: 1 }
    expect(await q.enqueue(2, { id: 'a' })).toEqual({
      ...existing,
      status: 'duplicate',
      existing: { ...existing, status: 'waiting' },
    })
    const lease = await take(q)
    expect((await q.enqueue(2, { id: 'a' })).existing).toEqual({ ...existing, status: 'active' })
    await lease.nack({ delayMs: 5 })
    expect((await q.enqueue(2, { id: 'a' })).existing).toEqual({ ...existing, status: 'delayed' })
    await world.clock.advance(5)
    await (await take(q)).ack()
    expect((await q.enqueue(2, { id: 'a' })).existing).toEqual({ ...existing, status: 'completed' })
    expect(q.stats()).toMatchObject({ completed: 1, depth: 0 })
  })

  it('is that of one queue', async () => {
    await world.queue().enqueue(1, { id: 'a' })
    expect((await world.queue({}, 'other').enqueue(2, { id: 'a' })).status).toBe('enqueued')
    expect(await drain(world.queue({}, 'other'))).toEqual([2])
  })

  it('that is enqueued many times at once is there once, and all are told so', async () => {
    const q = world.queue()
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, data) => q.enqueue(data, { id: 'a' })),
    )
    expect(all.filter(({ status }) => status === 'enqueued')).toHaveLength(1)
    expect(all.every(({ seq }) => seq === 1)).toBe(true)
    expect(await drain(q)).toEqual([0])
  })

  it('of an enqueue that failed is free again', async () => {
    const q = world.queue()
    world.disk.hook = (call, path) => {
      if (call === 'sync' && path.includes('journal.jsonl')) throw new Error('broken disk')
    }
    const both = [q.enqueue(1, { id: 'a' }), q.enqueue(2, { id: 'a' })]
    for (const one of both) await expect(one).rejects.toMatchObject({ code: 'QUEUE_FAILED' })
    await world.kill()
    expect((await world.queue().enqueue(3, { id: 'a' })).seq).toBeGreaterThan(0)
  })

  it('is remembered for so long after its job has ended, by default ten minutes', async () => {
    const q = world.queue()
    await q.enqueue(1, { id: 'a' })
    await drain(q)
    await world.clock.advance(600_000)
    expect((await q.enqueue(2, { id: 'a' })).status).toBe('duplicate')
    await world.clock.advance(1)
    expect((await q.enqueue(2, { id: 'a' })).status).toBe('enqueued')
    // The live one is meant from now on, not the one that is still kept.
    expect((await q.enqueue(3, { id: 'a' })).status).toBe('duplicate')
    expect((await q.get('a'))?.data).toBe(2)
  })

  it('is remembered when its job is kept no longer, when it was cancelled by death, and in the next process', async () => {
    const options = { retention: { completed: { count: 0 }, dead: { count: 0 } } }
    const q = world.queue(options)
    await q.enqueueMany([
      { data: 1, options: { id: 'done' } },
      { data: 2, options: { id: 'dead' } },
    ])
    await (await take(q)).ack()
    await (await take(q)).deadLetter('no')
    expect(await q.get('done')).toBeUndefined()
    for (const again of [world.cutPower(), world.reopen()]) {
      await again
      for (const id of ['done', 'dead']) {
        expect((await world.queue(options).enqueue(3, { id })).status).toBe('duplicate')
      }
    }
  })

  it('is forgotten when more than so many have ended since', async () => {
    world = await World.open({ dedupWindow: { count: 2 } })
    const q = world.queue()
    for (const id of ['a', 'b', 'c']) await q.enqueue(id, { id })
    await drain(q)
    await world.kill()
    const statuses = []
    for (const id of ['b', 'c', 'a'])
      statuses.push((await world.queue().enqueue(id, { id })).status)
    expect(statuses).toEqual(['duplicate', 'duplicate', 'enqueued'])
  })

  it('may not begin with an @, be empty or too long, and must be a string', async () => {
    const q = world.queue()
    await expect(q.enqueue(1, { id: '@1' })).rejects.toThrow(TypeError)
    await expect(q.enqueue(1, { id: '' })).rejects.toThrow(RangeError)
    await expect(q.enqueue(1, { id: 7 as never })).rejects.toThrow(TypeError)
    await expect(q.enqueue(1, { id: 'x'.repeat(513) })).rejects.toThrow(RangeError)
    expect((await q.enqueue(1, { id: 'x'.repeat(512) })).status).toBe('enqueued')
  })

  it('twice in one commit is refused', async () => {
    const jobs = [1, 2].map((data) => ({ data, options: { id: 'a' } }))
    await expect(world.queue().enqueueMany(jobs)).rejects.toThrow(TypeError)
    expect(world.records).toEqual([])
    expect((await world.queue().enqueue(1, { id: 'a' })).status).toBe('enqueued')
  })

  it('in one commit with others is a duplicate, and the others are enqueued', async () => {
    const q = world.queue()
    await q.enqueue(1, { id: 'b' })
    const told = await q.enqueueMany(['a', 'b', 'c'].map((id) => ({ data: id, options: { id } })))
    expect(told.map(({ status, seq }) => [status, seq])).toEqual([
      ['enqueued', 2],
      ['duplicate', 1],
      ['enqueued', 3],
    ])
  })

  it('and another, enqueued in both orders at once, do not wait for each other for ever', async () => {
    const q = world.queue()
    const jobs = ['a', 'b', 'c'].map((id) => ({ data: id, options: { id } }))
    const told = await Promise.all([q.enqueueMany(jobs), q.enqueueMany(jobs.toReversed())])
    expect(told.flat().filter(({ status }) => status === 'enqueued')).toHaveLength(3)
    const other = world.queue({}, 'other')
    const crossing = [
      [q, other],
      [other, q],
    ].map(([first, second]) =>
      world.queues.transaction((t) => {
        t.enqueue(first ?? q, 1, { id: 'x' })
        t.enqueue(second ?? q, 1, { id: 'x' })
      }),
    )
    await Promise.all(crossing)
    expect(other.stats()).toMatchObject({ waiting: 1 })
  })
})

describe('a transaction', () => {
  it('tells what became of its jobs, in their order, across queues', async () => {
    const q = world.queue()
    const other = world.queue({}, 'other')
    await q.enqueue(1, { id: 'a' })
    const told = await world.queues.transaction((t) => {
      t.enqueue(q, 2, { id: 'b' })
      t.enqueue(other, 3)
      t.enqueue(q, 4, { id: 'a' })
      t.enqueue(q, 5)
      t.put('cursor', 5)
    })
    expect(told).toMatchObject([
      { id: 'b', status: 'enqueued' },
      { status: 'enqueued' },
      { id: 'a', status: 'duplicate', existing: { id: 'a', status: 'waiting' } },
      { status: 'enqueued' },
    ])
    const [b, three, , five] = told
    expect(await q.get('b')).toMatchObject({ data: 2, seq: b?.seq })
    expect(await other.get(three?.id ?? '')).toMatchObject({ data: 3, seq: three?.seq })
    expect(await q.get(five?.id ?? '')).toMatchObject({ data: 5, seq: five?.seq })
    expect(await world.queues.transaction((t) => t.put('cursor', 6))).toEqual([])
  })
})

describe('dedup', () => {
  it('throttle: for so long after the enqueue, also when the job has ended, and in the next process', async () => {
    const dedup = { key: 'k', ttlMs: 1_000 }
    const q = world.queue()
    expect((await q.enqueue(1, { dedup })).status).toBe('enqueued')
    await drain(q)
    await world.kill()
    await world.clock.advance(999)
    const told = await world.queue().enqueue(2, { dedup })
    expect(told).toMatchObject({ status: 'duplicate', existing: { seq: 1, status: 'completed' } })
    await world.clock.advance(1)
    expect((await world.queue().enqueue(3, { dedup })).status).toBe('enqueued')
  })

  it('throttle without a time: while the job has not ended', async () => {
    const dedup = { key: 'k' }
    const q = world.queue()
    await q.enqueue(1, { dedup })
    const lease = await take(q)
    expect((await q.enqueue(2, { dedup })).existing).toMatchObject({ status: 'active' })
    await lease.ack()
    expect((await q.enqueue(3, { dedup })).status).toBe('enqueued')
  })

  it('debounce: each puts the job off, with the newest data', async () => {
    const dedup = { key: 'k', mode: 'debounce', ttlMs: 1_000 } as const
    const q = world.queue()
    expect((await q.enqueue(1, { dedup })).status).toBe('enqueued')
    await world.clock.advance(900)
    expect((await q.enqueue(2, { dedup })).status).toBe('rescheduled')
    await world.clock.advance(900)
    expect(await q.receive()).toEqual([])
    await world.kill()
    await world.clock.advance(100)
    expect(await drain(world.queue())).toEqual([2])
    expect((await world.queue().enqueue(3, { dedup })).status).toBe('enqueued')
  })

  it('replace: the one that waits gets the newest data, and keeps its place', async () => {
    const dedup = { key: 'k', mode: 'replace' } as const
    const q = world.queue()
    await q.enqueue('old', { dedup })
    await q.enqueue('other')
    expect(await q.enqueue('new', { dedup })).toMatchObject({ status: 'replaced', seq: 1 })
    await world.kill()
    expect(await drain(world.queue())).toEqual(['new', 'other'])
  })

  it('keepLatest: beside one that runs at most one waits', async () => {
    const dedup = { key: 'k', mode: 'keepLatest' } as const
    const q = world.queue()
    await q.enqueue(1, { dedup })
    const lease = await take(q)
    expect((await q.enqueue(2, { dedup })).status).toBe('enqueued')
    expect((await q.enqueue(3, { dedup })).status).toBe('replaced')
    await lease.ack()
    expect(await drain(q)).toEqual([3])
  })

  it('never loses the newest data to a delivery that begins while it is on its way', async () => {
    const dedup = { key: 'k', mode: 'replace' } as const
    const q = world.queue()
    await q.enqueue('old', { dedup })
    const replacing = q.enqueue('new', { dedup })
    expect(await q.receive()).toEqual([])
    const waiting = q.receive({ waitMs: 1_000 })
    expect((await replacing).status).toBe('replaced')
    expect((await waiting)[0]?.payload).toBe('new')
  })

  it('many at once, of one key, are one job', async () => {
    const dedup = { key: 'k', mode: 'replace' } as const
    const q = world.queue()
    const told = await Promise.all([1, 2, 3, 4].map((data) => q.enqueue(data, { dedup })))
    expect(told.map(({ status }) => status)).toEqual([
      'enqueued',
      'replaced',
      'replaced',
      'replaced',
    ])
    expect(await drain(q)).toEqual([4])
  })

  it('wants a key and a known mode, and excludes an id', async () => {
    const q = world.queue()
    await expect(q.enqueue(1, { dedup: {} as never })).rejects.toThrow(TypeError)
    await expect(q.enqueue(1, { dedup: { key: 'k', mode: 'x' as never } })).rejects.toThrow(
      TypeError,
    )
    await expect(q.enqueue(1, { dedup: { key: 'k', mode: 'debounce' } })).rejects.toThrow(TypeError)
    await expect(q.enqueue(1, { id: 'a', dedup: { key: 'k' } })).rejects.toThrow(TypeError)
  })
})
