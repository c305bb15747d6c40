import { type OptionNames, assertKnownOptions } from '@mini-rs/ministore'
import type { BackoffPlan, JobStatus } from '../job-types.js'
import { assertBackoff, assertCount, assertObject, assertOneOf } from './queue-options.js'

/** A key that makes enqueues like it duplicates of one job. */
export interface Dedup {
  readonly key: string
  /** `throttle`: that long after the enqueue; `debounce`: how long to wait after the last one. */
  readonly ttlMs?: number
  /**
   * `throttle` (default): later ones are duplicates for `ttlMs`, or while the job has not ended.
   * `debounce`: each puts the job off by `ttlMs`, with the newest data. `replace`: the job that waits gets
   * the newest data, and keeps its place. `keepLatest`: as `replace`, and beside a job that runs at most
   * one waits.
   */
  readonly mode?: 'throttle' | 'debounce' | 'replace' | 'keepLatest'
}

/** Options of `enqueue`. */
export interface EnqueueOptions {
  /** Enqueuing the same id again is a duplicate: makes a retry safe. Must not begin with `@`. */
  readonly id?: string
  readonly delayMs?: number
  /** A time of the wall clock instead of a delay. */
  readonly runAt?: Date | number
  /** Lower first. Default 0. */
  readonly priority?: number
  /** Jobs of one group run one after the other, in order. */
  readonly group?: string
  /** Instead of the queue's. */
  readonly attempts?: number
  readonly backoff?: BackoffPlan
  readonly timeoutMs?: number
  /** A job that has not begun by then is dead. */
  readonly expiresAt?: Date | number
  /** Ids of jobs of the same queue that must complete first. */
  readonly dependsOn?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly dedup?: Dedup
  /** Gives up waiting for room. */
  readonly signal?: AbortSignal
}

/** Nothing but the queue's own. */
export const NO_OPTIONS: EnqueueOptions = Object.freeze({})

/** What became of an `enqueue`. Whatever it says is durable. */
export interface Enqueued {
  readonly id: string
  /** The job's number. */
  readonly seq: number
  /** `duplicate`: nothing was enqueued, for `existing` is there. `replaced`, `rescheduled`: `existing` was changed. */
  readonly status: 'enqueued' | 'duplicate' | 'replaced' | 'rescheduled'
  readonly existing?: { readonly id: string; readonly seq: number; readonly status: JobStatus }
}

const MAX_ID_CHARS = 512

const ENQUEUE_OPTIONS: OptionNames<EnqueueOptions> = {
  id: true,
  delayMs: true,
  runAt: true,
  priority: true,
  group: true,
  attempts: true,
  backoff: true,
  timeoutMs: true,
  expiresAt: true,
  dependsOn: true,
  headers: true,
  dedup: true,
  signal: true,
}

const DEDUP: OptionNames<Dedup> = { key: true, ttlMs: true, mode: true }

/** @throws TypeError, RangeError */
export function assertEnqueueOptions(options: EnqueueOptions): void {
  if (options === NO_OPTIONS) return
  assertObject('options', options)
  assertKnownOptions('options', options, ENQUEUE_OPTIONS)
  assertText('id', options.id)
  if (options.id?.startsWith('@') === true) {
    throw new TypeError('an id must not begin with @: those are the queue’s own')
  }
  assertText('group', options.group)
  assertCount('delayMs', options.delayMs, 0)
  assertTime('runAt', options.runAt)
  assertTime('expiresAt', options.expiresAt)
  assertCount('priority', options.priority, -(2 ** 31), 2 ** 31 - 1)
  assertCount('attempts', options.attempts, 1)
  assertCount('timeoutMs', options.timeoutMs, 1)
  if (typeof options.backoff === 'function') {
    throw new TypeError('a job’s backoff is written down: give the queue the function')
  }
  assertBackoff(options.backoff)
  if (options.delayMs !== undefined && options.runAt !== undefined) {
    throw new TypeError('delayMs and runAt exclude each other')
  }
  if (options.priority !== undefined && options.group !== undefined) {
    throw new TypeError('priority and group exclude each other: a group keeps its order')
  }
  for (const [name, value] of Object.entries(options.headers ?? {}))
    assertText(`headers.${name}`, value)
  assertDedup(options)
}

/** A time as milliseconds since 1970. */
export function timeOf(time: Date | number | undefined): number | undefined {
  return time instanceof Date ? time.getTime() : time
}

function assertDedup({ dedup, id }: EnqueueOptions): void {
  if (dedup === undefined) return
  assertObject('dedup', dedup)
  assertKnownOptions('dedup', dedup, DEDUP)
  assertText('dedup.key', dedup.key)
  if (dedup.key === undefined) throw new TypeError('dedup needs a key')
  assertCount('dedup.ttlMs', dedup.ttlMs, 0)
  assertOneOf('dedup.mode', dedup.mode, ['throttle', 'debounce', 'replace', 'keepLatest'])
  if (dedup.mode === 'debounce' && dedup.ttlMs === undefined) {
    throw new TypeError('dedup.mode "debounce" needs a ttlMs: how long to wait after the last one')
  }
  if (id !== undefined) throw new TypeError('id and dedup exclude each other')
}

function assertText(name: string, value: unknown): void {
  if (value === undefined) return
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string`)
  if (value === '' || value.length > MAX_ID_CHARS) {
    throw new RangeError(`${name} must have 1 to ${MAX_ID_CHARS} characters`)
  }
  if (!value.isWellFormed()) throw new RangeError(`${name} must not have half of a surrogate pair`)
}

/** @throws TypeError */
export function assertTime(name: string, value: unknown): void {
  if (value === undefined) return
  const time = value instanceof Date ? value.getTime() : value
  if (typeof time !== 'number' || !Number.isFinite(time)) {
    throw new TypeError(`${name} must be a valid Date, or milliseconds since 1970`)
  }
}
