import type { Clock } from '@mini-rs/ministore'

interface Timer {
  readonly atMs: number
  readonly ring: () => void
}

/** Rounds of the event loop that what a timer has started is given before time goes on. */
const TURNS = 10

/** A clock that stands still until it is moved: a test of a retry in an hour takes no time. */
export class VirtualClock implements Clock {
  #wallMs: number
  #monotonicMs = 0
  readonly #timers = new Set<Timer>()

  /** `startMs`: milliseconds since 1970. Default: the first of January 2026, UTC. */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#wallMs = startMs
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#wallMs
  }

  /** Milliseconds since the clock was made. */
  monotonicMs(): number {
    return this.#monotonicMs
  }

  /** Resolves when the clock was moved by so much, or at once when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const ring = (): void => {
        this.#timers.delete(timer)
        signal.removeEventListener('abort', ring)
        resolve()
      }
      const timer: Timer = { atMs: this.#monotonicMs + Math.max(0, ms), ring }
      this.#timers.add(timer)
      signal.addEventListener('abort', ring)
    })
  }

  /** Lets time pass. Timers ring in their order, and what they start runs before time goes on. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#monotonicMs + ms
    await settle()
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#pass(next.atMs - this.#monotonicMs)
      next.ring()
      await settle()
    }
    this.#pass(untilMs - this.#monotonicMs)
    await settle()
  }

  /** Somebody sets the machine's clock; time does not pass by it. */
  setWall(wallMs: number): void {
    this.#wallMs = wallMs
  }

  #pass(ms: number): void {
    this.#monotonicMs += Math.max(0, ms)
    this.#wallMs += Math.max(0, ms)
  }

  #next(untilMs: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.atMs <= untilMs && (next === undefined || timer.atMs < next.atMs)) next = timer
    }
    return next
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
}
