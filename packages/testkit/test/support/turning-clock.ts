import type { Clock } from '@mini-rs/ministore'

/** A clock that a test turns. */
export class TurningClock implements Clock {
  #nowMs = 0
  readonly #waits = new Set<{ readonly atMs: number; readonly done: () => void }>()

  now(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const done = (): void => {
        this.#waits.delete(wait)
        resolve()
      }
      const wait = { atMs: this.#nowMs + ms, done }
      this.#waits.add(wait)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  /** Every wait that is due until then ends at its time. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      const due = [...this.#waits].filter(({ atMs }) => atMs <= untilMs)
      const next = due.toSorted((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.done()
    }
    this.#nowMs = untilMs
    await new Promise((resolve) => setImmediate(resolve))
  }
}
