import {
  assertKnownOptions,
  type Clock,
  type OptionNames,
  type StandardSchema,
} from '@mini-rs/ministore'
import { type FileSystem, nodeFileSystem } from '@mini-rs/ministore/fs'
import { systemClock } from '@mini-rs/ministore'
import type { BackoffPlan } from '../job-types.js'
import { DEFAULT_BACKOFF } from '../worker/backoff.js'
import type { GroupRules } from '../table/ready-set.js'
import type { DedupWindow } from '../table/finished-window.js'

const MIB = 1024 * 1024
const DAY_MS = 86_400_000

/** Options of {@link MiniQueue.open}. All are optional, and checked at the door. */
export interface MiniQueueOptions {
  /** What a resolved call has survived: `'disk'` (default) a power cut, `'os'` a crash of the process. */
  readonly durability?: 'disk' | 'os'
  /** `'inline'`: when exactly one record waits, sync on the calling thread. Less latency; the event loop stands still for a sync, or for 5 ms when one caller goes on and on. Default `'threadPool'`. */
  readonly syncOn?: 'threadPool' | 'inline'
  /** Default 64 MiB. */
  readonly maxSegmentBytes?: number
  /** Payloads beyond it stay on the disk until their job is due. Default 64 MiB. */
  readonly memoryBudgetBytes?: number
  /** How long the id of a job that has ended makes duplicates. Default 10 minutes, 1,000,000 ids. */
  readonly dedupWindow?: Partial<DedupWindow>
  /** Sync the note of what runs before it runs, so that a power cut too is counted against a poison job. Default false. */
  readonly strictAttempts?: boolean
  readonly clock?: Clock
  readonly fileSystem?: FileSystem
}

/** {@link MiniQueueOptions} with every default filled in. */
export interface MiniQueueSettings {
  readonly durability: 'disk' | 'os'
  readonly syncOn: 'threadPool' | 'inline'
  readonly maxSegmentBytes: number
  readonly memoryBudgetBytes: number
  readonly dedupWindow: DedupWindow
  readonly strictAttempts: boolean
  readonly clock: Clock
  readonly fileSystem: FileSystem
}

/** A wait in ms that is computed: after how many failures, because of what. Where it fails, a worker takes the default and emits `failed`. */
export type BackoffFunction = (failures: number, error: unknown) => number

/** How many jobs are started in how long. */
export interface Limiter {
  readonly max: number
  readonly durationMs: number
}

/** What is kept of jobs that have ended. */
export interface Retention {
  /** Default one day, 1,000 jobs. */
  readonly completed?: { readonly ageMs?: number; readonly count?: number }
  /** Default 30 days, 100,000 jobs; also of cancelled ones. */
  readonly dead?: { readonly ageMs?: number; readonly count?: number }
}

/** What a queue takes. */
export interface Limits {
  /** Jobs that have not ended. Default: no limit. */
  readonly depth?: number
  /** Their bytes in the journal. Default: no limit. */
  readonly bytes?: number
  /** Of one payload as JSON. Default 1 MiB. */
  readonly payloadBytes?: number
  /** `'wait'`: `enqueue` waits for room. Default `'reject'`, with `QUEUE_FULL`. */
  readonly onFull?: 'reject' | 'wait'
}

/** Options of {@link MiniQueue.queue}. */
export interface QueueOptions<T> {
  /** Deliveries that may fail before a job is dead. Default 5. */
  readonly attempts?: number
  /** Default: exponential from one second, at most ten minutes, a fifth left to chance. */
  readonly backoff?: BackoffPlan | BackoffFunction
  /** Crashes of the process that a job may be running in before it is dead. Default 3. */
  readonly maxCrashes?: number
  /** How long `receive` hides a job. Default 30 seconds. */
  readonly visibilityTimeoutMs?: number
  /** The deadline of a worker's handler. Default: none. */
  readonly timeoutMs?: number
  /** Checks payloads when they are enqueued, and again when they are delivered. */
  readonly schema?: StandardSchema<unknown, T>
  readonly retention?: Retention
  readonly limits?: Limits
  readonly limiter?: Limiter
  readonly group?: Partial<GroupRules>
}

/** {@link QueueOptions} with every default filled in. */
export interface QueueSettings<T = unknown> {
  readonly attempts: number
  readonly backoff: BackoffPlan | BackoffFunction
  readonly maxCrashes: number
  readonly visibilityTimeoutMs: number
  readonly timeoutMs: number | undefined
  readonly schema: StandardSchema<unknown, T> | undefined
  readonly retention: Readonly<Record<'completed' | 'dead', { ageMs: number; count: number }>>
  readonly limits: Required<Limits>
  readonly limiter: Limiter | undefined
  readonly group: GroupRules
}

/** How long, and how many: of what is kept. */
const BOUNDS: OptionNames<DedupWindow> = { ageMs: true, count: true }

const MINI_QUEUE_OPTIONS: OptionNames<MiniQueueOptions> = {
  durability: true,
  syncOn: true,
  maxSegmentBytes: true,
  memoryBudgetBytes: true,
  dedupWindow: true,
  strictAttempts: true,
  clock: true,
  fileSystem: true,
}

const QUEUE_OPTIONS: OptionNames<QueueOptions<unknown>> = {
  attempts: true,
  backoff: true,
  maxCrashes: true,
  visibilityTimeoutMs: true,
  timeoutMs: true,
  schema: true,
  retention: true,
  limits: true,
  limiter: true,
  group: true,
}

const RETENTION: OptionNames<Retention> = { completed: true, dead: true }
const LIMITS: OptionNames<Limits> = {
  depth: true,
  bytes: true,
  payloadBytes: true,
  onFull: true,
}
const LIMITER: OptionNames<Limiter> = { max: true, durationMs: true }
const GROUP: OptionNames<GroupRules> = { concurrency: true, onFailure: true }
const BACKOFF: OptionNames<BackoffPlan> = {
  type: true,
  delayMs: true,
  maxMs: true,
  jitter: true,
}

/** Checks the options of `open` and fills in the defaults. @throws TypeError, RangeError */
export function resolveMiniQueueOptions(options: MiniQueueOptions): MiniQueueSettings {
  assertObject('options', options)
  assertKnownOptions('options', options, MINI_QUEUE_OPTIONS)
  assertKnownGroup('dedupWindow', options.dedupWindow, BOUNDS)
  assertOneOf('durability', options.durability, ['disk', 'os'])
  assertOneOf('syncOn', options.syncOn, ['threadPool', 'inline'])
  assertOneOf('strictAttempts', options.strictAttempts, [true, false])
  assertCount('maxSegmentBytes', options.maxSegmentBytes, 1)
  assertCount('memoryBudgetBytes', options.memoryBudgetBytes, 0)
  assertCount('dedupWindow.ageMs', options.dedupWindow?.ageMs, 0)
  assertCount('dedupWindow.count', options.dedupWindow?.count, 0, 2 ** 31)
  return Object.freeze({
    durability: options.durability ?? 'disk',
    syncOn: options.syncOn ?? 'threadPool',
    maxSegmentBytes: options.maxSegmentBytes ?? 64 * MIB,
    memoryBudgetBytes: options.memoryBudgetBytes ?? 64 * MIB,
    dedupWindow: boundsOf(options.dedupWindow, 600_000, 1_000_000),
    strictAttempts: options.strictAttempts ?? false,
    clock: options.clock ?? systemClock,
    fileSystem: options.fileSystem ?? nodeFileSystem,
  })
}

/** Checks the options of a queue and fills in the defaults. @throws TypeError, RangeError */
export function resolveQueueOptions<T>(options: QueueOptions<T>): QueueSettings<T> {
  assertObject('options', options)
  assertKnownOptions('options', options, QUEUE_OPTIONS)
  const { limits, limiter, retention, group } = options
  assertKnownGroup('limits', limits, LIMITS)
  assertKnownGroup('limiter', limiter, LIMITER)
  assertKnownGroup('group', group, GROUP)
  assertKnownGroup('retention', retention, RETENTION)
  assertCount('attempts', options.attempts, 1)
  assertCount('maxCrashes', options.maxCrashes, 1, 255)
  assertCount('visibilityTimeoutMs', options.visibilityTimeoutMs, 1)
  assertCount('timeoutMs', options.timeoutMs, 1)
  assertCount('limits.depth', limits?.depth, 1)
  assertCount('limits.bytes', limits?.bytes, 1)
  assertCount('limits.payloadBytes', limits?.payloadBytes, 1)
  assertOneOf('limits.onFull', limits?.onFull, ['reject', 'wait'])
  assertCount('limiter.max', limiter?.max, 1)
  assertCount('limiter.durationMs', limiter?.durationMs, 1)
  assertCount('group.concurrency', group?.concurrency, 1)
  assertOneOf('group.onFailure', group?.onFailure, ['block', 'skip'])
  for (const kind of ['completed', 'dead'] as const) {
    assertKnownGroup(`retention.${kind}`, retention?.[kind], BOUNDS)
    assertCount(`retention.${kind}.ageMs`, retention?.[kind]?.ageMs, 0)
    assertCount(`retention.${kind}.count`, retention?.[kind]?.count, 0)
  }
  assertBackoff(options.backoff)
  return Object.freeze({
    attempts: options.attempts ?? 5,
    backoff: options.backoff ?? DEFAULT_BACKOFF,
    maxCrashes: options.maxCrashes ?? 3,
    visibilityTimeoutMs: options.visibilityTimeoutMs ?? 30_000,
    timeoutMs: options.timeoutMs,
    schema: options.schema,
    retention: {
      completed: boundsOf(retention?.completed, DAY_MS, 1_000),
      dead: boundsOf(retention?.dead, 30 * DAY_MS, 100_000),
    },
    limits: {
      depth: limits?.depth ?? Number.POSITIVE_INFINITY,
      bytes: limits?.bytes ?? Number.POSITIVE_INFINITY,
      payloadBytes: limits?.payloadBytes ?? MIB,
      onFull: limits?.onFull ?? 'reject',
    },
    limiter,
    group: { concurrency: group?.concurrency ?? 1, onFailure: group?.onFailure ?? 'block' },
  })
}

/** What was given, and the defaults of the rest. */
function boundsOf(
  given: Partial<DedupWindow> | undefined,
  ageMs: number,
  count: number,
): DedupWindow {
  return { ageMs: given?.ageMs ?? ageMs, count: given?.count ?? count }
}

/** @throws TypeError, RangeError */
export function assertBackoff(backoff: unknown): void {
  if (backoff === undefined || typeof backoff === 'function') return
  assertObject('backoff', backoff)
  assertKnownOptions('backoff', backoff as object, BACKOFF)
  const { type, delayMs, maxMs, jitter } = backoff as Partial<BackoffPlan>
  assertOneOf('backoff.type', type, ['fixed', 'exponential'])
  if (type === undefined || delayMs === undefined) {
    throw new TypeError('backoff needs a type and a delayMs')
  }
  assertCount('backoff.delayMs', delayMs, 0)
  assertCount('backoff.maxMs', maxMs, 0)
  if (jitter !== undefined && !(jitter >= 0 && jitter <= 1)) {
    throw new RangeError(`backoff.jitter must be from 0 to 1, not ${String(jitter)}`)
  }
}

/** @throws TypeError */
export function assertObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${name} must be an object`)
}

/** @throws TypeError */
export function assertOneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (value === undefined || allowed.includes(value)) return
  const list = allowed.map((one) => JSON.stringify(one)).join(' or ')
  throw new TypeError(`${name} must be ${list}, not ${String(value)}`)
}

/** A whole number within bounds, or undefined. @throws TypeError, RangeError */
export function assertCount(
  name: string,
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (value === undefined) return
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number`)
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`)
  }
}

/** Milliseconds; Infinity waits for ever. @throws TypeError, RangeError */
export function assertWait(name: string, value: unknown): void {
  if (value !== Number.POSITIVE_INFINITY) assertCount(name, value, 0)
}

/** {@link assertKnownOptions} for a group of options, which may be left out. @throws TypeError */
function assertKnownGroup(
  what: string,
  group: unknown,
  known: Readonly<Record<string, true>>,
): void {
  if (group === undefined) return
  if (typeof group !== 'object' || group === null) throw new TypeError(`${what} must be an object`)
  assertKnownOptions(what, group, known)
}
