import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { type QueueCheck, drain, receiveOne } from './subject.js'

export const sendingChecks: readonly QueueCheck[] = [
  {
    name: 'a message that was enqueued is received, as it was',
    run: async ({ queue }) => {
      const data = { text: 'ü\n', list: [1, null, { deep: true }] }
      const sent = await queue.enqueue(data, { headers: { trace: 'x' } })
      strictEqual(sent.status, 'enqueued')
      data.text = 'changed since'
      const lease = await receiveOne(queue)
      deepStrictEqual(lease.payload, { text: 'ü\n', list: [1, null, { deep: true }] })
      deepStrictEqual({ ...lease.headers }, { trace: 'x' })
      strictEqual(lease.id, sent.id)
      strictEqual(lease.deliveryCount, 1)
      strictEqual(lease.failureCount, 0)
      strictEqual(lease.memo, undefined)
    },
  },
  {
    name: 'messages are received in the order in which they were enqueued',
    run: async ({ queue }) => {
      for (const data of [1, 2, 3, 4]) await queue.enqueue(data)
      deepStrictEqual(await drain(queue), [1, 2, 3, 4])
    },
  },
  {
    name: 'an id that was enqueued makes a duplicate, while its message lives and when it is done',
    run: async ({ queue }) => {
      await queue.enqueue(1, { id: 'a' })
      strictEqual((await queue.enqueue(2, { id: 'a' })).status, 'duplicate')
      deepStrictEqual(await drain(queue), [1])
      strictEqual((await queue.enqueue(3, { id: 'a' })).status, 'duplicate')
      deepStrictEqual(await drain(queue), [])
    },
  },
  {
    name: 'an id that is enqueued many times at once is one message',
    run: async ({ queue }) => {
      const all = await Promise.all([1, 2, 3, 4].map((data) => queue.enqueue(data, { id: 'a' })))
      strictEqual(all.filter(({ status }) => status === 'enqueued').length, 1)
      strictEqual((await drain(queue)).length, 1)
    },
  },
  {
    name: 'a delayed message is not received before its time, and goes behind what was ready before',
    run: async ({ queue, advance }) => {
      await queue.enqueue('delayed', { delayMs: 1_000 })
      await queue.enqueue('now')
      await advance(999)
      deepStrictEqual(await drain(queue), ['now'])
      deepStrictEqual({ ...(await queue.counts()) }, { waiting: 0, delayed: 1, active: 0, dead: 0 })
      await queue.enqueue('before')
      await advance(1)
      deepStrictEqual(await drain(queue), ['before', 'delayed'])
    },
  },
  {
    name: 'what was enqueued is there after a new opening, what was acknowledged is not',
    skipReason: ({ reopen }) => (reopen === undefined ? 'it cannot be opened again' : undefined),
    run: async ({ queue, reopen }) => {
      await queue.enqueue(1)
      await queue.enqueue(2)
      await (await receiveOne(queue)).ack()
      const again = (await reopen?.()) ?? queue
      deepStrictEqual(await drain(again), [2])
    },
  },
]
