import { Violation } from '@mini-rs/testkit'
import type { Engine } from '@mini-rs/ministate'
import type { MemoryLog } from '@mini-rs/testkit'
import { textOf } from './model.js'
import { type Manager, immutableOf } from './opening.js'
import type { SharedTruth } from './shared-truth.js'

/** What is to be true of the log once all of it was read. */
export type LateCheck = (truth: SharedTruth) => void

/** A manager on a handle of its own, and who watches it. */
export class SharedManager {
  readonly log: MemoryLog<unknown>
  readonly manager: Manager
  readonly #engine: Engine
  readonly #checks: LateCheck[]
  readonly #stop = new AbortController()
  #watching: Promise<void> | undefined

  constructor(log: MemoryLog<unknown>, manager: Manager, engine: Engine, checks: LateCheck[]) {
    this.log = log
    this.manager = manager
    this.#engine = engine
    this.#checks = checks
  }

  watch(): void {
    const immutable = immutableOf(this.manager, this.#engine)
    const look = (): void => {
      if (immutable === undefined) return
      const [seq, text] = [immutable.sequence(), textOf(immutable.state)]
      this.#checks.push((truth) => {
        if (truth.textAt(seq) !== text)
          throw new Violation(`what was published as ${seq} is\n${text}`)
      })
    }
    look()
    this.manager.subscribe(look)
    this.#watching = this.#collect()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.manager.close()
    await this.#watching
    await this.log.close()
  }

  async #collect(): Promise<void> {
    try {
      for await (const change of this.manager.changes({ signal: this.#stop.signal })) {
        if (change.kind === 'reset') continue
        const { seq, mutation } = change
        this.#checks.push((truth) => {
          if (JSON.stringify(truth.mutationAt(seq)) === JSON.stringify(mutation)) return
          throw new Violation(`the change ${seq} is another`)
        })
      }
    } catch (error) {
      const { code } = error as { readonly code?: string }
      if (code !== 'STATE_CLOSED' && code !== 'SEQ_DROPPED' && code !== 'STORE_CLOSED') throw error
    }
  }
}
