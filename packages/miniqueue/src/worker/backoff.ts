import type { BackoffPlan } from '../job-types.js'
import type { BackoffFunction } from '../queue/queue-options.js'

const DAY_MS = 86_400_000

export const DEFAULT_BACKOFF: BackoffPlan = Object.freeze({
  type: 'exponential',
  delayMs: 1_000,
  maxMs: 600_000,
  jitter: 0.2,
})

/** How long a job waits after so many failures; `random` is from 0 to 1. */
export function retryDelayMs(
  backoff: BackoffPlan | BackoffFunction,
  failures: number,
  error: unknown,
  random: () => number,
): number {
  if (typeof backoff === 'function') return wholeMs(backoff(failures, error))
  const { type, delayMs, maxMs = DAY_MS, jitter = 0 } = backoff
  const grown = type === 'fixed' ? delayMs : delayMs * 2 ** Math.min(failures - 1, 52)
  const full = Math.min(grown, maxMs)
  return wholeMs(full * (1 - jitter * random()))
}

function wholeMs(ms: number): number {
  return Number.isFinite(ms) && ms > 0 ? Math.round(ms) : 0
}
