const SAMPLE_COUNT = 1024

/** Latency of the recent syncs, in milliseconds. */
export interface SyncLatency {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Counts syncs, and remembers how long the last 1,024 took. */
export class SyncStats {
  #count = 0
  readonly #recentMs: Float64Array = new Float64Array(SAMPLE_COUNT)

  get count(): number {
    return this.#count
  }

  add(elapsedMs: number): void {
    this.#recentMs[this.#count % SAMPLE_COUNT] = elapsedMs
    this.#count++
  }

  /** Undefined before the first sync. */
  latency(): SyncLatency | undefined {
    if (this.#count === 0) return undefined
    const sorted = this.#recentMs.slice(0, Math.min(this.#count, SAMPLE_COUNT)).toSorted()
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
    return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
  }
}
