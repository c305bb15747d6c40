/** Where a job is in its life. */
export type JobStatus =
  'waiting' | 'delayed' | 'blocked' | 'active' | 'completed' | 'dead' | 'cancelled'

/** How long a failed job waits before it is tried again, as it can be written into a record. */
export interface BackoffPlan {
  readonly type: 'fixed' | 'exponential'
  /** Of the first retry. */
  readonly delayMs: number
  /** The longest wait. Default: one day. */
  readonly maxMs?: number
  /** From 0 to 1: how much of the wait is left to chance, so that not all come back at once. Default 0. */
  readonly jitter?: number
}

/** What remains of an error in the journal. */
export interface JobError {
  readonly name: string
  readonly message: string
  readonly stack?: string
}

/** Why a job ended in the dead letters. */
export type DeathReason =
  'attempts' | 'crashes' | 'nonRetryable' | 'deadLetter' | 'payload' | 'expired'

/** How an earlier delivery of a job ended. */
export interface PreviousDelivery {
  readonly attempt: number
  readonly outcome: 'failed' | 'crashed' | 'expired' | 'released'
  readonly error?: JobError
}
