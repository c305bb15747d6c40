/** Sees to it that every job is delivered exactly once. */
export class Deliveries {
  #seen = new Uint8Array(1 << 16)
  #enqueued = 0
  #delivered = 0

  get enqueued(): number {
    return this.#enqueued
  }

  get waiting(): number {
    return this.#enqueued - this.#delivered
  }

  /** The numbers of so many new jobs. */
  next(count: number): number[] {
    const first = this.#enqueued
    this.#enqueued += count
    return Array.from({ length: count }, (_, index) => first + index)
  }

  note(n: number): void {
    if (n >= this.#seen.length) {
      const grown = new Uint8Array(Math.max(n + 1, this.#seen.length * 2))
      grown.set(this.#seen)
      this.#seen = grown
    }
    this.#seen[n] = (this.#seen[n] ?? 0) + 1
    this.#delivered += 1
  }

  /** @throws when a job was delivered twice or not at all */
  assertExact(name: string): void {
    for (let n = 0; n < this.#enqueued; n++) {
      const times = this.#seen[n] ?? 0
      if (times !== 1) throw new Error(`${name}: job ${n} was delivered ${times} times`)
    }
  }
}
