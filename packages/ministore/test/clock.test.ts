import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { backgroundClock, type Clock, systemClock } from '../src/index.js'

const LONGEST_TIMER_MS = 2 ** 31 - 1

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Whether the wait is over. */
function begin(clock: Clock, ms: number, signal = new AbortController().signal) {
  const waiting = { isOver: false }
  void clock.wait(ms, signal).then(() => {
    waiting.isOver = true
  })
  return waiting
}

describe.each([
  ['systemClock', systemClock],
  ['backgroundClock', backgroundClock],
])('%s', (_name, clock) => {
  it.each([1, 5_000, LONGEST_TIMER_MS, LONGEST_TIMER_MS + 1, 2 ** 34])(
    'waits %i ms, and no less',
    async (ms) => {
      const waiting = begin(clock, ms)
      await vi.advanceTimersByTimeAsync(ms - 1)
      expect(waiting.isOver).toBe(false)
      await vi.advanceTimersByTimeAsync(1)
      expect(waiting.isOver).toBe(true)
      expect(vi.getTimerCount()).toBe(0)
    },
  )

  it('waits for ever, until the signal aborts', async () => {
    const stop = new AbortController()
    const waiting = begin(clock, Number.POSITIVE_INFINITY, stop.signal)
    await vi.advanceTimersByTimeAsync(3 * LONGEST_TIMER_MS)
    expect(waiting.isOver).toBe(false)
    stop.abort()
    await vi.advanceTimersByTimeAsync(0)
    expect(waiting.isOver).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('does not wait when the signal has aborted before', async () => {
    const waiting = begin(clock, 5_000, AbortSignal.abort())
    await vi.advanceTimersByTimeAsync(0)
    expect(waiting.isOver).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })
})
