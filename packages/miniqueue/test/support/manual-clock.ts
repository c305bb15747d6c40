import type { Clock } from '@mini-rs/ministore'

interface Wait {
  readonly atMs: number
  readonly done: () => void
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #wallMs: number
  #monotonicMs = 0
  readonly #waits = new Set<Wait>()

  constructor(wallMs: number = Date.UTC(2026, 0, 1)) {
    this.#wallMs = wallMs
  }

  now(): number {
    return this.#wallMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const done = (): void => {
        this.#waits.delete(wait)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const wait = { atMs: this.#monotonicMs + Math.max(0, ms), done }
      this.#waits.add(wait)
      signal.addEventListener('abort', done)
    })
  }

  /** Timers that somebody has set. */
  get waiting(): number {
    return this.#waits.size
  }

  /** When the next timer rings, from now; undefined when there is none. */
  get nextInMs(): number | undefined {
    const next = this.#next(Number.POSITIVE_INFINITY)
    return next === undefined ? undefined : next.atMs - this.#monotonicMs
  }

  /** Time passes: every timer rings when it should, and what it starts comes to its end before time goes on. */
  async advance(ms: number): Promise<void> {
    await settled()
    const untilMs = this.#monotonicMs + ms
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#pass(Math.max(0, next.atMs - this.#monotonicMs))
      next.done()
      await settled()
    }
    this.#pass(untilMs - this.#monotonicMs)
    await settled()
  }

  /** The event loop stands still: timers that should have rung meanwhile ring behind it. */
  async stall(ms: number): Promise<void> {
    await settled()
    this.#pass(ms)
    await this.advance(0)
  }

  /** Somebody sets the clock on the wall. */
  setWall(wallMs: number): void {
    this.#wallMs = wallMs
  }

  #pass(ms: number): void {
    this.#monotonicMs += ms
    this.#wallMs += ms
  }

  #next(untilMs: number): Wait | undefined {
    let next: Wait | undefined
    for (const wait of this.#waits) {
      if (wait.atMs <= untilMs && (next === undefined || wait.atMs < next.atMs)) next = wait
    }
    return next
  }
}

/** Resolves when everything that the disk in memory can do has been done. */
export async function settled(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}
