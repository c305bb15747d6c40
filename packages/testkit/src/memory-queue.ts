import type {
  DeadMessage,
  MessageCounts,
  MessageLease,
  MessageQueue,
  NackOptions,
  ReceiveOptions,
  SendOptions,
  Sent,
} from '@mini-rs/miniqueue'
import type { Clock } from '@mini-rs/ministore'
import { QueueError } from './queue-error.js'

/** How a {@link MemoryQueue} behaves. */
export interface MemoryQueueOptions {
  readonly clock: Clock
  /** A server cannot tell that a holder has died: no lease is longer. Default 30 seconds. */
  readonly maxLeaseMs?: number
  /** Whether the ack of a lease that somebody else has by now is refused. Default false: on some servers it takes effect. */
  readonly isFenced?: boolean
}

interface Message<T> {
  readonly id: string
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
  dueMs: number
  status: 'pending' | 'leased' | 'done' | 'dead'
  deliveryCount: number
  failureCount: number
  memo: string | undefined
  lease: MemoryLease<T> | undefined
  death: { readonly reason: string; readonly error: unknown } | undefined
}

const MAX_MEMO_BYTES = 64 * 1024

/**
 * A queue in memory, as a server on a cluster keeps one: its leases run out, and are not longer than it
 * allows, whoever asks. It promises what the port promises and no more.
 */
export class MemoryQueue<T> implements MessageQueue<T> {
  readonly clock: Clock
  readonly maxLeaseMs: number
  readonly isFenced: boolean
  readonly #messages: Message<T>[] = []
  readonly #waiting = new Set<() => void>()
  #isClosed = false

  constructor({ clock, maxLeaseMs = 30_000, isFenced = false }: MemoryQueueOptions) {
    this.clock = clock
    this.maxLeaseMs = maxLeaseMs
    this.isFenced = isFenced
  }

  async enqueue(data: T, { id, delayMs = 0, headers = {} }: SendOptions = {}): Promise<Sent> {
    this.#assertOpen()
    const text = JSON.stringify(data)
    await Promise.resolve()
    if (id !== undefined && this.#messages.some((one) => one.id === id)) {
      return { id, status: 'duplicate' }
    }
    const message: Message<T> = {
      id: id ?? `memory-${this.#messages.length + 1}`,
      text,
      headers: { ...headers },
      dueMs: this.clock.monotonicMs() + delayMs,
      status: 'pending',
      deliveryCount: 0,
      failureCount: 0,
      memo: undefined,
      lease: undefined,
      death: undefined,
    }
    this.#messages.push(message)
    this.#changed()
    return { id: message.id, status: 'enqueued' }
  }

  async receive(options: ReceiveOptions = {}): Promise<readonly MessageLease<T>[]> {
    this.#assertOpen()
    const { max = 1, waitMs = 0, visibilityTimeoutMs = this.maxLeaseMs, signal } = options
    const untilMs = this.clock.monotonicMs() + waitMs
    for (;;) {
      if (this.#isClosed || signal?.aborted === true) return []
      const leases = this.#take(max, Math.min(visibilityTimeoutMs, this.maxLeaseMs))
      if (leases.length > 0) return leases
      const leftMs = untilMs - this.clock.monotonicMs()
      if (leftMs <= 0) return []
      await this.#change(Math.min(leftMs, this.#untilNextMs()), signal)
    }
  }

  async counts(): Promise<MessageCounts> {
    this.#expire()
    const nowMs = this.clock.monotonicMs()
    const count = (is: (message: Message<T>) => boolean): number => this.#messages.filter(is).length
    return {
      waiting: count(({ status, dueMs }) => status === 'pending' && dueMs <= nowMs),
      delayed: count(({ status, dueMs }) => status === 'pending' && dueMs > nowMs),
      active: count(({ status }) => status === 'leased'),
      dead: count(({ status }) => status === 'dead'),
    }
  }

  async *deadLetters(): AsyncGenerator<DeadMessage<T>> {
    for (const { id, text, death } of this.#messages) {
      if (death === undefined) continue
      const { reason, error } = death
      const { name, message } = error instanceof Error ? error : new Error(String(error))
      const payload = JSON.parse(text) as T
      yield { id, payload, reason, ...(error !== undefined && { error: { name, message } }) }
    }
  }

  /** Pending receives end with nothing, and whatever comes is refused. */
  close(): void {
    this.#isClosed = true
    this.#changed()
  }

  /** @internal Ends a lease, where it still may. */
  async settle(lease: MemoryLease<T>, change: (message: Message<T>) => void): Promise<void> {
    this.#assertOpen()
    this.#expire()
    const message = lease.message
    const isOver = message.status === 'done' || message.status === 'dead'
    if (isOver || (this.isFenced && message.deliveryCount !== lease.deliveryCount)) {
      throw new QueueError('LEASE_LOST', `the message ${message.id} is no longer this lease’s`)
    }
    change(message)
    this.#changed()
    await Promise.resolve()
  }

  #take(max: number, leaseMs: number): MemoryLease<T>[] {
    this.#expire()
    const nowMs = this.clock.monotonicMs()
    const due = this.#messages
      .filter(({ status, dueMs }) => status === 'pending' && dueMs <= nowMs)
      .toSorted((a, b) => a.dueMs - b.dueMs)
    return due.slice(0, max).map((message) => {
      message.status = 'leased'
      message.deliveryCount += 1
      message.lease = new MemoryLease(this, message, nowMs + leaseMs)
      return message.lease
    })
  }

  /** What has run out can be received again, and has failed once more. */
  #expire(): void {
    const nowMs = this.clock.monotonicMs()
    for (const message of this.#messages) {
      const { lease, status } = message
      if (status !== 'leased' || lease === undefined || lease.expiresAt > nowMs) continue
      Object.assign(message, { status: 'pending', dueMs: nowMs, lease: undefined })
      message.failureCount += lease.signal.aborted ? 0 : 1
      lease.lose(new QueueError('LEASE_LOST', `the lease of ${message.id} has run out`))
    }
  }

  #untilNextMs(): number {
    const nowMs = this.clock.monotonicMs()
    const times = this.#messages.flatMap(({ status, dueMs, lease }) => {
      if (status === 'pending' && dueMs > nowMs) return [dueMs - nowMs]
      return status === 'leased' && lease !== undefined ? [lease.expiresAt - nowMs] : []
    })
    return Math.max(1, Math.min(...times, Number.MAX_SAFE_INTEGER))
  }

  async #change(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const over = new AbortController()
    const stop = (): void => over.abort()
    this.#waiting.add(stop)
    signal?.addEventListener('abort', stop)
    await this.clock.wait(ms, over.signal)
    this.#waiting.delete(stop)
    signal?.removeEventListener('abort', stop)
  }

  #changed(): void {
    for (const wake of this.#waiting) wake()
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new QueueError('QUEUE_CLOSED', 'the queue is closed')
  }
}

class MemoryLease<T> implements MessageLease<T> {
  readonly message: Message<T>
  readonly deliveryCount: number
  readonly failureCount: number
  readonly payload: T
  readonly memo: unknown
  expiresAt: number
  readonly #queue: MemoryQueue<T>
  readonly #lost = new AbortController()
  #acked: Promise<void> | undefined

  constructor(queue: MemoryQueue<T>, message: Message<T>, expiresAt: number) {
    this.#queue = queue
    this.message = message
    this.deliveryCount = message.deliveryCount
    this.failureCount = message.failureCount
    this.payload = JSON.parse(message.text) as T
    this.memo = message.memo === undefined ? undefined : JSON.parse(message.memo)
    this.expiresAt = expiresAt
  }

  get id(): string {
    return this.message.id
  }

  get headers(): Readonly<Record<string, string>> {
    return this.message.headers
  }

  get signal(): AbortSignal {
    return this.#lost.signal
  }

  ack(_result?: unknown): Promise<void> {
    this.#acked ??= this.#queue
      .settle(this, (message) => void (message.status = 'done'))
      .catch((error: unknown) => {
        this.#acked = undefined
        throw error
      })
    return this.#acked
  }

  nack({ delayMs = 0, countAttempt = true, memo }: NackOptions = {}): Promise<void> {
    return this.#queue.settle(this, (message) => {
      message.status = 'pending'
      message.dueMs = this.#queue.clock.monotonicMs() + delayMs
      message.failureCount += countAttempt && !this.signal.aborted ? 1 : 0
      message.lease = undefined
      if (memo !== undefined) message.memo = JSON.stringify(memo)
    })
  }

  extend(ms: number): Promise<void> {
    return this.#queue.settle(this, (message) => {
      this.expiresAt = this.#queue.clock.monotonicMs() + Math.min(ms, this.#queue.maxLeaseMs)
      Object.assign(message, { status: 'leased', lease: this })
    })
  }

  deadLetter(reason: string, error?: unknown): Promise<void> {
    return this.#queue.settle(this, (message) => {
      message.status = 'dead'
      message.death = { reason, error }
    })
  }

  save(memo: unknown): Promise<void> {
    const text = JSON.stringify(memo)
    if (Buffer.byteLength(text) > MAX_MEMO_BYTES) {
      return Promise.reject(new QueueError('PAYLOAD_TOO_LARGE', 'a memo is at most 64 KiB'))
    }
    return this.#queue.settle(this, (message) => void (message.memo = text))
  }

  /** @internal It has run out: that was its failure, whatever is said of it afterwards. */
  lose(reason: QueueError): void {
    this.#lost.abort(reason)
  }
}
