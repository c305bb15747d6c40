import type { Limiter } from './queue-options.js'

/** At most so many starts in any stretch of so long. */
export class StartLimiter {
  readonly #limiter: Limiter
  /** When the last ones began, a ring. */
  readonly #starts: number[] = []
  #count = 0

  constructor(limiter: Limiter) {
    this.#limiter = limiter
  }

  /** How long until one may start; undefined when it may now. */
  waitMs(nowMs: number): number | undefined {
    const { max, durationMs } = this.#limiter
    if (this.#count < max) return undefined
    const oldest = this.#starts[this.#count % max] ?? 0
    return oldest + durationMs > nowMs ? oldest + durationMs - nowMs : undefined
  }

  start(nowMs: number): void {
    this.#starts[this.#count % this.#limiter.max] = nowMs
    this.#count += 1
  }
}
