import type { JobStatus } from '../job-types.js'

/** What decides over a job's life. All of it can be told from the journal, but for `active`: leases are not in it. */
export interface JobState {
  readonly status: JobStatus
  /** The number of the newest delivery. */
  readonly attempt: number
  /** Deliveries that failed and count against `attempts`. */
  readonly failures: number
  /** Deliveries that a crash of the process ended. */
  readonly crashes: number
  /** When it may run, or could first: what orders those that wait. */
  readonly dueMs: number
  /** The wait that `dueMs` stands for, so that a reopening waits no longer; Infinity where it is a time of the wall clock. */
  readonly delayMs: number
}

/** What happens to a job: a record, or, for `lease`, `due` and `unblock`, what follows from time and others. */
export type JobEvent =
  | { readonly kind: 'lease'; readonly attempt: number }
  | { readonly kind: 'due' }
  | { readonly kind: 'unblock'; readonly atMs: number }
  | { readonly kind: 'ack'; readonly attempt: number }
  | {
      readonly kind: 'nack'
      readonly attempt: number
      readonly counts: boolean
      readonly endedMs: number
      readonly dueMs: number
      readonly delayMs: number
    }
  | { readonly kind: 'dead'; readonly attempt: number | undefined; readonly counts: boolean }
  | { readonly kind: 'cancel'; readonly attempt: number | undefined }
  | {
      readonly kind: 'update'
      readonly atMs: number
      readonly dueMs: number | undefined
      readonly delayMs: number | undefined
    }
  | { readonly kind: 'release'; readonly attempt: number }
  | { readonly kind: 'crash'; readonly attempt: number }
  | { readonly kind: 'retry'; readonly atMs: number }
  | { readonly kind: 'memo' }
  | { readonly kind: 'purge' }

/** An event's name. */
export type JobEventKind = JobEvent['kind']

/**
 * Where an event leads. `pending`: waiting or delayed, as its time says. `stays`: it changes something, but
 * not the status. `gone`: nothing of the job remains. `refused`: it does not fit, and nothing changes; no
 * such record is ever written, and a journal that has one is read past it.
 */
export type Target = JobStatus | 'pending' | 'stays' | 'gone' | 'refused'

type Row = Readonly<Record<JobStatus, Target>>

const row = (
  waiting: Target,
  delayed: Target,
  blocked: Target,
  active: Target,
  completed: Target,
  dead: Target,
  cancelled: Target,
): Row => Object.freeze({ waiting, delayed, blocked, active, completed, dead, cancelled })

// Leases are not in the journal, so what settles a delivery meets its job waiting when the journal is
// replayed, or delayed: by then its time has not been looked at. Alive, it meets it waiting when the lease
// had run out and nobody had taken it since.
/** Every event in every status. */
export const TRANSITIONS: Readonly<Record<JobEventKind, Row>> = Object.freeze({
  //           waiting      delayed      blocked      active       completed    dead         cancelled
  lease: row('active', 'refused', 'refused', 'refused', 'refused', 'refused', 'refused'),
  due: row('refused', 'waiting', 'refused', 'refused', 'refused', 'refused', 'refused'),
  unblock: row('refused', 'refused', 'pending', 'refused', 'refused', 'refused', 'refused'),
  ack: row('completed', 'completed', 'refused', 'completed', 'refused', 'refused', 'refused'),
  nack: row('pending', 'pending', 'refused', 'pending', 'refused', 'refused', 'refused'),
  dead: row('dead', 'dead', 'dead', 'dead', 'refused', 'refused', 'refused'),
  cancel: row(
    'cancelled',
    'cancelled',
    'cancelled',
    'cancelled',
    'refused',
    'cancelled',
    'refused',
  ),
  update: row('pending', 'pending', 'blocked', 'refused', 'refused', 'refused', 'refused'),
  release: row('waiting', 'waiting', 'refused', 'waiting', 'refused', 'refused', 'refused'),
  crash: row('waiting', 'waiting', 'refused', 'waiting', 'refused', 'refused', 'refused'),
  retry: row('refused', 'refused', 'refused', 'refused', 'waiting', 'waiting', 'waiting'),
  memo: row('stays', 'stays', 'stays', 'stays', 'refused', 'refused', 'refused'),
  purge: row('gone', 'gone', 'gone', 'refused', 'gone', 'gone', 'gone'),
})

/** The job after an event; the same object where the event does not fit; undefined when it is gone. Total. */
export function transition(job: JobState, event: JobEvent): JobState | undefined {
  const target = TRANSITIONS[event.kind][job.status]
  if (target === 'refused' || target === 'stays') return job
  if (target === 'gone') return undefined
  const changes = changesOf(job, event)
  const { attempt, failures, crashes, dueMs, delayMs } = job
  const next = {
    status: job.status,
    attempt: changes.attempt ?? attempt,
    failures: changes.failures ?? failures,
    crashes: changes.crashes ?? crashes,
    dueMs: changes.dueMs ?? dueMs,
    delayMs: changes.delayMs ?? delayMs,
  }
  if (target !== 'pending') next.status = target
  else next.status = isDelayed(next, atOf(event)) ? 'delayed' : 'waiting'
  return next
}

/**
 * Whether a job has to wait for its time. Where that is one of the wall clock it always does: whoever knows
 * the wall clock finds it due at once if it is.
 */
export function isDelayed(
  { dueMs, delayMs }: Pick<JobState, 'dueMs' | 'delayMs'>,
  atMs: number,
): boolean {
  return dueMs > atMs || delayMs === Number.POSITIVE_INFINITY
}

/** Whether an event would change anything. */
export function fits(status: JobStatus, kind: JobEventKind): boolean {
  return TRANSITIONS[kind][status] !== 'refused'
}

function changesOf(job: JobState, event: JobEvent): Partial<JobState> {
  switch (event.kind) {
    case 'lease':
    case 'ack':
    case 'release':
      return { attempt: Math.max(job.attempt, event.attempt) }
    case 'dead':
      return {
        attempt: Math.max(job.attempt, event.attempt ?? 0),
        failures: job.failures + (event.counts ? 1 : 0),
      }
    case 'cancel':
      return { attempt: Math.max(job.attempt, event.attempt ?? 0) }
    case 'nack':
      return {
        attempt: Math.max(job.attempt, event.attempt),
        failures: job.failures + (event.counts ? 1 : 0),
        dueMs: event.dueMs,
        delayMs: event.delayMs,
      }
    case 'crash':
      return { attempt: Math.max(job.attempt, event.attempt), crashes: job.crashes + 1 }
    case 'update':
      if (event.dueMs === undefined) return {}
      return { dueMs: event.dueMs, delayMs: event.delayMs ?? Number.POSITIVE_INFINITY }
    case 'retry':
      return { failures: 0, crashes: 0, dueMs: event.atMs, delayMs: 0 }
    case 'unblock':
      return job.dueMs > event.atMs ? {} : { dueMs: event.atMs, delayMs: 0 }
    case 'due':
      return { delayMs: 0 }
    case 'memo':
    case 'purge':
      return {}
  }
}

function atOf(event: JobEvent): number {
  switch (event.kind) {
    case 'nack':
      return event.endedMs
    case 'update':
    case 'unblock':
      return event.atMs
    default:
      return Number.POSITIVE_INFINITY
  }
}
