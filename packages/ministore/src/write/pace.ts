import type { Clock } from '../clock.js'

/** A disk that is waited for less than this is not worth another commit, which costs about as much. */
const LEAST_WAIT_MS = 0.1
/** The shortest wait grows by this with each commit: the disk may have become slower. */
const FORGETS = 1.02

/**
 * What takes longer: the disk, or the callers that a commit has answered, before they append again. Where it is they,
 * two groups of them by turns keep both busy, one at work while the other waits for the disk.
 */
export class Pace {
  readonly #clock: Clock
  // The shortest of late, for the end of a wait is seen only when callers have done their work.
  #waitMs = 0
  #workMs = 0
  #beganMs = 0
  #answeredMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A commit is in the hands of the disk. */
  began(): void {
    this.#beganMs = this.#clock.monotonicMs()
  }

  /** It is over, and its callers have their answers. */
  answered(): void {
    this.#answeredMs = this.#clock.monotonicMs()
    const waitMs = this.#answeredMs - this.#beganMs
    this.#waitMs = this.#waitMs === 0 ? waitMs : Math.min(waitMs, this.#waitMs * FORGETS)
  }

  /** They have appended again. */
  appended(): void {
    this.#workMs = this.#clock.monotonicMs() - this.#answeredMs
  }

  /** Whether what has been appended since the last answers is a group of its own: half of all, and the disk would have done with it. */
  get isGroup(): boolean {
    if (this.#waitMs < LEAST_WAIT_MS) return false
    const sinceMs = this.#clock.monotonicMs() - this.#answeredMs
    return sinceMs > this.#waitMs && sinceMs > this.#workMs / 2
  }

  /** Whether two groups, each of which works for as long as the last one, keep the disk busy. */
  get isWorthTwo(): boolean {
    return this.#waitMs >= LEAST_WAIT_MS && 2 * this.#workMs > this.#waitMs
  }
}
