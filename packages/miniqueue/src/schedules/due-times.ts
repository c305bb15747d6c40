import { Cron } from 'croner'
import type { ScheduleRecord } from '../records/record-types.js'

/** When a schedule is due: by `cron` in a time zone, or every so long since `atMs`. */
export type Timing = Pick<ScheduleRecord, 'cron' | 'everyMs' | 'tz' | 'atMs'>

/** The due times in some stretch of time. */
export interface Passed {
  /** How many there are; of more than `limit` a cron expression’s are not counted to the end. */
  readonly count: number
  /** The newest of them, at most `limit`, the oldest first. */
  readonly newest: readonly number[]
}

/** When a schedule is due. Times are milliseconds since 1970. */
export interface DueTimes {
  /** The first one after a time; undefined when there is none. */
  after(ms: number): number | undefined
  /** Those after `fromMs` up to `untilMs`, this included. */
  between(fromMs: number, untilMs: number, limit: number): Passed
}

/** @throws TypeError, RangeError for an expression or a time zone that is none */
export function dueTimesOf({ cron, everyMs, tz = 'UTC', atMs }: Timing): DueTimes {
  return cron === undefined ? new Every(atMs, everyMs ?? 1) : new CronTimes(cron, tz)
}

class Every implements DueTimes {
  readonly #startMs: number
  readonly #everyMs: number

  constructor(startMs: number, everyMs: number) {
    this.#startMs = startMs
    this.#everyMs = everyMs
  }

  after(ms: number): number {
    const passed = Math.floor((ms - this.#startMs) / this.#everyMs)
    return this.#startMs + Math.max(1, passed + 1) * this.#everyMs
  }

  between(fromMs: number, untilMs: number, limit: number): Passed {
    const first = this.after(fromMs)
    const count = first > untilMs ? 0 : Math.floor((untilMs - first) / this.#everyMs) + 1
    const length = Math.min(count, limit)
    const newest = Array.from(
      { length },
      (_, index) => first + (count - length + index) * this.#everyMs,
    )
    return { count, newest }
  }
}

class CronTimes implements DueTimes {
  readonly #cron: Cron

  constructor(expression: string, timezone: string) {
    // With this rule every local time that is named, and not by a wildcard, and that the clocks skip in
    // spring, is due once when they have been set, and one that they repeat in autumn only once.
    this.#cron = new Cron(expression, { timezone, paused: true, fixedTimeRule: 'no-wildcard' })
  }

  after(ms: number): number | undefined {
    return this.#cron.nextRun(new Date(ms))?.getTime()
  }

  between(fromMs: number, untilMs: number, limit: number): Passed {
    const times: number[] = []
    for (let next = this.after(fromMs); next !== undefined && next <= untilMs;) {
      if (times.length === limit) return this.#newest(untilMs, limit)
      times.push(next)
      next = this.after(next)
    }
    return { count: times.length, newest: times }
  }

  /** Of very many, from the end: counting them all would take its time. */
  #newest(untilMs: number, limit: number): Passed {
    const runs = this.#cron.previousRuns(limit, new Date(untilMs + 1))
    return { count: limit + 1, newest: runs.map((run) => run.getTime()).toReversed() }
  }
}
