import type { JobTable } from './job-table.js'
import { SlotHeap } from './slot-heap.js'

/** Delayed jobs, by when they are due: some time from now, or at a time of the wall clock. */
export class DueJobs {
  readonly #table: JobTable
  readonly #byDelay: SlotHeap
  readonly #byWallClock: SlotHeap

  constructor(table: JobTable) {
    this.#table = table
    const isBefore = (a: number, b: number): boolean => table.dueMs(a) < table.dueMs(b)
    this.#byDelay = new SlotHeap(table.positions, isBefore)
    this.#byWallClock = new SlotHeap(table.positions, isBefore)
  }

  add(slot: number): void {
    this.#heapOf(slot).push(slot)
  }

  /** Must come before its due time changes. */
  remove(slot: number): void {
    const heap = this.#heapOf(slot)
    if (heap.has(slot)) heap.remove(slot)
  }

  /** Takes one that is due. */
  takeDue(nowMs: number, wallMs: number): number | undefined {
    return (
      takeUntil(this.#byDelay, this.#table, nowMs) ??
      takeUntil(this.#byWallClock, this.#table, wallMs)
    )
  }

  /** How long until the next one is due; Infinity when there is none. */
  untilNextMs(nowMs: number, wallMs: number): number {
    const delayed = this.#byDelay.peek()
    const timed = this.#byWallClock.peek()
    return Math.min(
      delayed === undefined ? Number.POSITIVE_INFINITY : this.#table.dueMs(delayed) - nowMs,
      timed === undefined ? Number.POSITIVE_INFINITY : this.#table.dueMs(timed) - wallMs,
    )
  }

  /** Whether any waits for the wall clock: somebody may set that. */
  get isByWallClock(): boolean {
    return this.#byWallClock.size > 0
  }

  /** The queue's time was set forward by so much: what waits for time to pass still waits as long. */
  shift(byMs: number): void {
    for (const slot of this.#byDelay) this.#table.setDueMs(slot, this.#table.dueMs(slot) + byMs)
  }

  #heapOf(slot: number): SlotHeap {
    return this.#table.isByWallClock(slot) ? this.#byWallClock : this.#byDelay
  }
}

function takeUntil(heap: SlotHeap, table: JobTable, untilMs: number): number | undefined {
  const slot = heap.peek()
  return slot !== undefined && table.dueMs(slot) <= untilMs ? heap.pop() : undefined
}
