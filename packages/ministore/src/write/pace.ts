import type { Clock } from '../clock.js'

/** What is waited for less than this cannot be told from noise. */
const LEAST_WAIT_MS = 0.1
/** The shortest wait grows by this with each commit: the disk may have become slower. */
const FORGETS = 1.02

/**
 * Whether those that a commit has answered append again as one group, or as two by turns, of which one works while the
 * other waits for the disk. In one group a round takes work, a commit and the wait for the disk; with two, work and two
 * commits, and what each group does once for all, twice: but no wait that is shorter than that.
 */
export class Pace {
  readonly #clock: Clock
  readonly #isWaiting: boolean
  #groups: 1 | 2 = 1
  // The shortest of late: with two groups the end of a wait is seen only when the other one has done its work.
  #waitMs = 0
  // Of the last commit, on the calling thread.
  #commitMs = 0
  #beganMs = 0
  #answeredMs = 0
  // Since then: until the first of them appended, and what commits took of the time.
  #firstMs: number | undefined
  #spentMs = 0

  /** `isWaiting`: commits wait for the disk. */
  constructor(clock: Clock, isWaiting: boolean) {
    this.#clock = clock
    this.#isWaiting = isWaiting
  }

  /** How many groups there should be. */
  get groups(): 1 | 2 {
    return this.#groups
  }

  /** A commit begins. */
  begin(): void {
    this.#beganMs = this.#clock.monotonicMs()
  }

  /** It is in the hands of the disk. */
  submitted(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#commitMs = nowMs - this.#beganMs
    this.#spentMs += this.#commitMs
    this.#beganMs = nowMs
  }

  /** It is on the disk. */
  synced(): void {
    const waitMs = this.#clock.monotonicMs() - this.#beganMs
    this.#waitMs = this.#waitMs === 0 ? waitMs : Math.min(waitMs, this.#waitMs * FORGETS)
  }

  /** Its callers have their answers. */
  answered(): void {
    this.#answeredMs = this.#clock.monotonicMs()
    this.#firstMs = undefined
    this.#spentMs = 0
  }

  /** Somebody has appended. */
  appended(): void {
    this.#firstMs ??= this.#clock.monotonicMs() - this.#answeredMs - this.#spentMs
  }

  /** All that follows from the answers has been done. */
  turnEnded(): void {
    if (!this.#isWaiting || this.#firstMs === undefined) return
    const allMs = this.#clock.monotonicMs() - this.#answeredMs - this.#spentMs
    // What the first one does may be done once for all who share a commit, as the copy of a state.
    const onceMs = this.#firstMs
    const workMs = this.#groups * (allMs - onceMs)
    const isWorthTwo =
      this.#waitMs > onceMs + this.#commitMs && onceMs + workMs > this.#waitMs + this.#commitMs
    this.#groups = isWorthTwo && this.#waitMs >= LEAST_WAIT_MS ? 2 : 1
  }
}
