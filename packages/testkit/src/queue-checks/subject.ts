import { fail } from 'node:assert/strict'
import type { MessageLease, MessageQueue, ReceiveOptions } from '@mini-rs/miniqueue'
import type { Check, CheckSubject } from '../check.js'

/** A queue without a message, and what can be done with it. Its backoff must be 0, its attempts at least 5. */
export interface QueueSubject extends CheckSubject {
  readonly queue: MessageQueue<unknown>
  /** So much time passes for the queue; what that starts is over when it resolves. */
  readonly advance: (ms: number) => Promise<void>
  /** Whether a holder that has lost its lease to somebody else is refused. */
  readonly isFenced: boolean
  /** Opens the same queue again, after a clean end. */
  readonly reopen?: () => Promise<MessageQueue<unknown>>
}

/** One promise of the `MessageQueue` port. */
export type QueueCheck = Check<QueueSubject>

/** Makes a subject for each check. */
export type MakeQueue = () => Promise<QueueSubject>

/** The one message that can be received now. */
export async function receiveOne(
  queue: MessageQueue<unknown>,
  options: ReceiveOptions = {},
): Promise<MessageLease<unknown>> {
  const [lease, ...others] = await queue.receive(options)
  if (lease === undefined || others.length > 0) return fail('one message was due')
  return lease
}

/** Everything that can be received now, acknowledged. */
export async function drain(queue: MessageQueue<unknown>): Promise<unknown[]> {
  const seen: unknown[] = []
  for (;;) {
    const [lease] = await queue.receive()
    if (lease === undefined) return seen
    seen.push(lease.payload)
    await lease.ack()
  }
}
