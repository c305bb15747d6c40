import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'

/** How late the event loop's timers were. */
export interface LoopDelay {
  readonly loopP99Ms: number
  readonly loopMaxMs: number
}

const RESOLUTION_MS = 1

/**
 * What `run` answers, and how late timers were meanwhile. Only for tables that tell it: the timer of this measure alters
 * what is measured beside it. In a virtual machine, lone callers heard of a sync 10 to 25 µs sooner.
 */
export async function withLoopDelay<T>(run: () => Promise<T>): Promise<[T, LoopDelay]> {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  // It counts from its second tick on: without one before the load, a loop that never turns goes unseen.
  await setTimeout(5 * RESOLUTION_MS)
  const answer = await run()
  // A loop that stood still until now has its delay counted at the next tick.
  await setTimeout(3 * RESOLUTION_MS)
  delay.disable()
  const late = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION_MS)
  return [answer, { loopP99Ms: late(delay.percentile(99)), loopMaxMs: late(delay.max) }]
}
