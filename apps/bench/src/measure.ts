/** A figure of the table. */
export interface Measure {
  readonly name: string
  readonly value: number
  readonly unit: 'ratio' | 'MB'
  /** The target: at least this as a ratio, at most this in megabytes. */
  readonly reach: number
  /** What the two sides of a ratio were, for a person. */
  readonly detail: string
}

/** Whether a figure reaches its target. */
export function isReached({ value, unit, reach }: Measure): boolean {
  return unit === 'ratio' ? value >= reach : value <= reach
}

/** The middle one of the values. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** The middle one of the ratios, pair by pair, so that a drift of the machine cancels out. */
export function medianRatio(above: readonly number[], below: readonly number[]): number {
  return median(above.map((value, index) => value / (below[index] ?? Number.NaN)))
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}

/** 12,345 */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
