import type { MessageLease } from '../message-port.js'

/** Tells a handler to stop, for whatever reason comes first. Its signal is made when it is asked for: most handlers never do. */
export class RunSignal {
  readonly #leases: readonly MessageLease<unknown>[]
  #controller: AbortController | undefined
  #reason: { readonly value: unknown } | undefined

  constructor(leases: readonly MessageLease<unknown>[]) {
    this.#leases = leases
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      for (const { signal } of this.#leases) {
        if (signal.aborted) this.abort(signal.reason)
        else signal.addEventListener('abort', () => this.abort(signal.reason))
      }
      if (this.#reason !== undefined) this.#controller.abort(this.#reason.value)
    }
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#reason ??= { value: reason }
    this.#controller?.abort(this.#reason.value)
  }
}
