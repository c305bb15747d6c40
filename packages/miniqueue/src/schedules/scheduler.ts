import { MiniQueueError } from '../errors.js'
import type { ScheduleState } from '../ledger/schedules.js'
import type { EnqueueRecord, QueueRecord, ScheduleRecord } from '../records/record-types.js'
import { Alarm } from '../queue/alarm.js'
import type { Core, DeclaredQueue } from '../queue/core.js'
import { isEnded } from '../job-status.js'
import { type DueTimes, dueTimesOf } from './due-times.js'
import type { ScheduledJobOptions } from './schedule-options.js'
import { MOST_MISSED, decideTicks } from './ticking.js'

/**
 * While a schedule waits, the wall clock is looked at this often: it may be set, and the machine may sleep,
 * and timers know of neither.
 */
const LOOK_MS = 60_000
/** Before a tick is tried again that could not be written. */
const RETRY_MS = 1_000

/** Enqueues the jobs of schedules when they are due. The tick is the enqueue: one record, so never doubled. */
export class Scheduler {
  readonly #core: Core
  readonly #failed: (error: unknown) => void
  readonly #alarm: Alarm
  readonly #queues = new Map<string, DeclaredQueue>()
  /** Schedules whose times have been looked at since their queue was opened. */
  readonly #seen = new Set<string>()
  /** One record of a schedule at a time, by its id. */
  readonly #underWay = new Map<string, Promise<unknown>>()
  /** Schedules with times that wait for a job's end. */
  readonly #waiting = new Map<string, number>()
  readonly #times = new Map<ScheduleRecord, DueTimes>()
  #isLooking = false
  #isClosed = false

  constructor(core: Core, failed: (error: unknown) => void) {
    this.#core = core
    this.#failed = failed
    this.#alarm = new Alarm(core.clock, () => this.#onTime())
  }

  /** The schedules of this queue are kept from now on. */
  declare(queue: DeclaredQueue): void {
    this.#queues.set(queue.name, queue)
    if (this.#core.ledger.schedules.all().some((one) => one.definition.queue === queue.name)) {
      this.look()
    }
  }

  /** Something has changed: the clock, a schedule. Whoever asks may first do what else it has to. */
  look(): void {
    if (this.#isLooking || this.#isClosed) return
    this.#isLooking = true
    queueMicrotask(() => {
      this.#isLooking = false
      this.#look()
    })
  }

  /** Jobs may have ended that times wait for. */
  applied(): void {
    for (const [id, seq] of this.#waiting) {
      if (this.#isRunning(seq)) continue
      this.#waiting.delete(id)
      this.look()
    }
  }

  /** Runs `change` when no other record of that schedule is on its way. */
  async exclusively<Result>(id: string, change: () => Promise<Result>): Promise<Result> {
    while (this.#underWay.has(id)) await this.#underWay.get(id)
    const changed = change()
    this.#underWay.set(
      id,
      changed.then(
        () => this.#underWay.delete(id),
        () => this.#underWay.delete(id),
      ),
    )
    try {
      return await changed
    } finally {
      this.look()
    }
  }

  /** When it is due next; undefined when it is paused, or never. */
  nextMs(state: ScheduleState): number | undefined {
    if (state.definition.paused === true) return undefined
    return this.timesOf(state.definition).after(baseOf(state))
  }

  timesOf(definition: ScheduleRecord): DueTimes {
    let times = this.#times.get(definition)
    if (times === undefined) this.#times.set(definition, (times = dueTimesOf(definition)))
    return times
  }

  /** No tick begins from now on; resolves when those that have begun are written. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#alarm.stop()
    while (this.#underWay.size > 0) await Promise.all(this.#underWay.values())
  }

  #onTime(): void {
    const { clock, ledger } = this.#core
    ledger.jobs.due.shift(clock.checkForJump())
    this.look()
  }

  #look(): void {
    if (this.#isClosed) return
    const states = this.#core.ledger.schedules.all()
    for (const state of states) {
      const queue = this.#queues.get(state.definition.queue)
      if (queue !== undefined && state.definition.paused !== true) this.#tick(queue, state)
    }
    this.#arm()
  }

  #tick(queue: DeclaredQueue, state: ScheduleState): void {
    const { id, missed = 'once', overlap = 'skip' } = state.definition
    if (this.#underWay.has(id)) return
    const isOpening = !this.#seen.has(id)
    this.#seen.add(id)
    const wallMs = this.#core.clock.wallMs()
    const passed = this.timesOf(state.definition).between(baseOf(state), wallMs, MOST_MISSED)
    if (passed.count === 0) return
    const isBusy = state.lastJob !== undefined && this.#isRunning(state.lastJob)
    const { fire, skip } = decideTicks(passed, { missed, overlap, isOpening, isBusy })
    if (isBusy && overlap === 'queue' && state.lastJob !== undefined) {
      this.#waiting.set(id, state.lastJob)
      if (isOpening) this.#seen.delete(id)
    }
    const records = this.#records(state, fire, skip)
    if (records.length === 0) return
    const written = this.#core.journal.add(records).then(
      () => this.#tell(queue, id, fire.length, skip),
      (error: unknown) => this.#retry(id, isOpening, error),
    )
    const over = written.finally(() => {
      this.#underWay.delete(id)
      this.look()
    })
    this.#underWay.set(id, over)
  }

  #records(
    { definition }: ScheduleState,
    fire: readonly number[],
    skip: { readonly dueMs: number; readonly count: number } | undefined,
  ): QueueRecord[] {
    const { id: schedule } = definition
    const atMs = this.#core.clock.now()
    const skipped = skip === undefined ? {} : { skipped: skip.count }
    if (fire.length === 0) {
      return skip === undefined ? [] : [{ tick: { schedule, dueMs: skip.dueMs, atMs, ...skipped } }]
    }
    return fire.map((dueMs, index) => {
      const job = jobOf(definition, dueMs, atMs)
      return { tick: { schedule, dueMs, atMs, job, ...(index === 0 && skipped) } }
    })
  }

  #tell(
    queue: DeclaredQueue,
    schedule: string,
    enqueued: number,
    skip: { readonly dueMs: number; readonly count: number } | undefined,
  ): void {
    if (skip === undefined) return
    const { count, dueMs } = skip
    queue.emitter.emit('missed', () => ({ schedule, skipped: count, enqueued, dueMs }))
  }

  #retry(id: string, isOpening: boolean, error: unknown): void {
    if (isOpening) this.#seen.delete(id)
    this.#failed(error)
    if (MiniQueueError.is(error) && error.code === 'DISK_FULL') return this.#retryLater()
    // The journal takes nothing more.
    this.#isClosed = true
  }

  #retryLater(): void {
    this.#isLooking = true
    void this.#core.clock.wait(RETRY_MS, new AbortController().signal).then(() => {
      this.#isLooking = false
      this.look()
    })
  }

  #arm(): void {
    this.#alarm.stop()
    const wallMs = this.#core.clock.wallMs()
    const nexts = this.#core.ledger.schedules.all().flatMap((state) => {
      const { id, queue } = state.definition
      if (!this.#queues.has(queue) || this.#underWay.has(id)) return []
      const nextMs = this.nextMs(state)
      // A time that has come and waits for a job's end is not waited for.
      if (nextMs === undefined || (nextMs <= wallMs && this.#waiting.has(id))) return []
      return [nextMs - wallMs]
    })
    if (nexts.length > 0) this.#alarm.set(Math.min(LOOK_MS, ...nexts))
    this.#forgetTimes()
  }

  #forgetTimes(): void {
    const { schedules } = this.#core.ledger
    for (const definition of this.#times.keys()) {
      if (schedules.get(definition.id)?.definition !== definition) this.#times.delete(definition)
    }
  }

  #isRunning(seq: number): boolean {
    const { table } = this.#core.ledger.jobs
    const slot = table.ofSeq(seq)
    return slot !== undefined && !isEnded(table.status(slot))
  }
}

/** Times up to this one are over. */
function baseOf({ definition, lastDueMs }: ScheduleState): number {
  return Math.max(definition.atMs, lastDueMs ?? 0)
}

function jobOf(definition: ScheduleRecord, dueMs: number, atMs: number): EnqueueRecord {
  const { id, queue, data, options } = definition
  return { queue, id: `@${id}@${dueMs}`, data, atMs, ...(options as ScheduledJobOptions) }
}
