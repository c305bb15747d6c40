import { setImmediate } from 'node:timers/promises'

/** Appends the n-th record; answers nothing if it blocked. */
export type Append = (n: number) => Promise<unknown> | undefined

/** How long and how often callers append. */
export interface Load {
  readonly callers: number
  readonly durationMs: number
  readonly maxAppends: number
}

/** What the appends of one load came to. */
export interface LoadFigures {
  readonly appends: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const MAX_APPENDS = 4_000_000
/** One for all loads: to make it anew would be felt. */
const roomMs = new Float32Array(MAX_APPENDS)

/** A load that has been run. */
export interface RanLoad {
  readonly elapsedMs: number
  /** Of each append. There until the next load is run. */
  readonly latenciesMs: Float32Array
}

/** Callers that each append one record after the other until the time is over. */
export async function measureLoad(
  append: Append,
  load: Load,
  isBlocking = false,
): Promise<LoadFigures> {
  return figuresOf(await runLoad(append, load, isBlocking))
}

/** What {@link measureLoad} does, up to its figures: these take the thread for a while. */
export async function runLoad(append: Append, load: Load, isBlocking = false): Promise<RanLoad> {
  const startMs = performance.now()
  const appends = await runCallers(append, load, isBlocking)
  const elapsedMs = performance.now() - startMs
  return { elapsedMs, latenciesMs: roomMs.subarray(0, appends) }
}

/** The figures of a load. */
export function figuresOf({ elapsedMs, latenciesMs }: RanLoad): LoadFigures {
  const appends = latenciesMs.length
  const sorted = latenciesMs.toSorted()
  return {
    appends,
    perSecond: (appends / elapsedMs) * 1000,
    p50Ms: sorted[Math.floor(appends * 0.5)] ?? 0,
    p99Ms: sorted[Math.floor(appends * 0.99)] ?? 0,
  }
}

/** Returns how many appends there were. */
async function runCallers(append: Append, load: Load, isBlocking: boolean): Promise<number> {
  const endMs = performance.now() + load.durationMs
  const maxAppends = Math.min(load.maxAppends, MAX_APPENDS)
  let begun = 0
  let done = 0
  const caller = async (): Promise<void> => {
    for (;;) {
      const startMs = performance.now()
      if (startMs >= endMs || begun >= maxAppends) return
      const n = begun++
      // What blocks makes the others wait for their turn: that is part of their latency.
      if (isBlocking) await setImmediate()
      const pending = append(n)
      if (pending !== undefined) await pending
      roomMs[done++] = performance.now() - startMs
    }
  }
  await Promise.all(Array.from({ length: load.callers }, caller))
  return done
}
