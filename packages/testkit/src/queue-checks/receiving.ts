import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { assertRefused } from '../check.js'
import { type QueueCheck, drain, receiveOne } from './subject.js'

export const receivingChecks: readonly QueueCheck[] = [
  {
    name: 'no more than `max` are received, and none twice',
    run: async ({ queue }) => {
      for (const data of [1, 2, 3]) await queue.enqueue(data)
      const two = await queue.receive({ max: 2 })
      deepStrictEqual(
        two.map(({ payload }) => payload),
        [1, 2],
      )
      strictEqual((await receiveOne(queue)).payload, 3)
      deepStrictEqual(await queue.receive(), [])
      strictEqual((await queue.counts()).active, 3)
    },
  },
  {
    name: 'a receive that waits gets a message as soon as there is one',
    run: async ({ queue, advance }) => {
      const waiting = queue.receive({ waitMs: 60_000 })
      await advance(10)
      await queue.enqueue(1)
      strictEqual((await waiting)[0]?.payload, 1)
    },
  },
  {
    name: 'a receive that waits gets a delayed message at its time',
    run: async ({ queue, advance }) => {
      await queue.enqueue(1, { delayMs: 1_000 })
      const waiting = queue.receive({ waitMs: 60_000 })
      await advance(1_000)
      strictEqual((await waiting)[0]?.payload, 1)
    },
  },
  {
    name: 'a receive ends with nothing when its time is over, or its signal says so',
    run: async ({ queue, advance }) => {
      const timed = queue.receive({ waitMs: 500 })
      const stop = new AbortController()
      const stopped = queue.receive({ waitMs: Infinity, signal: stop.signal })
      await advance(500)
      deepStrictEqual(await timed, [])
      stop.abort()
      deepStrictEqual(await stopped, [])
      deepStrictEqual(await queue.receive({ waitMs: 500, signal: stop.signal }), [])
      await queue.enqueue(1)
      deepStrictEqual(await drain(queue), [1])
    },
  },
  {
    name: 'a lease hides its message until it runs out; then it is received again, and the holder is told',
    run: async ({ queue, advance }) => {
      await queue.enqueue(1)
      const first = await receiveOne(queue, { visibilityTimeoutMs: 1_000 })
      await advance(999)
      deepStrictEqual(await queue.receive(), [])
      strictEqual(first.signal.aborted, false)
      await advance(1)
      const second = await receiveOne(queue)
      strictEqual(second.deliveryCount, 2)
      strictEqual(first.signal.aborted, true)
    },
  },
  {
    name: 'a lease that is extended is held that long from then on',
    run: async ({ queue, advance }) => {
      await queue.enqueue(1)
      const lease = await receiveOne(queue, { visibilityTimeoutMs: 1_000 })
      const before = lease.expiresAt ?? 0
      await advance(900)
      await lease.extend(1_000)
      strictEqual(lease.expiresAt, before + 900)
      await advance(999)
      deepStrictEqual(await queue.receive(), [])
      await advance(1)
      strictEqual((await receiveOne(queue)).deliveryCount, 2)
    },
  },
  {
    name: 'a lease that has run out and that nobody else has can still be acknowledged',
    run: async ({ queue, advance }) => {
      await queue.enqueue(1)
      const lease = await receiveOne(queue, { visibilityTimeoutMs: 1_000 })
      await advance(1_000)
      await lease.ack()
      deepStrictEqual(await queue.receive(), [])
    },
  },
  {
    name: 'a holder whose message somebody else has by now is refused',
    skipReason: ({ isFenced }) => (isFenced ? undefined : 'its leases are not fenced'),
    run: async ({ queue, advance }) => {
      await queue.enqueue(1)
      const stale = await receiveOne(queue, { visibilityTimeoutMs: 1_000 })
      await advance(1_000)
      const fresh = await receiveOne(queue)
      const lost = { code: 'LEASE_LOST', outcome: 'absent' }
      await assertRefused(() => stale.ack(), lost)
      await assertRefused(() => stale.nack(), lost)
      await assertRefused(() => stale.extend(1_000), lost)
      ok(!fresh.signal.aborted)
      await fresh.ack()
    },
  },
]
