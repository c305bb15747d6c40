import type { QueueClock } from './queue-clock.js'

/** One timer, for whatever is next. None runs while nothing is. */
export class Alarm {
  readonly #clock: QueueClock
  readonly #onTime: (lateMs: number) => void
  #armed: { readonly atMs: number; readonly controller: AbortController } | undefined

  /** `onTime` is told how much later it comes than it was set for. */
  constructor(clock: QueueClock, onTime: (lateMs: number) => void) {
    this.#clock = clock
    this.#onTime = onTime
  }

  /** Rings no later than in `inMs`. */
  set(inMs: number): void {
    const atMs = this.#clock.monotonicMs() + Math.max(0, inMs)
    if (this.#armed !== undefined && this.#armed.atMs <= atMs) return
    this.stop()
    const controller = new AbortController()
    this.#armed = { atMs, controller }
    void this.#clock.wait(Math.max(0, inMs), controller.signal).then(() => {
      if (controller.signal.aborted) return
      this.#armed = undefined
      this.#onTime(this.#clock.monotonicMs() - atMs)
    })
  }

  stop(): void {
    this.#armed?.controller.abort()
    this.#armed = undefined
  }
}
