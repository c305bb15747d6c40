// What stands in the journal: one object a line, with one key that says what happened. Times ending in
// `Ms` are milliseconds since 1970 or lengths; `of` is the number of the record that enqueued the job, which
// is the job's number for ever.
import type { BackoffPlan, DeathReason, JobError, PreviousDelivery } from '../job-types.js'

/** The JSON of a body's data when it was appended: its caller may change the object. A symbol, so that it is not written. */
export const DATA_TEXT: unique symbol = Symbol('text of data')

/** What a job is told when it is enqueued, and keeps. */
export interface JobBody {
  readonly queue: string
  /** Given by the caller; without one the job is `@<its number>`. */
  readonly id?: string
  readonly data: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly priority?: number
  readonly group?: string
  readonly attempts?: number
  readonly backoff?: BackoffPlan
  readonly timeoutMs?: number
  /** Dead when it has not begun by then. */
  readonly expiresAtMs?: number
  /** Numbers of the jobs that must complete before. */
  readonly dependsOn?: readonly number[]
  readonly dedup?: DedupMark
  readonly [DATA_TEXT]?: string
}

/** A key that makes others like it duplicates, until a time or until its job has begun. */
export interface DedupMark {
  readonly key: string
  readonly mode: 'throttle' | 'debounce' | 'replace' | 'keepLatest'
  readonly untilMs?: number
}

/** `enqueue`. */
export interface EnqueueRecord extends JobBody {
  readonly atMs: number
  /** Due that long after `atMs`. */
  readonly delayMs?: number
  /** Due at that time of the wall clock. */
  readonly runAtMs?: number
}

interface Delivery {
  readonly of: number
  /** The number of the delivery: the lease's token. */
  readonly attempt: number
  readonly startMs: number
  readonly tookMs: number
}

/** `ack`: the handler succeeded. */
export interface AckRecord extends Delivery {
  readonly result?: unknown
  readonly late?: true
}

/** `nack`: this delivery failed, the job comes again. */
export interface NackRecord extends Delivery {
  readonly error?: JobError
  readonly outcome: 'failed' | 'expired'
  readonly dueMs: number
  readonly delayMs: number
  /** Whether it counts against `attempts`. */
  readonly counts: boolean
  /** What the next delivery is told; see {@link MemoRecord}. */
  readonly memo?: unknown
}

/** `dead`: to the dead letters. `attempt` is absent for a job that died without being delivered. */
export interface DeadRecord {
  readonly of: number
  readonly attempt?: number
  readonly startMs?: number
  readonly tookMs?: number
  readonly atMs: number
  readonly reason: DeathReason
  /** False where the delivery has failed before, by running out. */
  readonly counts?: boolean
  readonly error?: JobError
}

/** `cancel`. */
export interface CancelRecord {
  readonly of: number
  /** The delivery that it ended, of a job that ran. */
  readonly attempt?: number
  readonly atMs: number
}

/** `update`: what is named changes, the rest stays. */
export interface UpdateRecord {
  readonly of: number
  readonly atMs: number
  readonly body?: JobBody
  readonly priority?: number
  /** When it is due from now on. */
  readonly dueMs?: number
  /** The wait that `dueMs` stands for; absent where it is a time of the wall clock. */
  readonly delayMs?: number
}

/** A delivery that did not settle. */
export interface Unsettled {
  readonly of: number
  readonly attempt: number
}

/** `release`: a clean end; what was running comes again and has no strike. */
export interface ReleaseRecord {
  readonly jobs: readonly Unsettled[]
  readonly atMs: number
}

/** `crash`: found at opening; each of these jobs was running when the process died. */
export interface CrashRecord {
  readonly jobs: readonly Unsettled[]
  /** Unclean ends in a row, this one included. */
  readonly inRow: number
  readonly atMs: number
}

/** `pause` and `resume`. */
export interface PauseRecord {
  readonly queue: string
  readonly atMs: number
}

/** `purge`: every job of the queue in these states whose number is smaller than the record's. */
export interface PurgeRecord {
  readonly queue: string
  /** `pending`: whatever has not begun. */
  readonly states: readonly ('pending' | 'completed' | 'dead' | 'cancelled')[]
  /** Left alone: those that run, which the journal cannot tell, or that were not meant. */
  readonly except: readonly number[]
  /** Jobs with greater numbers were not known when this was decided. */
  readonly through?: number
  readonly atMs: number
}

/** `retry` (one job by hand) and `redrive` (dead letters): they wait again, with no failures. */
export interface RetryRecord {
  readonly jobs: readonly number[]
  readonly atMs: number
}

/** A schedule as it was defined. */
export interface ScheduleRecord {
  readonly id: string
  readonly queue: string
  readonly atMs: number
  readonly removed?: true
  readonly paused?: true
  readonly cron?: string
  readonly everyMs?: number
  readonly tz?: string
  readonly data?: unknown
  readonly missed?: 'skip' | 'once' | 'all'
  readonly overlap?: 'skip' | 'queue' | 'allow'
  readonly options?: unknown
  /** The last tick and its job, when the schedule is carried on. */
  readonly lastDueMs?: number
  readonly lastJob?: number
}

/** `tick`: the enqueue of a schedule's job, or the note that a time was passed over. */
export interface TickRecord {
  readonly schedule: string
  readonly dueMs: number
  readonly atMs: number
  readonly job?: EnqueueRecord
  /** How many due times before this one were passed over. */
  readonly skipped?: number
}

/** `memo`: what a job has noted about itself, of `once` and `checkpoint`; replaces the note before. */
export interface MemoRecord {
  readonly of: number
  readonly memo: unknown
}

/** `progress` and `log`: what a handler says of itself; written with whatever is written next. */
export interface ProgressRecord {
  readonly of: number
  readonly value: unknown
}

/** See {@link ProgressRecord}. */
export interface LogRecord {
  readonly of: number
  readonly line: string
  readonly atMs: number
}

/** `put`: a value of the caller's beside the jobs, for an outbox's cursor. */
export interface PutRecord {
  readonly key: string
  readonly value: unknown
}

/** `carry`: a job as it stands, written again so that the segment it was in can go. */
export interface CarryRecord extends JobBody {
  readonly of: number
  readonly atMs: number
  readonly status: 'pending' | 'completed' | 'dead' | 'cancelled'
  readonly attempt: number
  readonly failures: number
  readonly crashes: number
  readonly dueMs: number
  readonly delayMs?: number
  readonly runAtMs?: number
  readonly memo?: unknown
  readonly previous?: PreviousDelivery
  readonly result?: unknown
  readonly reason?: DeathReason
  readonly error?: JobError
  readonly endedMs?: number
  /** Where it stands in its group. */
  readonly placeMs?: number
  /** It has failed, and holds up its group until it is due. */
  readonly blocks?: true
}

/** `seen`: ids and keys that still make duplicates although their jobs are gone. */
export interface SeenRecord {
  /** 16 bytes of SHA-256 in base64url, the job's number, when it ended. */
  readonly ids: readonly (readonly [hash: string, of: number, endedMs: number])[]
  readonly keys: readonly {
    readonly queue: string
    readonly of: number
    readonly mark: DedupMark
  }[]
}

/** Every record, by its key. */
export interface RecordKinds {
  readonly enqueue: EnqueueRecord
  readonly ack: AckRecord
  readonly nack: NackRecord
  readonly dead: DeadRecord
  readonly cancel: CancelRecord
  readonly update: UpdateRecord
  readonly release: ReleaseRecord
  readonly crash: CrashRecord
  readonly pause: PauseRecord
  readonly resume: PauseRecord
  readonly purge: PurgeRecord
  readonly retry: RetryRecord
  readonly redrive: RetryRecord
  readonly schedule: ScheduleRecord
  readonly tick: TickRecord
  readonly memo: MemoRecord
  readonly progress: ProgressRecord
  readonly log: LogRecord
  readonly put: PutRecord
  readonly carry: CarryRecord
  readonly seen: SeenRecord
}

/** A record's key. */
export type RecordKind = keyof RecordKinds

/** One line of the journal: exactly one key. */
export type QueueRecord = {
  [Kind in RecordKind]: { readonly [Key in Kind]: RecordKinds[Kind] }
}[RecordKind]
