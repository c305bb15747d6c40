import { MiniQueueError } from '../errors.js'
import type { ScheduleState } from '../ledger/schedules.js'
import type { Core, DeclaredQueue } from '../queue/core.js'
import type { Parts } from '../queue/parts.js'
import { assertCount } from '../queue/queue-options.js'
import type { ScheduleRecord } from '../records/record-types.js'
import {
  type ScheduleDefinition,
  type ScheduledJobOptions,
  haveSameTimes,
  recordOf,
  saySame,
} from './schedule-options.js'

/** A schedule, as it stands. */
export interface Schedule<T> {
  readonly id: string
  readonly cron: string | undefined
  readonly everyMs: number | undefined
  readonly tz: string | undefined
  readonly data: T
  readonly missed: 'skip' | 'once' | 'all'
  readonly overlap: 'skip' | 'queue' | 'allow'
  readonly options: ScheduledJobOptions
  readonly isPaused: boolean
  /** When it is due next, milliseconds since 1970; undefined while it is paused. */
  readonly nextMs: number | undefined
  /** The newest time that was enqueued or passed over. */
  readonly lastMs: number | undefined
}

const MOST_PREVIEWED = 1_000

/**
 * The schedules of a queue: each enqueues a job when it is due, with the id `@<schedule>@<due time>`. They
 * follow the wall clock, and are kept while this process has the queue open.
 */
export class Schedules<T> {
  readonly #core: Core
  readonly #parts: Parts
  readonly #queue: DeclaredQueue

  /** @internal */
  constructor(core: Core, parts: Parts, queue: DeclaredQueue) {
    this.#core = core
    this.#parts = parts
    this.#queue = queue
  }

  /**
   * Defines a schedule, or changes it; nothing is written where it says what is there already, so that a
   * program can call this whenever it starts. With the same `cron`, `tz` and `everyMs` it goes on where it
   * was, and one that is paused stays paused. Resolves when it is durable.
   *
   * @throws MiniQueueError `PAYLOAD_INVALID`, `PAYLOAD_TOO_LARGE`, `DISK_FULL`, `QUEUE_CLOSED`. TypeError and
   * RangeError for a wrong definition, and for an id that is another queue's.
   */
  async upsert(id: string, definition: ScheduleDefinition<T>): Promise<void> {
    const { clock, ledger, journal } = this.#core
    this.#assertOpen()
    const fresh = recordOf(this.#queue, id, definition, clock.wallMs())
    await this.#parts.scheduler.exclusively(id, async () => {
      const before = ledger.schedules.get(id)?.definition
      if (before !== undefined && before.queue !== this.#queue.name) {
        throw new TypeError(
          `the schedule ${JSON.stringify(id)} is one of the queue ${JSON.stringify(before.queue)}`,
        )
      }
      const paused = before?.paused === true ? { paused: true as const } : {}
      const keepsTimes = before !== undefined && haveSameTimes(before, fresh)
      const schedule = { ...fresh, ...paused, ...(keepsTimes && { atMs: before.atMs }) }
      if (before !== undefined && saySame(before, schedule)) return
      await journal.add([{ schedule }])
    })
  }

  /** In the order in which they were first defined. */
  list(): Schedule<T>[] {
    return this.#core.ledger.schedules
      .all()
      .filter(({ definition }) => definition.queue === this.#queue.name)
      .map((state) => this.#view(state))
  }

  /**
   * It enqueues nothing from now on, also after a restart. Resolves when that is durable.
   *
   * @throws MiniQueueError `SCHEDULE_NOT_FOUND`, `DISK_FULL`, `QUEUE_CLOSED`
   */
  pause(id: string): Promise<void> {
    return this.#change(id, ({ definition }) =>
      definition.paused === true ? undefined : { ...definition, paused: true },
    )
  }

  /** It goes on with the next time; those that passed meanwhile were not missed. Otherwise as {@link Schedules.pause}. */
  resume(id: string): Promise<void> {
    return this.#change(id, ({ definition, lastDueMs }) => {
      if (definition.paused !== true) return undefined
      const { paused: _, ...rest } = definition
      const nowMs = this.#core.clock.wallMs()
      return { ...rest, lastDueMs: Math.max(nowMs, lastDueMs ?? 0) }
    })
  }

  /** Jobs that it has enqueued stay. Otherwise as {@link Schedules.pause}. */
  remove(id: string): Promise<void> {
    return this.#change(id, ({ definition: { queue } }) => {
      return { id, queue, atMs: this.#core.clock.wallMs(), removed: true }
    })
  }

  /**
   * When it is due next, `count` times; of a paused one, as if it went on now.
   *
   * @throws MiniQueueError `SCHEDULE_NOT_FOUND`. RangeError for a count over 1,000.
   */
  preview(id: string, count = 5): Date[] {
    assertCount('count', count, 1, MOST_PREVIEWED)
    const { definition, lastDueMs } = this.#find(id)
    const times = this.#parts.scheduler.timesOf(definition)
    const due: Date[] = []
    let at = Math.max(this.#core.clock.wallMs(), lastDueMs ?? 0)
    while (due.length < count) {
      const next = times.after(at)
      if (next === undefined) break
      due.push(new Date(next))
      at = next
    }
    return due
  }

  async #change(
    id: string,
    change: (state: ScheduleState) => ScheduleRecord | undefined,
  ): Promise<void> {
    this.#assertOpen()
    await this.#parts.scheduler.exclusively(id, async () => {
      const schedule = change(this.#find(id))
      if (schedule !== undefined) await this.#core.journal.add([{ schedule }])
    })
  }

  /** @throws `SCHEDULE_NOT_FOUND` */
  #find(id: string): ScheduleState {
    const state = this.#core.ledger.schedules.get(id)
    if (state !== undefined && state.definition.queue === this.#queue.name) return state
    const { name } = this.#queue
    const message = `queue ${JSON.stringify(name)}: there is no schedule ${JSON.stringify(id)}`
    throw new MiniQueueError('SCHEDULE_NOT_FOUND', message, {
      queue: name,
      id,
      outcome: 'absent',
    })
  }

  #view(state: ScheduleState): Schedule<T> {
    const { id, cron, everyMs, tz, data, missed = 'once', overlap = 'skip' } = state.definition
    return {
      id,
      cron,
      everyMs,
      tz,
      data: structuredClone(data) as T,
      missed,
      overlap,
      options: (state.definition.options ?? {}) as ScheduledJobOptions,
      isPaused: state.definition.paused === true,
      nextMs: this.#parts.scheduler.nextMs(state),
      lastMs: state.lastDueMs,
    }
  }

  #assertOpen(): void {
    this.#parts.deliveries.assertOpen(this.#queue.name)
  }
}
