/** The time, as a port: tests put their own in its place. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Milliseconds from any start, never going back. */
  monotonicMs(): number
  /** Resolves after `ms` milliseconds, or at once when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

/** The machine's clock. */
export const systemClock: Clock = clockOf(false)

/** The machine's clock, whose waits do not keep the process alive. */
export const backgroundClock: Clock = clockOf(true)

/** What a timer can be set for; for more it rings at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

function clockOf(isBackground: boolean): Clock {
  return Object.freeze({
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    wait: (ms: number, signal: AbortSignal) => wait(ms, signal, isBackground),
  })
}

function wait(ms: number, signal: AbortSignal, isBackground: boolean): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const untilMs = performance.now() + ms
    let timer: ReturnType<typeof setTimeout>
    const arm = (leftMs: number): void => {
      timer = setTimeout(ring, Math.min(leftMs, LONGEST_TIMER_MS))
      if (isBackground) timer.unref()
    }
    const ring = (): void => {
      const leftMs = ms > LONGEST_TIMER_MS ? untilMs - performance.now() : 0
      if (leftMs > 0) arm(leftMs)
      else done()
    }
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    arm(ms)
    signal.addEventListener('abort', done)
  })
}
