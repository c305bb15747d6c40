import type { Outcome } from '@mini-rs/ministore'

/** What went wrong, stable across versions. The README has one heading per code: what happened, what to do. */
export type MiniQueueErrorCode =
  | 'QUEUE_FULL'
  | 'DISK_FULL'
  | 'PAYLOAD_INVALID'
  | 'PAYLOAD_TOO_LARGE'
  | 'LEASE_LOST'
  | 'JOB_NOT_FOUND'
  | 'JOB_ACTIVE'
  | 'JOB_PENDING'
  | 'JOB_BLOCKED'
  | 'JOB_COMPLETED'
  | 'JOB_DEAD'
  | 'JOB_CANCELLED'
  | 'DEPENDENCY_UNKNOWN'
  | 'SCHEDULE_NOT_FOUND'
  | 'RECORD_UNKNOWN'
  | 'QUEUE_CLOSED'
  | 'QUEUE_FAILED'

/** One thing that a schema, or JSON, had against a payload, a result, a memo or a value. */
export interface PayloadIssue {
  readonly message: string
  /** Where inside of it, `$` being the whole. */
  readonly path: string
}

/** Everything that {@link MiniQueueError} may carry besides its code and message. */
export interface MiniQueueErrorDetails {
  readonly queue?: string | undefined
  /** Of the job. */
  readonly id?: string | undefined
  /** Number of the job, or of the record that this is about. */
  readonly seq?: number | undefined
  readonly path?: string | undefined
  readonly issues?: readonly PayloadIssue[] | undefined
  readonly outcome?: Outcome | undefined
  readonly cause?: unknown
}

const BRAND = Symbol.for('@mini-rs/miniqueue/error')

/** The one error class of this package. Switch on `code`; messages may change. */
export class MiniQueueError extends Error {
  readonly code: MiniQueueErrorCode
  readonly queue: string | undefined
  readonly id: string | undefined
  readonly seq: number | undefined
  readonly path: string | undefined
  readonly issues: readonly PayloadIssue[] | undefined
  /** Of a call that failed: `absent`, surely not in the journal; `unknown`, only reopening tells. */
  readonly outcome: Outcome | undefined

  constructor(code: MiniQueueErrorCode, message: string, details: MiniQueueErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'MiniQueueError'
    this.code = code
    this.queue = details.queue
    this.id = details.id
    this.seq = details.seq
    this.path = details.path
    this.issues = details.issues
    this.outcome = details.outcome
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Whether `value` is an error of this package, also when it comes from the package's other module format. */
  static is(value: unknown): value is MiniQueueError {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}

/** The message of anything that was thrown, which may be anybody's code, and fail itself. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    return 'its text cannot be read'
  }
}

/** Throws on a bug of ours. */
export function assertThat(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`miniqueue: broken invariant: ${invariant}`)
}
