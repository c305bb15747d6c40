import type { JobStatus } from '@mini-rs/miniqueue'

/** A job, as plain data. Times are those of the wall, which in these worlds nobody sets. */
export interface ModelJob {
  readonly seq: number
  readonly id: string | undefined
  data: unknown
  readonly priority: number
  readonly group: string | undefined
  readonly attempts: number
  readonly expiresAtMs: number | undefined
  readonly dedup: string | undefined
  readonly waitsFor: number[]
  status: JobStatus
  attempt: number
  /** What the journal says of `attempt`: a lease is not in it. */
  durableAttempt: number
  failures: number
  crashes: number
  dueMs: number
  placeMs: number | undefined
  isBlocking: boolean
  /** Of a lease, active or run out and not yet given to another. */
  lease: ModelLease | undefined
}

/** A delivery. */
export interface ModelLease {
  readonly attempt: number
  /** The how-many-th lease this was: those that end together end in that order. */
  readonly given: number
  readonly deadlineMs: number
  readonly isExpired: boolean
  /** It has run out before, and that was its failure. */
  readonly hasFailed: boolean
}

/** What is enqueued. */
export interface ModelOptions {
  readonly id?: string
  readonly delayMs?: number
  readonly priority?: number
  readonly group?: string
  readonly attempts?: number
  readonly expiresAt?: number
  readonly dependsOn?: readonly string[]
  readonly dedup?: {
    readonly key: string
    readonly mode: 'throttle' | 'debounce' | 'replace'
    readonly ttlMs?: number
  }
}

export function isPending({ status }: ModelJob): boolean {
  return status === 'waiting' || status === 'delayed' || status === 'blocked'
}

export function isEnded({ status }: ModelJob): boolean {
  return status === 'completed' || status === 'dead' || status === 'cancelled'
}

/** The order of those that are in no group, and between them and the heads of groups. */
export function isBefore(a: ModelJob, b: ModelJob): boolean {
  if (a.priority !== b.priority) return a.priority < b.priority
  return a.dueMs === b.dueMs ? a.seq < b.seq : a.dueMs < b.dueMs
}

/** The order within a group. */
export function isBeforeInGroup(a: ModelJob, b: ModelJob): boolean {
  const byPlace = (a.placeMs ?? 0) - (b.placeMs ?? 0)
  return byPlace === 0 ? a.seq < b.seq : byPlace < 0
}
