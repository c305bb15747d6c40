import { afterEach, beforeEach, expect, test } from 'vitest'
import { World } from './support/world.js'

let world: World

beforeEach(async () => {
  world = await World.open()
})

afterEach(async () => {
  await world.queues.close()
})

test('of calls at once with the same id one enqueues, the others are told of it', async () => {
  const queue = world.queue<number>()
  const told = await Promise.all([1, 2, 3].map((data) => queue.enqueue(data, { id: 'a' })))

  expect(told.map(({ status }) => status)).toEqual(['enqueued', 'duplicate', 'duplicate'])
  expect(new Set(told.map(({ seq }) => seq))).toEqual(new Set([1]))
  expect(queue.stats().waiting).toBe(1)
})

test('of calls at once with the same key one enqueues, the others are told of it', async () => {
  const queue = world.queue<number>()
  const dedup = { key: 'k' }
  const told = await Promise.all([1, 2, 3].map((data) => queue.enqueue(data, { dedup })))

  expect(told.map(({ status }) => status)).toEqual(['enqueued', 'duplicate', 'duplicate'])
  expect(queue.stats().waiting).toBe(1)
})

test('those that wait for room do not get in together under one id', async () => {
  const queue = world.queue<number>({ limits: { depth: 1, onFull: 'wait' } })
  await queue.enqueue(0)
  const waiting = [1, 2].map((data) => queue.enqueue(data, { id: 'a' }))
  for (let n = 0; n < 2; n++) {
    const [lease] = await queue.receive({ waitMs: 1_000 })
    await lease?.ack()
  }

  const told = await Promise.all(waiting)
  expect(told.map(({ status }) => status).toSorted()).toEqual(['duplicate', 'enqueued'])
})

test('jobs keep the order of their calls, with an id or without', async () => {
  const queue = world.queue<number>()
  const calls = [
    queue.enqueue(1, { id: 'a' }),
    queue.enqueue(2),
    queue.enqueue(3, { priority: 0 }),
    queue.enqueue(4, { id: 'b' }),
  ]

  expect((await Promise.all(calls)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
})

test('what a caller does to its object behind the call changes nothing of the job', async () => {
  const queue = world.queue<{ n: number }>()
  const data = { n: 1 }
  const enqueued = queue.enqueue(data)
  data.n = 2
  await enqueued

  const [lease] = await queue.receive()
  expect(lease?.payload).toEqual({ n: 1 })
  await lease?.ack()
})
