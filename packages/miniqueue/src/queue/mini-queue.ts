import { assertCloseOptions } from '../worker/close-options.js'
import type { CloseOptions, CloseReport } from '../worker/worker-types.js'
import { Engine } from './engine.js'
import type { Enqueued } from './enqueue-options.js'
import {
  type MiniQueueOptions,
  type QueueOptions,
  resolveMiniQueueOptions,
  resolveQueueOptions,
} from './queue-options.js'
import { Queue } from './queue.js'
import type { Transaction } from './transaction.js'

/** A queue in the list of {@link MiniQueue.list}. */
export interface QueueSummary {
  readonly name: string
  /** Jobs that have not ended. */
  readonly depth: number
  readonly isPaused: boolean
}

/** Durable queues in one folder, owned by this process. */
export class MiniQueue {
  readonly #engine: Engine

  private constructor(engine: Engine) {
    this.#engine = engine
  }

  /**
   * Opens the folder, creating it where it is missing, and recovers it after a crash: jobs that were running
   * wait again, with one crash more on their account.
   *
   * @throws {@link MiniQueueError} `RECORD_UNKNOWN`; MiniStoreError as `MiniStore.open`, `JOURNAL_LOCKED` when
   * another process has it. TypeError and RangeError for wrong options.
   */
  static async open(directory: string, options: MiniQueueOptions = {}): Promise<MiniQueue> {
    if (typeof directory !== 'string' || directory === '') {
      throw new TypeError('the directory must be a path')
    }
    return new MiniQueue(await Engine.open(directory, resolveMiniQueueOptions(options)))
  }

  /** Jobs that were running when the process before this one died. */
  get crashed(): number {
    return this.#engine.crashed
  }

  /**
   * The queue of that name; nothing is written for it. Asked for again, it has the options that it had, or
   * those that are given now.
   *
   * @throws {@link MiniQueueError} `QUEUE_CLOSED`. TypeError, RangeError
   */
  queue<T = unknown, R = unknown>(name: string, options?: QueueOptions<T>): Queue<T, R> {
    if (typeof name !== 'string' || name === '') throw new TypeError('a queue needs a name')
    const declared = this.#engine.declare(name, options && resolveQueueOptions(options))
    return new Queue<T, R>(this.#engine.core, this.#engine, declared)
  }

  /** Every queue that the journal or the program knows. */
  list(): QueueSummary[] {
    return this.#engine.core.ledger.jobs.queues.map(({ name, depth, isPaused }) => {
      return { name, depth, isPaused }
    })
  }

  /**
   * Jobs, acks and values as one commit: all of it is there after a crash, or none. Resolves when it is on the
   * disk, to what became of its jobs, in the order in which they were enqueued: a duplicate is left out of the
   * commit, and told. When `collect` throws, nothing is written.
   *
   * @throws what `enqueue` and `ack` throw
   */
  async transaction(
    collect: (transaction: Transaction) => void | Promise<void>,
  ): Promise<Enqueued[]> {
    const transaction = this.#engine.transaction()
    await collect(transaction)
    return transaction.commit()
  }

  /** A value that a transaction has put; undefined when there is none. */
  value(key: string): unknown {
    return structuredClone(this.#engine.core.ledger.values.get(key)?.value)
  }

  /**
   * Takes no further job, waits for handlers as {@link Worker.close} does, writes down what was abandoned,
   * and lets go of the folder. Idempotent.
   *
   * @throws TypeError, RangeError wrong options; nothing is closed then
   */
  async close(options: CloseOptions = {}): Promise<CloseReport> {
    assertCloseOptions(options)
    return this.#engine.close(options)
  }

  /** {@link MiniQueue.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
