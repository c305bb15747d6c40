import type { DeathReason, JobError, JobStatus } from '../job-types.js'

/** Another job that has to do with it. */
export interface JobReference {
  readonly id: string
  readonly seq: number
  /** `gone`: it was purged, or is no longer kept. */
  readonly status: JobStatus | 'gone'
}

/** What every explanation has. */
interface Explained {
  readonly id: string
  readonly seq: number
  readonly status: JobStatus
  /** The same in words. */
  readonly sentence: string
}

/** Why a job does not run now: switch on `why`. */
export type Explanation = Explained &
  (
    | { readonly why: 'completed' | 'cancelled'; readonly endedAtMs: number }
    | {
        readonly why: 'dead'
        readonly endedAtMs: number
        readonly reason: DeathReason
        readonly error: JobError | undefined
      }
    /** It does run. */
    | {
        readonly why: 'running'
        readonly attempt: number
        readonly sinceMs: number | undefined
      }
    /** It runs, and has passed its `timeoutMs`: until its handler ends it is not started again. */
    | { readonly why: 'overrun'; readonly attempt: number; readonly sinceMs: number | undefined }
    | { readonly why: 'delayed'; readonly dueMs: number }
    /** It failed, and waits for its next time. */
    | {
        readonly why: 'backoff'
        readonly dueMs: number
        readonly failures: number
        readonly error: JobError | undefined
      }
    /** It waits for these to complete; one that is dead, cancelled or gone never will by itself. */
    | { readonly why: 'dependency'; readonly on: readonly JobReference[] }
    | { readonly why: 'paused' }
    /** As many of its group run as may. */
    | { readonly why: 'groupBusy'; readonly group: string; readonly by: readonly JobReference[] }
    /** One of its group failed, and comes first when its time has come. */
    | { readonly why: 'groupBlocked'; readonly group: string; readonly by: readonly JobReference[] }
    /** It was running in crashes, and such jobs run one at a time. */
    | { readonly why: 'heldBack'; readonly crashes: number }
    /** Nobody in this process takes jobs of the queue. */
    | { readonly why: 'noWorker' }
    | { readonly why: 'workersPaused' }
    | { readonly why: 'limiter'; readonly forMs: number }
    /** Whoever takes jobs is busy with others. */
    | {
        readonly why: 'busy'
        /** Jobs that come before it. */
        readonly ahead: number
        readonly running: number
        /** Handlers among them that have passed their deadline. */
        readonly overrun: number
      }
    /** Nothing keeps it: it is next, or is being handed over. */
    | { readonly why: 'next'; readonly ahead: number }
  )

/** An explanation without what all have. */
export type Reason<E = Explanation> = E extends Explained
  ? Omit<E, keyof Explained> & { readonly sentence: string }
  : never
