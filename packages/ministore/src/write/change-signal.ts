/** Tells those who wait that something has moved on. */
export class ChangeSignal {
  #waiters: (() => void)[] = []

  /** Resolves at the next `notify`. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  notify(): void {
    if (this.#waiters.length === 0) return
    const waiters = this.#waiters
    this.#waiters = []
    for (const resolve of waiters) resolve()
  }
}
