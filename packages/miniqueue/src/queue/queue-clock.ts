import { backgroundClock, type Clock, systemClock } from '@mini-rs/ministore'

/** A wall clock that is off by more than this was set. */
const JUMP_MS = 1_000

/**
 * The time of a queue: the wall clock's, but it never goes back, not even behind what the journal has
 * seen. Waits are measured by the monotonic clock.
 */
export class QueueClock {
  readonly #clock: Clock
  readonly #onJump: (byMs: number) => void
  // Queue time is `monotonic + base`; wall time was `monotonic + wall` when it was last looked at.
  #base: number
  #wall: number

  /** `newestMs`: the newest time in the journal. `onJump`: the wall clock was set by so much. */
  constructor(clock: Clock, newestMs: number, onJump: (byMs: number) => void) {
    this.#clock = clock === systemClock ? backgroundClock : clock
    this.#onJump = onJump
    this.#wall = clock.now() - clock.monotonicMs()
    this.#base = Math.max(this.#wall, newestMs - clock.monotonicMs())
  }

  /** Milliseconds since 1970, never going back. */
  now(): number {
    return Math.round(this.#clock.monotonicMs() + this.#base)
  }

  /** What the machine says that it is. */
  wallMs(): number {
    return this.#clock.now()
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs()
  }

  /** Resolves after `ms` milliseconds, or at once when the signal aborts. Does not keep the process alive. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return this.#clock.wait(ms, signal)
  }

  /** Looks whether the wall clock was set; by how much the queue's time was set forward with it. */
  checkForJump(): number {
    const wall = this.#clock.now() - this.#clock.monotonicMs()
    const jumpMs = wall - this.#wall
    if (Math.abs(jumpMs) <= JUMP_MS) return 0
    this.#wall = wall
    const forwardMs = Math.max(0, wall - this.#base)
    this.#base += forwardMs
    this.#onJump(jumpMs)
    return forwardMs
  }
}
