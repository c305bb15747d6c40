import { MiniQueueError, messageOf } from '../errors.js'
import type { DeathReason, JobError, JobStatus } from '../job-types.js'
import { type Job, idOf } from '../job.js'
import type { NackOptions } from '../message-port.js'
import type { AckRecord, QueueRecord } from '../records/record-types.js'
import { retryDelayMs } from '../worker/backoff.js'
import type { StoredBody } from './bodies.js'
import { carriedNote } from './carried.js'
import type { Core, DeclaredQueue } from './core.js'
import type { Deliveries } from './deliveries.js'
import type { Ending, HeldLease } from './held-lease.js'
import { viewAtEnd } from './views.js'

/** Before the end of a lease is tried again that could not be written down. */
const EXPIRY_RETRY_MS = 1_000
/** What is kept of an error's message. */
const MAX_MESSAGE_CHARS = 64 * 1024
/** What is kept of a stack. */
const MAX_STACK_CHARS = 2_000
/** What is kept of an error while the disk is full. */
const MAX_ERROR_CHARS_WHEN_FULL = 120

/** A lease with what is needed to end it. */
export interface Settleable {
  readonly queue: DeclaredQueue
  readonly lease: HeldLease
  readonly stored: StoredBody
}

/** A settling that is on its way. */
interface Begun {
  readonly lease: HeldLease
  /** What the lease was, and is again if it fails. */
  readonly before: HeldLease['state']
  /** Whether it comes later than it should. */
  readonly isLate: boolean
  readonly free: (() => void) | undefined
}

/** Ends leases: each end is a record, and takes effect when it is durable. */
export class Settling {
  readonly #core: Core
  readonly #deliveries: Deliveries

  constructor(core: Core, deliveries: Deliveries) {
    this.#core = core
    this.#deliveries = deliveries
  }

  ack(one: Settleable, result: unknown): Promise<void> {
    return this.#settle(one, 'ack', (late) => {
      return { ack: this.#ackOf(one.lease, result, late) }
    })
  }

  nack(one: Settleable, { delayMs, error, countAttempt = true, memo }: NackOptions): Promise<void> {
    const { lease } = one
    const isLast = (): boolean => countAttempt && this.#isLast(one)
    const waitMs = isLast() ? 0 : (delayMs ?? this.#backoffMs(one, error))
    return this.#settle(one, 'nack', () => {
      if (isLast()) return this.#deadOf(one, 'attempts', error)
      const counts = countAttempt && !lease.hasFailed
      const delivery = this.#delivery(lease)
      const dueMs = delivery.startMs + delivery.tookMs + waitMs
      const kept = this.#errorOf(error)
      const nack = { ...delivery, outcome: 'failed' as const, dueMs, delayMs: waitMs, counts }
      return {
        nack: { ...nack, ...(kept && { error: kept }), ...(memo !== undefined && { memo }) },
      }
    })
  }

  dead(one: Settleable, reason: DeathReason, error: unknown): Promise<void> {
    return this.#settle(one, 'dead', () => this.#deadOf(one, reason, error))
  }

  /** The lease has run out. Durable before anybody else gets the job. */
  async expire(one: Settleable): Promise<void> {
    const { lease, queue, stored } = one
    lease.state = 'settling'
    const isLast = this.#isLast(one)
    const record = isLast ? this.#deadOf(one, 'attempts', undefined) : this.#expiryOf(lease)
    const written = this.#core.journal.settle([record])
    const expired = written.then(() => {
      lease.state = 'expired'
      lease.hasFailed = true
      // Unless somebody settles it already, and only waits for this.
      if (lease.settled === expired) lease.settled = undefined
      this.#deliveries.end(lease)
      lease.abort(lost(queue, lease, stored, 'its time was over'))
      queue.emitter.emit('leaseLost', () => ({ job: this.#view(one), reason: 'expired' }))
      if (isLast) this.#tellDead(one, 'attempts', undefined)
      this.#deliveries.dispatch()
    })
    lease.settled = expired
    try {
      await expired
    } catch (error) {
      if (lease.settled === expired) lease.settled = undefined
      lease.state = 'held'
      this.#deliveries.keep(lease, queue, EXPIRY_RETRY_MS)
      throw error
    }
  }

  /** Durable nowhere: a lease lives in its process. */
  async extend(one: Settleable, ms: number): Promise<void> {
    const { lease, queue } = one
    await this.#whenExpiryIsWritten(lease)
    const slot = this.#slotOf(one)
    if (lease.state === 'held') return this.#deliveries.keep(lease, queue, ms)
    if (!this.#core.ledger.jobs.change(slot, { kind: 'lease', attempt: lease.attempt })) {
      throw lost(queue, lease, one.stored, 'its time was over, and the job waits for another')
    }
    lease.state = 'held'
    this.#deliveries.revive(lease, queue, ms)
  }

  async save(one: Settleable, memo: unknown): Promise<void> {
    await this.#whenExpiryIsWritten(one.lease)
    this.#slotOf(one)
    const kept = carriedNote(memo, 'memo', one.queue.name)
    await this.#core.journal.settle([{ memo: { of: one.lease.seq, memo: kept } }])
  }

  /** The record that ends a lease, for a commit of the caller's; `then` must be called once it is durable. */
  prepare(
    one: Settleable,
    result: unknown,
  ): { readonly record: QueueRecord; readonly done: () => void; readonly undo: () => void } {
    this.#slotOf(one)
    const { lease } = one
    const begun = this.#begin(lease)
    const record = { ack: this.#ackOf(lease, result, begun.isLate) }
    const done = (): void => {
      lease.ending = 'ack'
      lease.settled = Promise.resolve()
      end(begun, 'over')
      this.#finish(one, record, begun.isLate)
    }
    return { record, done, undo: () => end(begun, begun.before) }
  }

  #settle(one: Settleable, ending: Ending, make: (isLate: boolean) => QueueRecord): Promise<void> {
    const { lease } = one
    if (lease.settled !== undefined && lease.state !== 'held' && lease.ending === ending) {
      return lease.settled
    }
    const settled = this.#settleOnce(one, make)
    if (lease.ending === undefined) {
      lease.ending = ending
      lease.settled = settled
    }
    return settled
  }

  async #settleOnce(one: Settleable, make: (isLate: boolean) => QueueRecord): Promise<void> {
    const { lease } = one
    if (lease.state === 'settling') await this.#whenExpiryIsWritten(lease)
    this.#slotOf(one)
    const begun = this.#begin(lease)
    let record: QueueRecord
    try {
      record = make(begun.isLate)
      await this.#write(record)
    } catch (error) {
      end(begun, begun.before)
      lease.ending = undefined
      throw error
    }
    end(begun, 'over')
    this.#finish(one, record, begun.isLate)
  }

  #write(record: QueueRecord): Promise<unknown> {
    const { journal } = this.#core
    const isPlain = 'ack' in record && record.ack.result === undefined
    return isPlain ? journal.settlePlain(record) : journal.settle([record])
  }

  /** From here on the lease is nobody’s but this settling’s, until its `end`. */
  #begin(lease: HeldLease): Begun {
    const before = lease.state
    const isExpired = before === 'expired'
    // Nobody may be given the job while its late end is on its way.
    const free = isExpired ? this.#core.changes.hold(lease.seq) : undefined
    lease.state = 'settling'
    return { lease, before, isLate: isExpired || lease.isOverdue, free }
  }

  #finish(one: Settleable, record: QueueRecord, isLate: boolean): void {
    const { lease, queue } = one
    this.#deliveries.end(lease)
    if ('ack' in record) {
      const { result } = record.ack
      if (isLate) queue.emitter.emit('lateAck', () => ({ job: this.#view(one), result }))
      queue.emitter.emit('completed', () => ({ job: this.#view(one), result }))
    } else if ('nack' in record) {
      const { error, dueMs } = record.nack
      queue.emitter.emit('retry', () => ({ job: this.#view(one), error, dueMs }))
    } else if ('dead' in record) this.#tellDead(one, record.dead.reason, record.dead.error)
    // Another suspect may begin. All else that follows has followed from the commit.
    if (lease.isSuspect) this.#deliveries.dispatch()
  }

  #tellDead(one: Settleable, reason: DeathReason, error: JobError | undefined): void {
    one.queue.emitter.emit('dead', () => ({ job: this.#view(one, 'dead'), reason, error }))
  }

  /** The job's slot, when the lease is still this caller's to settle. @throws `LEASE_LOST`, `QUEUE_CLOSED` */
  #slotOf({ queue, lease, stored }: Settleable): number {
    this.#deliveries.assertOpen(queue.name)
    const { table } = this.#core.ledger.jobs
    const slot = table.ofSeq(lease.seq)
    if (slot === undefined) throw lost(queue, lease, stored, 'the job is gone')
    if (table.attempt(slot) !== lease.attempt) {
      throw lost(queue, lease, stored, 'its time was over, and the job was delivered again')
    }
    const status = table.status(slot)
    const isLate = lease.state === 'expired' && isOpen(status)
    if (isLate && table.endSeq(slot) !== lease.endSeq) {
      throw lost(queue, lease, stored, 'the job has ended since, and was brought back')
    }
    if (isLate || (lease.state === 'held' && status === 'active')) return slot
    throw lost(queue, lease, stored, `the job is ${status}, and this delivery has been settled`)
  }

  async #whenExpiryIsWritten(lease: HeldLease): Promise<void> {
    if (lease.state === 'settling' && lease.ending === undefined) await lease.settled
  }

  #expiryOf(lease: HeldLease): QueueRecord {
    const delivery = this.#delivery(lease)
    const dueMs = delivery.startMs + delivery.tookMs
    const counts = !lease.hasFailed
    return { nack: { ...delivery, outcome: 'expired', dueMs, delayMs: 0, counts } }
  }

  #deadOf({ lease }: Settleable, reason: DeathReason, error: unknown): QueueRecord {
    const delivery = this.#delivery(lease)
    const atMs = delivery.startMs + delivery.tookMs
    const counts = lease.hasFailed ? { counts: false } : {}
    const kept = this.#errorOf(error)
    return { dead: { ...delivery, atMs, reason, ...counts, ...(kept && { error: kept }) } }
  }

  #backoffMs({ queue, lease, stored }: Settleable, error: unknown): number {
    const backoff = stored.body.backoff ?? queue.settings.backoff
    return retryDelayMs(backoff, this.#failuresWith(lease), error, this.#core.random)
  }

  /** Whether the job has no attempt left when this delivery fails. */
  #isLast({ queue, lease, stored }: Settleable): boolean {
    const attempts = stored.body.attempts ?? queue.settings.attempts
    return !lease.hasFailed && this.#failuresWith(lease) >= attempts
  }

  /** The job's failures, this delivery's among them. */
  #failuresWith({ seq, hasFailed }: HeldLease): number {
    const { table } = this.#core.ledger.jobs
    const slot = table.ofSeq(seq)
    const failures = slot === undefined ? 0 : table.load(slot).failures
    return failures + (hasFailed ? 0 : 1)
  }

  #delivery(lease: HeldLease): { of: number; attempt: number; startMs: number; tookMs: number } {
    const tookMs = this.#core.clock.now() - lease.startMs
    return { of: lease.seq, attempt: lease.attempt, startMs: lease.startMs, tookMs }
  }

  #ackOf(lease: HeldLease, result: unknown, isLate: boolean): AckRecord {
    const delivery = this.#delivery(lease)
    if (result === undefined && !isLate) return delivery
    return { ...delivery, ...(result !== undefined && { result }), ...(isLate && { late: true }) }
  }

  #errorOf(error: unknown): JobError | undefined {
    if (error === undefined) return undefined
    const message = messageOf(error)
    const { name, stack } = partsOf(error)
    const kept = { name: keptText(name), message: keptText(message, MAX_MESSAGE_CHARS) }
    if (this.#core.journal.isFull)
      return { ...kept, message: keptText(message, MAX_ERROR_CHARS_WHEN_FULL) }
    return { ...kept, ...(stack !== undefined && { stack: keptText(stack, MAX_STACK_CHARS) }) }
  }

  #view({ lease, stored }: Settleable, status: JobStatus = 'completed'): Job<unknown> {
    return viewAtEnd(this.#core, lease.seq, stored, { status, attempt: lease.attempt })
  }
}

/** Of an error, beside its message. Where reading them fails there are none: the delivery must end even so. */
function partsOf(error: unknown): { name: string; stack?: string } {
  try {
    if (!(error instanceof Error)) return { name: 'Error' }
    const { name, stack } = error
    return { name: String(name), ...(stack !== undefined && { stack: String(stack) }) }
  } catch {
    return { name: 'Error' }
  }
}

/** A text of anybody's, as the journal can carry it. */
function keptText(text: string, maxChars: number = MAX_STACK_CHARS): string {
  return text.slice(0, maxChars).toWellFormed()
}

function end({ lease, free }: Begun, state: HeldLease['state']): void {
  lease.state = state
  free?.()
}

function isOpen(status: string): boolean {
  return status === 'waiting' || status === 'delayed'
}

function nameOf(queue: DeclaredQueue, { seq }: HeldLease, { body }: StoredBody): string {
  return `queue ${JSON.stringify(queue.name)}, job ${JSON.stringify(idOf(seq, body.id))}`
}

function lost(
  queue: DeclaredQueue,
  lease: HeldLease,
  stored: StoredBody,
  why: string,
): MiniQueueError {
  const message = `${nameOf(queue, lease, stored)}: the lease of delivery ${lease.attempt} is lost: ${why}; nothing was written`
  const id = idOf(lease.seq, stored.body.id)
  return new MiniQueueError('LEASE_LOST', message, {
    queue: queue.name,
    id,
    seq: lease.seq,
    outcome: 'absent',
  })
}
