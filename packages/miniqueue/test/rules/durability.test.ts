import { type FileSystem, nodeFileSystem } from '@mini-rs/ministore/fs'
import { SeededChoices } from '@mini-rs/testkit'
import { seedOfRun, temporaryFolder } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import { MiniQueue } from '../../src/queue/mini-queue.js'
import { collect, drain, take } from '../support/leases.js'
import { World } from '../support/world.js'

describe('a resolved enqueue', () => {
  it('survives a power cut', async () => {
    const world = await World.open()
    await world.queue().enqueue('one', { id: 'a' })
    await world.queue().enqueueMany([{ data: 'two' }, { data: 'three' }])
    await world.cutPower()
    expect(await drain(world.queue())).toEqual(['one', 'two', 'three'])
  })

  it('survives any power cut, with every option that it had', async () => {
    const seed = seedOfRun('options survive')
    for (let cut = 0; cut < 20; cut++) {
      const world = await World.open()
      const options = { priority: -3, headers: { trace: 'x' }, attempts: 2, timeoutMs: 9 }
      await world.queue().enqueue({ deep: [1, null, 'ü'] }, options)
      await world.cutPower(new SeededChoices(seed + cut))
      const { job } = await take(world.queue())
      expect(job).toMatchObject({
        data: { deep: [1, null, 'ü'] },
        priority: -3,
        headers: { trace: 'x' },
        attempt: 1,
        id: '@1',
      })
    }
  })

  it('is what it was when it was called, whatever the caller does to its object', async () => {
    const world = await World.open()
    const data = { text: 'before' }
    const enqueued = world.queue().enqueue(data)
    data.text = 'after'
    await enqueued
    expect(await drain(world.queue())).toEqual([{ text: 'before' }])
  })

  it('that was made in one commit with others is there with all of them, or with none', async () => {
    const seed = seedOfRun('all or nothing')
    for (let cut = 0; cut < 60; cut++) {
      const world = await World.open()
      const q = world.queue()
      const before = world.disk.position
      await q.enqueueMany([{ data: 1 }, { data: 2 }, { data: 3 }])
      const choices = new SeededChoices(seed + cut)
      const position = before + choices.choose(world.disk.position - before + 1)
      world.disk = world.disk.powerCutAt(position, choices)
      await world.kill()
      expect([0, 3]).toContain((await drain(world.queue())).length)
    }
  })
})

/** The disk, and where each sync of the journal was made. */
function watchedSyncs(): { fileSystem: FileSystem; syncs: ('inline' | 'threadPool')[] } {
  const syncs: ('inline' | 'threadPool')[] = []
  const open: FileSystem['open'] = async (path, mode, permissions) => {
    const handle = await nodeFileSystem.open(path, mode, permissions)
    if (!path.includes('journal')) return handle
    const sync = handle.sync.bind(handle)
    const syncSync = handle.syncSync.bind(handle)
    return Object.assign(handle, {
      sync: () => (syncs.push('threadPool'), sync()),
      syncSync: () => (syncs.push('inline'), syncSync()),
    })
  }
  return { fileSystem: { ...nodeFileSystem, open }, syncs }
}

describe('with syncOn inline', () => {
  it('a lone call syncs on the calling thread, otherwise on the thread pool', async () => {
    for (const syncOn of ['inline', 'threadPool'] as const) {
      const { fileSystem, syncs } = watchedSyncs()
      const queues = await MiniQueue.open(temporaryFolder(), { syncOn, fileSystem })
      const queue = queues.queue('q')
      syncs.length = 0
      await queue.enqueue('a')
      await (await take(queue)).ack()
      expect(syncs).toEqual([syncOn, syncOn])
      await Promise.all([queue.enqueue('b'), queue.enqueue('c')])
      expect(syncs).toEqual([syncOn, syncOn, 'threadPool'])
      await queues.close()
    }
  })

  it('what it resolved survives a power cut', async () => {
    const world = await World.open({ syncOn: 'inline' })
    await world.queue().enqueue('a')
    await (await take(world.queue())).ack()
    await world.queue().enqueue('b')
    await world.cutPower()
    expect(await drain(world.queue())).toEqual(['b'])
  })

  it('is one of two words', async () => {
    await expect(World.open({ syncOn: 'main' as never })).rejects.toThrow(TypeError)
  })
})

describe('a resolved ack', () => {
  it('survives a power cut: the job is never delivered again', async () => {
    const world = await World.open()
    await world.queue().enqueueMany([{ data: 1 }, { data: 2 }])
    await (await take(world.queue())).ack('done')
    await world.cutPower()
    expect(await drain(world.queue())).toEqual([2])
    expect(await world.queue().waitFor('@1')).toBe('done')
  })

  it('stands with those of the same turn, before what was said behind it, and as it was given', async () => {
    const world = await World.open()
    const queue = world.queue()
    await queue.enqueueMany([1, 2, 3, 4].map((data) => ({ data })))
    const leases = await queue.receive({ max: 4 })
    const result = { text: 'before' }
    const [one, two, three, four] = leases.map((lease, index) => () => {
      return lease.ack(index === 2 ? result : undefined)
    })
    const acked = [one?.(), two?.(), three?.()]
    result.text = 'after'
    const enqueued = queue.enqueue(5)
    await Promise.all([...acked, enqueued, four?.()])
    const behind = world.records.slice(4)
    expect(behind).toMatchObject([
      { ack: { of: 1 } },
      { ack: { of: 2 } },
      { ack: { of: 3, result: { text: 'before' } } },
      { enqueue: { data: 5 } },
      { ack: { of: 4 } },
    ])
    await world.cutPower()
    expect(await drain(world.queue())).toEqual([5])
  })

  it('that is still being said is in the journal when the queues are closed', async () => {
    const world = await World.open()
    await world.queue().enqueueMany([{ data: 1 }, { data: 2 }])
    const [one, two] = await world.queue().receive({ max: 2 })
    const acked = [one?.ack(), two?.ack()]
    await world.queues.close()
    await Promise.all(acked)
    await world.reopen()
    expect(world.queue().stats()).toMatchObject({ completed: 2, depth: 0 })
  })

  it('a second one does nothing, at once and later', async () => {
    const world = await World.open()
    await world.queue().enqueue(1)
    const lease = await take(world.queue())
    await Promise.all([lease.ack('first'), lease.ack('second')])
    const count = world.records.length
    await lease.ack('third')
    expect(world.records).toHaveLength(count)
    expect(await world.queue().waitFor('@1')).toBe('first')
    expect(world.queue().stats()).toMatchObject({ completed: 1, depth: 0 })
  })

  it('a second one after that of a transaction does nothing either', async () => {
    const world = await World.open()
    await world.queue().enqueue(1)
    const lease = await take(world.queue())
    await world.queues.transaction((t) => t.ack(lease, 'first'))
    await lease.ack('second')
    expect(await world.queue().waitFor('@1')).toBe('first')
  })

  it('makes a nack or a dead letter behind it refused, with nothing written', async () => {
    const world = await World.open()
    await world.queue().enqueue(1)
    const lease = await take(world.queue())
    await lease.ack()
    const count = world.records.length
    await expect(lease.nack()).rejects.toMatchObject({ code: 'LEASE_LOST', outcome: 'absent' })
    await expect(lease.deadLetter('no')).rejects.toMatchObject({ code: 'LEASE_LOST' })
    await expect(lease.extend(1)).rejects.toMatchObject({ code: 'LEASE_LOST' })
    await expect(lease.save({})).rejects.toMatchObject({ code: 'LEASE_LOST' })
    expect(world.records).toHaveLength(count)
  })
})

describe('nacks, dead letters and counts', () => {
  it('survive a power cut', async () => {
    const world = await World.open()
    const options = { attempts: 9 }
    const q = world.queue(options)
    await q.enqueueMany([{ data: 'nacked' }, { data: 'dead' }])
    const [one, two] = [await take(q), await take(q)]
    await one.nack({ delayMs: 5_000, error: new Error('not yet') })
    await two.deadLetter('broken', new Error('no'))
    await world.cutPower()
    const again = world.queue(options)
    expect(again.stats()).toMatchObject({ delayed: 1, dead: 1, waiting: 0 })
    await world.clock.advance(5_000)
    const { job } = await take(again)
    expect(job).toMatchObject({ attempt: 2, failures: 1, crashes: 0 })
    expect(job.previous).toMatchObject({ outcome: 'failed', error: { message: 'not yet' } })
    const dead = await collect(again.deadLetters())
    expect(dead).toMatchObject([{ payload: 'dead', error: { message: 'no' } }])
  })
})

describe('a transaction', () => {
  it('is there as a whole after a crash, or not at all', async () => {
    const seed = seedOfRun('transactions')
    for (let cut = 0; cut < 60; cut++) {
      const world = await World.open()
      await world.queue().enqueue('first')
      const lease = await take(world.queue())
      world.queue({}, 'other')
      const before = world.disk.position
      await world.queues.transaction((t) => {
        t.ack(lease)
        t.enqueue('other', 'follow-up')
        t.put('cursor', 7)
      })
      const choices = new SeededChoices(seed + cut)
      const position = before + choices.choose(world.disk.position - before + 1)
      world.disk = world.disk.powerCutAt(position, choices)
      await world.kill()
      const left = await drain(world.queue())
      const done = await drain(world.queue({}, 'other'))
      expect([
        [['first'], [], undefined],
        [[], ['follow-up'], 7],
      ]).toContainEqual([left, done, world.queues.value('cursor')])
    }
  })

  it('writes nothing when what collects it throws, and the lease stays', async () => {
    const world = await World.open()
    await world.queue().enqueue(1)
    const lease = await take(world.queue())
    const count = world.records.length
    const failing = world.queues.transaction((t) => {
      t.ack(lease)
      t.put('key', 1)
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    expect(world.records).toHaveLength(count)
    expect(world.queues.value('key')).toBeUndefined()
    await lease.ack()
  })

  it('with a lease that is lost writes nothing, and its other leases stay', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueueMany([{ data: 1 }, { data: 2 }])
    const [lost, held] = [await take(q), await take(q)]
    await lost.nack({ delayMs: 0 })
    const failing = world.queues.transaction((t) => {
      t.ack(held as never)
      t.ack(lost as never)
      t.enqueue(q, 3)
    })
    await expect(failing).rejects.toMatchObject({ code: 'LEASE_LOST' })
    expect(q.stats()).toMatchObject({ waiting: 1, active: 1 })
    await held.ack()
  })

  it('accepts a late ack, and nobody else gets the job meanwhile', async () => {
    const world = await World.open()
    const q = world.queue()
    await q.enqueue(1)
    const lease = await take(q, 1_000)
    await world.clock.advance(2_000)
    expect(q.stats()).toMatchObject({ waiting: 1, active: 0 })
    const done = world.queues.transaction((t) => t.ack(lease))
    expect(await q.receive()).toEqual([])
    await done
    expect(q.stats()).toMatchObject({ completed: 1, depth: 0 })
  })

  it('knows queues by name or by themselves, and no others', async () => {
    const world = await World.open()
    const q = world.queue()
    await world.queues.transaction((t) => {
      t.enqueue('q', 1)
      t.enqueue(q, 2)
      expect(() => t.enqueue('nobody', 3)).toThrow(TypeError)
      expect(() => t.put(1 as never, 3)).toThrow(TypeError)
    })
    expect(await drain(q)).toEqual([1, 2])
  })
})
