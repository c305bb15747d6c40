import { type OptionNames, assertKnownOptions } from '@mini-rs/ministore'
import type { BackoffPlan } from '../job-types.js'
import type { DeclaredQueue } from '../queue/core.js'
import { assertEnqueueOptions } from '../queue/enqueue-options.js'
import { checkPayload } from '../queue/payload.js'
import { assertCount, assertObject, assertOneOf } from '../queue/queue-options.js'
import type { ScheduleRecord } from '../records/record-types.js'
import { dueTimesOf } from './due-times.js'

/** Options of every job that a schedule enqueues; as those of `enqueue`. */
export interface ScheduledJobOptions {
  readonly priority?: number
  readonly group?: string
  readonly attempts?: number
  readonly backoff?: BackoffPlan
  readonly timeoutMs?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** A schedule: either `cron` or `everyMs`. */
export interface ScheduleDefinition<T> {
  /** Five fields, or six with seconds first; `@daily` and the like. */
  readonly cron?: string
  /** Every so long, counted from when the schedule was first defined so. At least a second. */
  readonly everyMs?: number
  /** The IANA time zone of `cron`. Default `'UTC'`. */
  readonly tz?: string
  /** Of each job. */
  readonly data: T
  /**
   * What of times that passed while nobody had the queue open, or the machine slept: none, one for all
   * (default), or each, at most the newest 1,000.
   */
  readonly missed?: 'skip' | 'once' | 'all'
  /**
   * When the job before has not ended: pass over the time (default), let it wait for that end, or enqueue
   * it all the same.
   */
  readonly overlap?: 'skip' | 'queue' | 'allow'
  readonly options?: ScheduledJobOptions
}

const LEAST_EVERY_MS = 1_000
const MAX_ID_CHARS = 256
const DEFINITION: OptionNames<ScheduleDefinition<unknown>> = {
  cron: true,
  everyMs: true,
  tz: true,
  data: true,
  missed: true,
  overlap: true,
  options: true,
}
const JOB_OPTIONS: OptionNames<ScheduledJobOptions> = {
  priority: true,
  group: true,
  attempts: true,
  backoff: true,
  timeoutMs: true,
  headers: true,
}

/** What is written of a definition. @throws TypeError, RangeError, `PAYLOAD_INVALID`, `PAYLOAD_TOO_LARGE` */
export function recordOf(
  queue: DeclaredQueue,
  id: string,
  definition: ScheduleDefinition<unknown>,
  atMs: number,
): ScheduleRecord {
  assertScheduleId(id)
  assertObject('the definition', definition)
  assertKnownOptions('the definition', definition, DEFINITION)
  const { cron, everyMs, tz, missed, overlap, options } = definition
  if ((cron === undefined) === (everyMs === undefined)) {
    throw new TypeError('a schedule needs either cron or everyMs')
  }
  assertCount('everyMs', everyMs, LEAST_EVERY_MS)
  assertOneOf('missed', missed, ['skip', 'once', 'all'])
  assertOneOf('overlap', overlap, ['skip', 'queue', 'allow'])
  assertJobOptions(options)
  assertTiming(cron, tz)
  // As it is now, whatever the caller does to it.
  const data: unknown = JSON.parse(checkPayload(queue, definition.data).text)
  return {
    id,
    queue: queue.name,
    atMs,
    ...(cron !== undefined && { cron, tz: tz ?? 'UTC' }),
    ...(everyMs !== undefined && { everyMs }),
    data,
    missed: missed ?? 'once',
    overlap: overlap ?? 'skip',
    ...(options !== undefined && { options: JSON.parse(JSON.stringify(options)) as unknown }),
  }
}

/** Whether two definitions say the same, but for their time. */
export function saySame(a: ScheduleRecord, b: ScheduleRecord): boolean {
  return JSON.stringify(comparable(a)) === JSON.stringify(comparable(b))
}

/** Whether two definitions are due at the same times, if they were made at the same one. */
export function haveSameTimes(a: ScheduleRecord, b: ScheduleRecord): boolean {
  return a.cron === b.cron && a.everyMs === b.everyMs && a.tz === b.tz
}

/** @throws TypeError, RangeError */
export function assertScheduleId(id: unknown): void {
  if (typeof id !== 'string') throw new TypeError('a schedule’s id must be a string')
  if (id === '' || id.length > MAX_ID_CHARS) {
    throw new RangeError(`a schedule’s id must have 1 to ${MAX_ID_CHARS} characters`)
  }
}

function comparable(record: ScheduleRecord): unknown {
  const { id, queue, cron, everyMs, tz, data, missed, overlap, options, paused } = record
  return [id, queue, cron, everyMs, tz, data, missed, overlap, options, paused]
}

function assertTiming(cron: string | undefined, tz: string | undefined): void {
  if (cron === undefined) {
    if (tz !== undefined) throw new TypeError('tz goes with cron')
    return
  }
  if (typeof cron !== 'string') throw new TypeError('cron must be a string')
  if (tz !== undefined) {
    try {
      new Intl.DateTimeFormat('en', { timeZone: tz }).format(0)
    } catch (cause) {
      throw new RangeError(`tz ${JSON.stringify(tz)} is no time zone`, { cause })
    }
  }
  try {
    if (dueTimesOf({ cron, ...(tz !== undefined && { tz }), atMs: 0 }).after(0) !== undefined)
      return
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^Cron\w+: /, '') : String(cause)
    throw new TypeError(`cron ${JSON.stringify(cron)} is no cron expression: ${why}`, { cause })
  }
  throw new RangeError(`cron ${JSON.stringify(cron)} is never due`)
}

function assertJobOptions(options: ScheduledJobOptions | undefined): void {
  if (options === undefined) return
  assertObject('options', options)
  assertKnownOptions('options of a schedule’s jobs', options, JOB_OPTIONS)
  assertEnqueueOptions(options)
}
