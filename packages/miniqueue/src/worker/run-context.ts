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
  readonly #stop: RunSignal
  #transaction: OpenTransaction | undefined
  #notes: HandlerNotes | undefined

  constructor(host: WorkerHost, lease: MessageLease<unknown>, stop: RunSignal) {
    this.#host = host
    this.#lease = lease
    this.#stop = stop
  }

  /** Undefined while the handler has not asked for one. */
  get transaction(): OpenTransaction | undefined {
    return this.#transaction
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  get tx(): HandlerTransaction {
    this.#transaction ??= this.#host.transactionFor(this.#lease)
    return this.#transaction.tx
  }

  get saved(): unknown {
    return this.#theNotes.saved
  }

  // Functions that know their job, so that a handler may take them apart: `({ once, progress }) => …`.
  get progress(): HandlerContext['progress'] {
    return (value) => this.#host.progress(this.#lease, value)
  }

  get log(): HandlerContext['log'] {
    return (line) => this.#host.log(this.#lease, line)
  }

  get extend(): HandlerContext['extend'] {
    return (ms) => this.#lease.extend(ms)
  }

  get checkpoint(): HandlerContext['checkpoint'] {
    return (value) => this.#theNotes.checkpoint(value)
  }

  get once(): HandlerContext['once'] {
    return (key, step) => this.#theNotes.once(key, step)
  }

  get #theNotes(): HandlerNotes {
    this.#notes ??= new HandlerNotes(this.#lease)
    return this.#notes
  }
}
