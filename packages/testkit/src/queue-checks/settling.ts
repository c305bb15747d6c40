import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import type { DeadMessage } from '@mini-rs/miniqueue'
import { assertRefused } from '../check.js'
import { type QueueCheck, receiveOne } from './subject.js'

export const settlingChecks: readonly QueueCheck[] = [
  {
    name: 'a message that was acknowledged is never received again, and a second ack does nothing',
    run: async ({ queue, advance }) => {
      await queue.enqueue(1)
      const lease = await receiveOne(queue, { visibilityTimeoutMs: 1_000 })
      await Promise.all([lease.ack(), lease.ack()])
      await lease.ack()
      await advance(10_000)
      deepStrictEqual(await queue.receive(), [])
      deepStrictEqual({ ...(await queue.counts()) }, { waiting: 0, delayed: 0, active: 0, dead: 0 })
    },
  },
  {
    name: 'a message that was acknowledged cannot be settled otherwise',
    run: async ({ queue }) => {
      await queue.enqueue(1)
      const lease = await receiveOne(queue)
      await lease.ack()
      const lost = { code: 'LEASE_LOST', outcome: 'absent' }
      await assertRefused(() => lease.nack(), lost)
      await assertRefused(() => lease.deadLetter('no'), lost)
      await assertRefused(() => lease.extend(1), lost)
      await assertRefused(() => lease.save(1), lost)
    },
  },
  {
    name: 'a message that was not done comes again after the delay, with one failure more',
    run: async ({ queue, advance }) => {
      await queue.enqueue(1)
      await (await receiveOne(queue)).nack({ delayMs: 1_000, error: new Error('no') })
      strictEqual((await queue.counts()).delayed, 1)
      await advance(999)
      deepStrictEqual(await queue.receive(), [])
      await advance(1)
      const again = await receiveOne(queue)
      deepStrictEqual([again.deliveryCount, again.failureCount], [2, 1])
    },
  },
  {
    name: 'a delivery that is not to count is none of the failures',
    run: async ({ queue }) => {
      await queue.enqueue(1)
      await (await receiveOne(queue)).nack({ delayMs: 0, countAttempt: false })
      const again = await receiveOne(queue)
      deepStrictEqual([again.deliveryCount, again.failureCount], [2, 0])
    },
  },
  {
    name: 'a delivery that ran out and is said to have failed then is one failure',
    run: async ({ queue, advance }) => {
      await queue.enqueue(1)
      const late = await receiveOne(queue, { visibilityTimeoutMs: 1_000 })
      await advance(1_000)
      // It may be refused: nobody has to take it any more.
      await late.nack({ delayMs: 0 }).catch(() => {})
      const again = await receiveOne(queue)
      deepStrictEqual([again.deliveryCount, again.failureCount], [2, 1])
    },
  },
  {
    name: 'a memo that was saved is found by the next delivery, and so is one that a nack brings',
    run: async ({ queue }) => {
      await queue.enqueue(1)
      const first = await receiveOne(queue)
      await first.save({ step: 1 })
      await first.save({ step: 2 })
      await first.nack({ delayMs: 0 })
      const second = await receiveOne(queue)
      deepStrictEqual(second.memo, { step: 2 })
      await second.nack({ delayMs: 0, memo: { step: 3 } })
      deepStrictEqual((await receiveOne(queue)).memo, { step: 3 })
    },
  },
  {
    name: 'a memo of a lease that ran out is found by the next delivery',
    run: async ({ queue, advance }) => {
      await queue.enqueue(1)
      await (await receiveOne(queue, { visibilityTimeoutMs: 1_000 })).save([1])
      await advance(1_000)
      deepStrictEqual((await receiveOne(queue)).memo, [1])
    },
  },
  {
    name: 'a memo of 64 KiB is taken, and one byte more is not',
    run: async ({ queue }) => {
      await queue.enqueue(1)
      const lease = await receiveOne(queue)
      const most = 'x'.repeat(64 * 1024 - 2)
      await lease.save(most)
      await assertRefused(() => lease.save(`${most}x`), { code: 'PAYLOAD_TOO_LARGE' })
    },
  },
  {
    name: 'a dead letter is kept with its reason, and is not received again',
    run: async ({ queue }) => {
      await queue.enqueue({ n: 1 })
      await (await receiveOne(queue)).deadLetter('nonRetryable', new TypeError('broken'))
      deepStrictEqual(await queue.receive(), [])
      strictEqual((await queue.counts()).dead, 1)
      const dead: DeadMessage<unknown>[] = []
      for await (const letter of queue.deadLetters()) dead.push(letter)
      const [{ payload, reason, error } = { payload: 0, reason: '', error: undefined }] = dead
      deepStrictEqual(
        [dead.length, payload, reason, error?.name, error?.message],
        [1, { n: 1 }, 'nonRetryable', 'TypeError', 'broken'],
      )
    },
  },
]
