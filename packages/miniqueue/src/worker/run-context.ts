import type { MessageLease } from '../message-port.js'
import { HandlerNotes } from './handler-notes.js'
import type { RunSignal } from './run-signal.js'
import type { OpenTransaction, WorkerHost } from './worker-host.js'
import type { HandlerContext, HandlerTransaction } from './worker-types.js'

/** What the handler of several jobs is given. */
export class BatchContext implements Pick<HandlerContext, 'signal'> {
  readonly #stop: RunSignal

  constructor(stop: RunSignal) {
    this.#stop = stop
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }
}

/** What a handler is given beside its job; made when it is asked for. */
export class RunContext implements HandlerContext {
  readonly #host: WorkerHost
  readonly #lease: MessageLease<unknown>
  readonly #transaction: OpenTransaction
  readonly #stop: RunSignal
  #notes: HandlerNotes | undefined

  constructor(
    host: WorkerHost,
    lease: MessageLease<unknown>,
    transaction: OpenTransaction,
    stop: RunSignal,
  ) {
    this.#host = host
    this.#lease = lease
    this.#transaction = transaction
    this.#stop = stop
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  get tx(): HandlerTransaction {
    return this.#transaction.tx
  }

  get saved(): unknown {
    return this.#theNotes.saved
  }

  // Arrow functions, so that a handler may take them apart: `({ once, progress }) => …`.
  readonly progress = (value: unknown): void => this.#host.progress(this.#lease, value)

  readonly log = (line: string): void => this.#host.log(this.#lease, line)

  readonly extend = (ms: number): Promise<void> => this.#lease.extend(ms)

  readonly checkpoint = (value: unknown): Promise<void> => this.#theNotes.checkpoint(value)

  readonly once = <V>(key: string, step: () => V | Promise<V>): Promise<V> =>
    this.#theNotes.once(key, step)

  get #theNotes(): HandlerNotes {
    this.#notes ??= new HandlerNotes(this.#lease)
    return this.#notes
  }
}
