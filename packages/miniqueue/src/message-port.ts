// The port that workers stand on: what a queue on this disk and one on a cluster can both keep.
import type { JobError } from './job-types.js'

/** What a message is given on its way. */
export interface SendOptions {
  /** Makes a repeated call a duplicate instead of a second message. */
  readonly id?: string
  /** It is not received before. */
  readonly delayMs?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** What became of an `enqueue`. */
export interface Sent {
  readonly id: string
  readonly status: 'enqueued' | 'duplicate' | 'replaced' | 'rescheduled'
}

/** How to receive. */
export interface ReceiveOptions {
  /** At most so many. Default 1. */
  readonly max?: number
  /** How long to wait for the first one. Default 0; Infinity waits until the signal says stop. */
  readonly waitMs?: number
  /** How long each is hidden from others. Infinity: until it settles, where the queue can tell that its holder died. */
  readonly visibilityTimeoutMs?: number
  readonly signal?: AbortSignal
}

/** How a delivery failed. */
export interface NackOptions {
  /** Not received again before. Default: what the queue's `backoff` says. */
  readonly delayMs?: number
  readonly error?: unknown
  /** Whether it counts against the attempts. Default true. */
  readonly countAttempt?: boolean
  /** What the next delivery is to know; otherwise the memo stays as it was saved. */
  readonly memo?: unknown
}

/** A message that was received, until it is settled. Every settling resolves when it is durable. */
export interface MessageLease<T> {
  readonly id: string
  readonly payload: T
  readonly headers: Readonly<Record<string, string>>
  /** Which delivery this is, from 1. */
  readonly deliveryCount: number
  /** Earlier deliveries that failed and counted. */
  readonly failureCount: number
  /** When it is lost unless it is extended, by the queue's clock; undefined where it is not lost by time. */
  readonly expiresAt?: number | undefined
  /** Aborted when the lease is lost or the message was cancelled. */
  readonly signal: AbortSignal
  /** What an earlier delivery saved. */
  readonly memo: unknown
  /** It is done: never received again. */
  ack(result?: unknown): Promise<void>
  /** This delivery failed: it comes again. */
  nack(options?: NackOptions): Promise<void>
  /** It is lost that long from now. */
  extend(ms: number): Promise<void>
  /** It is tried no more. */
  deadLetter(reason: string, error?: unknown): Promise<void>
  /** Replaces the memo: JSON of at most 64 KiB. */
  save(memo: unknown): Promise<void>
}

/** How many messages there are. */
export interface MessageCounts {
  readonly waiting: number
  readonly delayed: number
  readonly active: number
  readonly dead: number
}

/** A dead letter. */
export interface DeadMessage<T> {
  readonly id: string
  readonly payload: T
  readonly reason: string
  readonly error?: JobError
}

/** A queue of messages, wherever it is kept. */
export interface MessageQueue<T> {
  /** Resolves when the message is durable. */
  enqueue(data: T, options?: SendOptions): Promise<Sent>
  /** Resolves to at most `max` messages as soon as there is one; to none when the wait is over. */
  receive(options?: ReceiveOptions): Promise<readonly MessageLease<T>[]>
  /** How many there are now. */
  counts(): Promise<MessageCounts>
  /** The dead letters, the oldest first. */
  deadLetters(): AsyncIterable<DeadMessage<T>>
}
