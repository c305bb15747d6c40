import { freezeTree } from '../tree/freeze.js'

interface Waiter {
  readonly seq: number
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** What is durable, and who wants to know of it. */
export class Published<S extends object> {
  readonly #onError: (error: unknown) => void
  readonly #freezes: boolean
  readonly #listeners = new Set<() => void>()
  #state: S
  #seq: number
  #waiters: Waiter[] = []
  // Why there will be no further state; undefined while there may be one.
  #end: { readonly reason: unknown } | undefined

  /** `freezes`: what readers get is frozen first. False for a state that is changed in place. */
  constructor(
    state: S,
    seq: number,
    { freezes, onError }: { freezes: boolean; onError: (error: unknown) => void },
  ) {
    this.#onError = onError
    this.#freezes = freezes
    this.#state = state
    this.#seq = seq
    if (freezes) freezeTree(state)
  }

  get state(): S {
    return this.#state
  }

  /** Of the newest record that `state` reflects. */
  get seq(): number {
    return this.#seq
  }

  /** A new state, which is durable: one swap, then everybody is told, once. */
  set(state: S, seq: number): void {
    if (this.#freezes) freezeTree(state)
    this.#state = state
    this.#seq = seq
    for (const listener of this.#listeners) {
      try {
        listener()
      } catch (error) {
        this.#onError(error)
      }
    }
    this.#wake()
  }

  subscribe(listener: () => void): () => void {
    // One entry a call, so that a function that was given twice is also removed one by one.
    const entry = (): void => listener()
    this.#listeners.add(entry)
    return () => this.#listeners.delete(entry)
  }

  /** Resolves when the state reflects `seq`; rejects when that will never be. */
  reached(seq: number): Promise<void> {
    if (seq <= this.#seq) return Promise.resolve()
    const end = this.#end
    if (end !== undefined) return Promise.reject(end.reason as Error)
    return new Promise((resolve, reject) => this.#waiters.push({ seq, resolve, reject }))
  }

  /** There will be no further state. */
  end(reason: unknown): void {
    this.#end ??= { reason }
    const waiters = this.#waiters
    this.#waiters = []
    for (const { reject } of waiters) reject(reason)
  }

  #wake(): void {
    if (this.#waiters.length === 0) return
    const waiters = this.#waiters
    this.#waiters = waiters.filter(({ seq }) => seq > this.#seq)
    for (const { seq, resolve } of waiters) if (seq <= this.#seq) resolve()
  }
}
