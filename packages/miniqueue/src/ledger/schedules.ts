import type { ScheduleRecord, TickRecord } from '../records/record-types.js'

/** A schedule, and how far it has come. */
export interface ScheduleState {
  readonly definition: ScheduleRecord
  /** The number of the record that defines it. */
  readonly seq: number
  /** The number of its newest tick, or of what stands for it. */
  readonly tickSeq: number
  /** The newest time that was enqueued or passed over; undefined before the first. */
  readonly lastDueMs: number | undefined
  /** The number of the job of the newest tick. */
  readonly lastJob: number | undefined
}

/** The schedules as the journal has them. */
export class Schedules {
  readonly #byId = new Map<string, ScheduleState>()

  get(id: string): ScheduleState | undefined {
    return this.#byId.get(id)
  }

  /** In the order in which they were first defined. */
  all(): readonly ScheduleState[] {
    return [...this.#byId.values()]
  }

  /** Takes what {@link Schedules.all} gave. */
  restore(states: readonly ScheduleState[]): void {
    for (const state of states) this.#byId.set(state.definition.id, state)
  }

  define(seq: number, definition: ScheduleRecord): void {
    if (definition.removed === true) {
      this.#byId.delete(definition.id)
      return
    }
    const before = this.#byId.get(definition.id)
    // A definition may repeat what an older one was carried on with.
    const lastDueMs = greater(definition.lastDueMs, before?.lastDueMs)
    const lastJob = greater(definition.lastJob, before?.lastJob)
    const tickSeq = definition.lastDueMs === undefined ? (before?.tickSeq ?? seq) : seq
    this.#byId.set(definition.id, { definition, seq, tickSeq, lastDueMs, lastJob })
  }

  tick(seq: number, { schedule, dueMs, job }: TickRecord): void {
    const state = this.#byId.get(schedule)
    if (state === undefined) return
    const lastJob = job === undefined ? state.lastJob : seq
    this.#byId.set(schedule, {
      ...state,
      tickSeq: seq,
      lastDueMs: Math.max(dueMs, state.lastDueMs ?? 0),
      lastJob,
    })
  }
}

function greater(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}
