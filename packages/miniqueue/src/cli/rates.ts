/** What is counted of a queue. */
export type Counted = 'in' | 'done' | 'failed'

/** Rates are told over so many seconds. */
const RATE_SECONDS = 5
const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/** Counts by queue, second by second. */
export class Rates {
  readonly #seconds: number
  readonly #counts = new Map<string, number[]>()

  /** `seconds`: how far back it remembers. */
  constructor(seconds: number) {
    this.#seconds = seconds
  }

  count(queue: string, what: Counted): void {
    const counts = this.#of(queue, what)
    counts[counts.length - 1] = (counts.at(-1) ?? 0) + 1
  }

  /** Begins anew. */
  clear(): void {
    this.#counts.clear()
  }

  /** A second is over. */
  tick(): void {
    for (const counts of this.#counts.values()) {
      counts.push(0)
      if (counts.length > this.#seconds + 1) counts.shift()
    }
  }

  /** Over the last whole seconds. */
  perSecond(queue: string, what: Counted): number {
    const whole = this.#of(queue, what).slice(0, -1).slice(-RATE_SECONDS)
    return whole.reduce((sum, count) => sum + count, 0) / Math.max(1, whole.length)
  }

  /** A bar a second for so many seconds, the highest as high as can be. */
  sparkline(queue: string, what: Counted, seconds: number): string {
    const whole = this.#of(queue, what).slice(0, -1).slice(-seconds)
    const most = Math.max(1, ...whole)
    const bars = whole.map((count) => BARS[Math.ceil((count / most) * (BARS.length - 1))] ?? ' ')
    return bars.join('').padStart(seconds, BARS[0])
  }

  #of(queue: string, what: Counted): number[] {
    const key = `${queue}\0${what}`
    let counts = this.#counts.get(key)
    if (counts === undefined) this.#counts.set(key, (counts = [0]))
    return counts
  }
}
