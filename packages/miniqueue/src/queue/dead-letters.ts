import { type OptionNames, assertKnownOptions } from '@mini-rs/ministore'
import type { DeathReason, JobError } from '../job-types.js'
import type { Job } from '../job.js'
import type { Core, DeclaredQueue } from './core.js'
import { jobError } from './finding.js'
import type { Managing } from './managing.js'
import type { Parts } from './parts.js'
import { assertCount, assertObject, assertOneOf } from './queue-options.js'
import { readView } from './views.js'

/** A job that ended in the dead letters. */
export interface DeadLetter<T> {
  readonly job: Job<T>
  readonly reason: DeathReason
  /** The last one. */
  readonly error: JobError | undefined
  /** Milliseconds since 1970. */
  readonly diedAtMs: number
}

/** Which dead letters are meant; without any of it, all are. */
export interface DeadFilter {
  readonly ids?: readonly string[]
  readonly reason?: DeathReason
  /** Part of the last error's name or message. */
  readonly error?: string
  /** Dead before that time. */
  readonly before?: Date | number
  /** At most so many, the oldest first. */
  readonly limit?: number
}

/** How {@link DeadLetters.list} goes through them. */
export interface DeadListOptions extends DeadFilter {
  /** Behind the job with that number (`job.seq`), the last one of the page before. */
  readonly after?: number
}

/** What {@link DeadLetters.redrive} would do. */
export interface RedrivePreview<T> {
  readonly count: number
  /** The dead letters that stay. */
  readonly remaining: number
  /** By why they died. */
  readonly reasons: Readonly<Partial<Record<DeathReason, number>>>
  /** The first ten of them. */
  readonly sample: readonly DeadLetter<T>[]
}

const SAMPLE = 10
const DEFAULT_LIMIT = 100
const FILTER: OptionNames<DeadFilter> = {
  ids: true,
  reason: true,
  error: true,
  before: true,
  limit: true,
}
const LIST_OPTIONS: OptionNames<DeadListOptions> = { ...FILTER, after: true }
const REASONS: readonly DeathReason[] = [
  'attempts',
  'crashes',
  'nonRetryable',
  'deadLetter',
  'payload',
  'expired',
]

/** The dead letters of a queue. */
export class DeadLetters<T> {
  readonly #core: Core
  readonly #parts: Parts
  readonly #queue: DeclaredQueue
  readonly #managing: Managing

  /** @internal */
  constructor(core: Core, parts: Parts, queue: DeclaredQueue, managing: Managing) {
    this.#core = core
    this.#parts = parts
    this.#queue = queue
    this.#managing = managing
  }

  /** Dead letters in the order in which they were enqueued, at most `limit`, by default 100. @throws MiniQueueError `QUEUE_CLOSED` */
  async list(options: DeadListOptions = {}): Promise<DeadLetter<T>[]> {
    assertObject('options', options)
    assertKnownOptions('options', options, LIST_OPTIONS)
    this.#parts.deliveries.assertOpen(this.#queue.name)
    const { after, ...filter } = options
    const slots = this.#select({ limit: DEFAULT_LIMIT, ...filter }, after)
    return this.#letters(slots)
  }

  /** What {@link DeadLetters.redrive} would do with the same filter. Changes nothing. @throws MiniQueueError `QUEUE_CLOSED` */
  async preview(filter: DeadFilter = {}): Promise<RedrivePreview<T>> {
    this.#parts.deliveries.assertOpen(this.#queue.name)
    const { table } = this.#core.ledger.jobs
    const slots = this.#select(filter)
    const reasons: Partial<Record<DeathReason, number>> = {}
    for (const slot of slots) {
      const { reason = 'deadLetter' } = table.extra(slot) ?? {}
      reasons[reason] = (reasons[reason] ?? 0) + 1
    }
    const remaining = this.#queue.ledger.counts.dead - slots.length
    const sample = await this.#letters(slots.slice(0, SAMPLE))
    return { count: slots.length, remaining, reasons, sample }
  }

  /**
   * Dead letters wait again, with no failures, in one commit. Resolves to their number when that is durable.
   *
   * @throws MiniQueueError `JOB_NOT_FOUND` for an id that is no dead letter, `DISK_FULL`,
   * `QUEUE_CLOSED`
   */
  async redrive(filter: DeadFilter = {}): Promise<number> {
    this.#parts.deliveries.assertOpen(this.#queue.name)
    const { ledger, journal, clock } = this.#core
    const jobs = this.#select(filter).map((slot) => ledger.jobs.table.seq(slot))
    if (jobs.length > 0) await journal.add([{ redrive: { jobs, atMs: clock.now() } }])
    return jobs.length
  }

  /** Removes dead letters for good; how many. Otherwise as {@link DeadLetters.redrive}. */
  async purge(filter: DeadFilter = {}): Promise<number> {
    const meant = new Set(this.#select(filter))
    return this.#managing.purgeJobs((slot) => meant.has(slot))
  }

  #select(filter: DeadFilter, after?: number): number[] {
    assertFilter(filter)
    assertCount('after', after, 0)
    const { table } = this.#core.ledger.jobs
    const { limit = Number.POSITIVE_INFINITY } = filter
    const ids = filter.ids && new Set(filter.ids.map((id) => this.#slotOfId(id)))
    const selected: number[] = []
    for (const slot of this.#queue.ledger.ended.dead) {
      const isBehind = after === undefined || table.seq(slot) > after
      const isMeant = ids === undefined || ids.has(slot)
      if (isBehind && isMeant && this.#fits(slot, filter)) selected.push(slot)
    }
    return selected.toSorted((a, b) => table.seq(a) - table.seq(b)).slice(0, limit)
  }

  #fits(slot: number, { reason, error, before }: DeadFilter): boolean {
    const { table } = this.#core.ledger.jobs
    const extra = table.extra(slot)
    if (reason !== undefined && (extra?.reason ?? 'deadLetter') !== reason) return false
    const text = extra?.error && `${extra.error.name}: ${extra.error.message}`
    if (error !== undefined && text?.includes(error) !== true) return false
    return before === undefined || table.dueMs(slot) < Number(before)
  }

  #slotOfId(id: string): number {
    const slot = this.#parts.enqueuing.slotOfId(this.#queue, id)
    if (slot !== undefined && this.#core.ledger.jobs.table.status(slot) === 'dead') return slot
    throw jobError('JOB_NOT_FOUND', this.#queue, id, 'is not among the dead letters')
  }

  async #letters(slots: readonly number[]): Promise<DeadLetter<T>[]> {
    const { table } = this.#core.ledger.jobs
    const letters: DeadLetter<T>[] = []
    const known = slots.map((slot) => {
      const { reason = 'deadLetter', error } = table.extra(slot) ?? {}
      return { seq: table.seq(slot), reason, error, diedAtMs: table.dueMs(slot) }
    })
    for (const { seq, ...rest } of known) {
      const job = await readView<T>(this.#core, this.#queue, seq)
      if (job !== undefined) letters.push({ job, ...rest })
    }
    return letters
  }
}

function assertFilter(filter: DeadFilter): void {
  assertObject('filter', filter)
  assertKnownOptions('filter', filter, FILTER)
  const { ids, reason, error, before, limit } = filter
  if (ids !== undefined && !Array.isArray(ids)) throw new TypeError('ids must be a list of ids')
  assertOneOf('reason', reason, REASONS)
  if (error !== undefined && typeof error !== 'string') {
    throw new TypeError('error must be a string, a part of the error’s name or message')
  }
  if (before !== undefined && !Number.isFinite(Number(before))) {
    throw new TypeError('before must be a valid Date, or milliseconds since 1970')
  }
  assertCount('limit', limit, 1)
}
