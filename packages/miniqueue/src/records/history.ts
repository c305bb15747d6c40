import type { DeathReason, JobError, PreviousDelivery } from '../job-types.js'
import { seqOfId } from '../job.js'
import type {
  CarryRecord,
  DeadRecord,
  EnqueueRecord,
  NackRecord,
  QueueRecord,
  TickRecord,
  UpdateRecord,
} from './record-types.js'

/** What every entry of a history has. */
interface Entry {
  /** The number of the record that says so. */
  readonly seq: number
}

interface TimedEntry extends Entry {
  /** Milliseconds since 1970. */
  readonly atMs: number
}

interface DeliveryEntry extends Entry {
  readonly kind: 'delivery'
  /** Which delivery it was, from 1. */
  readonly attempt: number
  readonly startMs: number
  readonly tookMs: number
}

/** One entry of a job's history: what a record of the journal says of it. */
export type HistoryEntry =
  | (TimedEntry & {
      readonly kind: 'enqueued'
      readonly data: unknown
      readonly delayMs?: number
      readonly runAtMs?: number
      /** The schedule that enqueued it. */
      readonly schedule?: string
    })
  /** Its earlier records were cleaned away; this is what they came to. */
  | (Entry & {
      readonly kind: 'carried'
      readonly enqueuedAtMs: number
      readonly status: 'pending' | 'completed' | 'dead' | 'cancelled'
      readonly attempt: number
      readonly failures: number
      readonly crashes: number
      readonly previous?: PreviousDelivery
      readonly data: unknown
    })
  | (DeliveryEntry & {
      readonly outcome: 'completed'
      readonly result?: unknown
      /** Its lease had run out, and nobody else had been given the job. */
      readonly isLate?: true
    })
  | (DeliveryEntry & {
      readonly outcome: 'failed' | 'expired'
      readonly error?: JobError
      /** When it comes again. */
      readonly dueMs: number
      /** Whether it counts against `attempts`. */
      readonly counts: boolean
    })
  | (DeliveryEntry & {
      readonly outcome: 'dead'
      readonly reason: DeathReason
      readonly error?: JobError
    })
  /** A delivery that ended with its process, in a crash or a clean close. */
  | (TimedEntry & {
      readonly kind: 'interrupted'
      readonly attempt: number
      readonly outcome: 'crashed' | 'released'
    })
  /** Dead without having been delivered once more. */
  | (TimedEntry & {
      readonly kind: 'died'
      readonly reason: DeathReason
      readonly error?: JobError
    })
  | (Entry & { readonly kind: 'progress'; readonly value: unknown })
  | (TimedEntry & { readonly kind: 'log'; readonly line: string })
  | (Entry & { readonly kind: 'memo'; readonly memo: unknown })
  | (TimedEntry & {
      readonly kind: 'updated'
      readonly data?: unknown
      readonly priority?: number
      readonly dueMs?: number
    })
  | (TimedEntry & { readonly kind: 'cancelled' | 'retried' | 'redriven' })
  /** Runs now. Leases are not in the journal. */
  | { readonly kind: 'running'; readonly attempt: number; readonly startMs: number | undefined }

/** A job whose history is read. */
export interface HistorySubject {
  readonly queue: string
  /** The caller's, or `@` and the job's number. */
  readonly id: string
  /** The job's number, where it is known: an id may be used again. */
  readonly seq: number | undefined
}

/** Collects what a journal says of one job, record by record, in its order. */
export class HistoryReader {
  readonly #subject: HistorySubject
  #seq: number | undefined
  #entries: HistoryEntry[] = []

  constructor(subject: HistorySubject) {
    this.#subject = subject
  }

  /** The job's number; undefined when none of the records was its beginning. */
  get jobSeq(): number | undefined {
    return this.#seq
  }

  get entries(): readonly HistoryEntry[] {
    return this.#entries
  }

  read(seq: number, record: QueueRecord): void {
    const job = beginningIn(seq, record)
    if (job !== undefined) {
      // Of several jobs with an id the newest is meant.
      if (!this.#isMeant(job) || (this.#seq !== undefined && job.of < this.#seq)) return
      if (this.#seq !== job.of) this.#entries = []
      this.#seq = job.of
      this.#entries.push(job.entry)
    } else if (this.#seq !== undefined) {
      const entry = entryOf(this.#seq, seq, record)
      if (entry !== undefined) this.#entries.push(entry)
    }
  }

  #isMeant({ of, queue, id }: Beginning): boolean {
    const { seq = seqOfId(this.#subject.id) } = this.#subject
    if (queue !== this.#subject.queue) return false
    return seq === undefined ? id === this.#subject.id : of === seq
  }
}

/** What a record says of jobs, by their numbers; nothing where it is about no job. */
export function entriesIn(
  seq: number,
  record: QueueRecord,
): { readonly of: number; readonly entry: HistoryEntry }[] {
  const job = beginningIn(seq, record)
  if (job !== undefined) return [job]
  return jobsOf(record).flatMap((of) => {
    const entry = entryOf(of, seq, record)
    return entry === undefined ? [] : [{ of, entry }]
  })
}

function jobsOf(record: QueueRecord): readonly number[] {
  if ('release' in record) return record.release.jobs.map(({ of }) => of)
  if ('crash' in record) return record.crash.jobs.map(({ of }) => of)
  if ('retry' in record) return record.retry.jobs
  if ('redrive' in record) return record.redrive.jobs
  const [fields] = Object.values(record) as { readonly of?: number }[]
  return fields?.of === undefined ? [] : [fields.of]
}

interface Beginning {
  readonly of: number
  readonly queue: string
  readonly id: string | undefined
  readonly entry: HistoryEntry
}

function beginningIn(seq: number, record: QueueRecord): Beginning | undefined {
  if ('enqueue' in record) return enqueued(seq, record.enqueue, undefined)
  if ('tick' in record) return ticked(seq, record.tick)
  return 'carry' in record ? carried(seq, record.carry) : undefined
}

function enqueued(seq: number, job: EnqueueRecord, schedule: string | undefined): Beginning {
  const { queue, id, atMs, data, delayMs, runAtMs } = job
  const entry: HistoryEntry = {
    kind: 'enqueued',
    seq,
    atMs,
    data,
    ...(delayMs !== undefined && { delayMs }),
    ...(runAtMs !== undefined && { runAtMs }),
    ...(schedule !== undefined && { schedule }),
  }
  return { of: seq, queue, id, entry }
}

function ticked(seq: number, { schedule, job }: TickRecord): Beginning | undefined {
  return job === undefined ? undefined : enqueued(seq, job, schedule)
}

function carried(seq: number, record: CarryRecord): Beginning {
  const { of, queue, id, atMs, status, attempt, failures, crashes, previous, data } = record
  const counts = { attempt, failures, crashes, ...(previous !== undefined && { previous }) }
  const entry: HistoryEntry = { kind: 'carried', seq, enqueuedAtMs: atMs, status, ...counts, data }
  return { of, queue, id, entry }
}

/** What a record says of the job `of` that has begun before it. */
function entryOf(of: number, seq: number, record: QueueRecord): HistoryEntry | undefined {
  if ('ack' in record && record.ack.of === of) {
    const { attempt, startMs, tookMs, result, late } = record.ack
    const told = { ...(result !== undefined && { result }), ...(late && { isLate: late }) }
    return { kind: 'delivery', seq, attempt, startMs, tookMs, outcome: 'completed', ...told }
  }
  if ('nack' in record && record.nack.of === of) return failed(seq, record.nack)
  if ('dead' in record && record.dead.of === of) return died(seq, record.dead)
  if ('cancel' in record && record.cancel.of === of) {
    return { kind: 'cancelled', seq, atMs: record.cancel.atMs }
  }
  if ('update' in record && record.update.of === of) return updated(seq, record.update)
  if ('memo' in record && record.memo.of === of)
    return { kind: 'memo', seq, memo: record.memo.memo }
  if ('progress' in record && record.progress.of === of) {
    return { kind: 'progress', seq, value: record.progress.value }
  }
  if ('log' in record && record.log.of === of) {
    return { kind: 'log', seq, atMs: record.log.atMs, line: record.log.line }
  }
  return entryOfMany(of, seq, record)
}

function entryOfMany(of: number, seq: number, record: QueueRecord): HistoryEntry | undefined {
  if ('retry' in record && record.retry.jobs.includes(of)) {
    return { kind: 'retried', seq, atMs: record.retry.atMs }
  }
  if ('redrive' in record && record.redrive.jobs.includes(of)) {
    return { kind: 'redriven', seq, atMs: record.redrive.atMs }
  }
  const [outcome, ended] =
    'crash' in record
      ? (['crashed', record.crash] as const)
      : (['released', 'release' in record ? record.release : undefined] as const)
  const one = ended?.jobs.find((job) => job.of === of)
  if (ended === undefined || one === undefined) return undefined
  return { kind: 'interrupted', seq, atMs: ended.atMs, attempt: one.attempt, outcome }
}

function failed(seq: number, record: NackRecord): HistoryEntry {
  const { attempt, startMs, tookMs, outcome, error, dueMs, counts } = record
  const told = { ...(error !== undefined && { error }), dueMs, counts }
  return { kind: 'delivery', seq, attempt, startMs, tookMs, outcome, ...told }
}

function died(seq: number, record: DeadRecord): HistoryEntry {
  const { attempt, startMs, tookMs, atMs, reason, error } = record
  const told = { reason, ...(error !== undefined && { error }) }
  if (attempt === undefined || startMs === undefined || tookMs === undefined) {
    return { kind: 'died', seq, atMs, ...told }
  }
  return { kind: 'delivery', seq, attempt, startMs, tookMs, outcome: 'dead', ...told }
}

function updated(seq: number, { atMs, body, priority, dueMs }: UpdateRecord): HistoryEntry {
  return {
    kind: 'updated',
    seq,
    atMs,
    ...(body !== undefined && { data: body.data }),
    ...(priority !== undefined && { priority }),
    ...(dueMs !== undefined && { dueMs }),
  }
}
