import type { JobStatus, PreviousDelivery } from './job-types.js'

/** A job, as a handler or a reader sees it. */
export interface Job<T> {
  /** The caller's, or `@` and the job's number. */
  readonly id: string
  /** The number of the record that enqueued it, its own for ever. */
  readonly seq: number
  readonly queue: string
  readonly data: T
  readonly headers: Readonly<Record<string, string>>
  readonly priority: number
  readonly group: string | undefined
  readonly status: JobStatus
  /** Which delivery this is, from 1; 0 for a job that was never delivered. */
  readonly attempt: number
  /** Deliveries that failed and count against `attempts`. */
  readonly failures: number
  /** Crashes of the process while it ran. */
  readonly crashes: number
  /** Milliseconds since 1970. */
  readonly enqueuedAtMs: number
  /** How the delivery before ended. */
  readonly previous: PreviousDelivery | undefined
}

/** The id of a job that was given none. */
export function idOf(seq: number, id: string | undefined): string {
  return id ?? `@${seq}`
}

/** The number in such an id. */
export function seqOfId(id: string): number | undefined {
  const match = /^@([1-9]\d{0,15})$/.exec(id)
  return match === null ? undefined : Number(match[1])
}
