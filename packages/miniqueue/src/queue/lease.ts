import { type OptionNames, assertKnownOptions } from '@mini-rs/ministore'
import type { Job } from '../job.js'
import type { MessageLease, NackOptions } from '../message-port.js'
import type { Core, DeclaredQueue } from './core.js'
import { assertObject } from './queue-options.js'
import type { Settleable, Settling } from './settling.js'
import { viewOf } from './views.js'
import type { Delivered } from './waiter.js'

const NACK_OPTIONS: OptionNames<NackOptions> = {
  delayMs: true,
  error: true,
  countAttempt: true,
  memo: true,
}

/** A job that was received, until it is settled. */
export interface JobLease<T> extends MessageLease<T> {
  /** The job as it was when it was received. */
  readonly job: Job<T>
  /** The number of this delivery, from 1: what fences its settling. */
  readonly token: number
  /**
   * The job is done. Resolves when that is durable: it is never delivered again. A second time does nothing.
   *
   * @throws {@link MiniQueueError} `LEASE_LOST`, `PAYLOAD_INVALID` for a result that is not JSON, `DISK_FULL`,
   * `QUEUE_CLOSED`, `QUEUE_FAILED`
   */
  ack(result?: unknown): Promise<void>
  /** The delivery failed: the job comes again, or is dead when its attempts are used up. Otherwise as {@link JobLease.ack}. */
  nack(options?: NackOptions): Promise<void>
  /** The lease runs out that long from now. Written nowhere: a lease lives in its process. Throws as {@link JobLease.ack}. */
  extend(ms: number): Promise<void>
  /** To the dead letters, whatever attempts are left. Otherwise as {@link JobLease.ack}. */
  deadLetter(reason: string, error?: unknown): Promise<void>
  /** Replaces the memo, which later deliveries find. Resolves when it is durable. Otherwise as {@link JobLease.ack}. */
  save(memo: unknown): Promise<void>
}

/** A lease of a local queue, with what it takes to settle it. */
export class Lease<T> implements JobLease<T>, Settleable {
  readonly queue: DeclaredQueue
  readonly lease: Delivered['lease']
  readonly stored: Delivered['stored']
  readonly job: Job<T>
  /** What an earlier delivery saved. */
  readonly memo: unknown
  readonly #settling: Settling

  constructor(core: Core, settling: Settling, queue: DeclaredQueue, delivered: Delivered, data: T) {
    this.queue = queue
    this.lease = delivered.lease
    this.stored = delivered.stored
    this.#settling = settling
    this.job = viewOf(core, delivered.slot, delivered.stored, data)
    this.memo = core.ledger.jobs.table.extra(delivered.slot)?.memo
  }

  get id(): string {
    return this.job.id
  }

  get payload(): T {
    return this.job.data
  }

  get headers(): Readonly<Record<string, string>> {
    return this.job.headers
  }

  get token(): number {
    return this.lease.attempt
  }

  get deliveryCount(): number {
    return this.lease.attempt
  }

  get failureCount(): number {
    return this.job.failures
  }

  /** By the monotonic clock of this process (`clock.monotonicMs()`); undefined for a worker's. */
  get expiresAt(): number | undefined {
    const { deadlineMs } = this.lease
    return deadlineMs === Number.POSITIVE_INFINITY ? undefined : deadlineMs
  }

  /** Aborted when the lease is lost, the job cancelled, or the queue closed. */
  get signal(): AbortSignal {
    return this.lease.signal
  }

  ack(result?: unknown): Promise<void> {
    return this.#settling.ack(this, result)
  }

  async nack(options: NackOptions = {}): Promise<void> {
    assertObject('options', options)
    assertKnownOptions('options', options, NACK_OPTIONS)
    return this.#settling.nack(this, options)
  }

  extend(ms: number): Promise<void> {
    return this.#settling.extend(this, ms)
  }

  deadLetter(reason: string, error?: unknown): Promise<void> {
    const known = reason === 'attempts' || reason === 'nonRetryable' || reason === 'payload'
    return this.#settling.dead(this, known ? reason : 'deadLetter', error ?? reason)
  }

  save(memo: unknown): Promise<void> {
    return this.#settling.save(this, memo)
  }
}
