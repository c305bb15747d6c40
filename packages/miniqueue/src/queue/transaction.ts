import type { EnqueueOptions, Enqueued } from './enqueue-options.js'
import type { Core, DeclaredQueue } from './core.js'
import { type CheckedJob, type Enqueuing, ownJob, tellAll } from './enqueuing.js'
import { carriedCopy } from './carried.js'
import { type JobLease, Lease } from './lease.js'
import type { Settling } from './settling.js'

interface TransactionParts {
  readonly core: Core
  readonly enqueuing: Enqueuing
  readonly settling: Settling
  declared(queue: string | { readonly name: string }): DeclaredQueue
}

/** Collects what becomes one commit: jobs, acks and values. */
export class Transaction {
  readonly #parts: TransactionParts
  readonly #jobs: { readonly queue: DeclaredQueue; readonly job: CheckedJob }[] = []
  readonly #acks: { lease: Lease<unknown>; result: unknown }[] = []
  readonly #values = new Map<string, unknown>()
  #isOver = false

  /** @internal */
  constructor(parts: TransactionParts) {
    this.#parts = parts
  }

  /**
   * `queue`: one of this {@link MiniQueue}, by its name or itself. The job is taken as it is now.
   *
   * @throws {@link MiniQueueError} `PAYLOAD_INVALID`, `PAYLOAD_TOO_LARGE`
   */
  enqueue(
    queue: string | { readonly name: string },
    data: unknown,
    options: EnqueueOptions = {},
  ): void {
    this.#assertOpen()
    const declared = this.#parts.declared(queue)
    this.#jobs.push({ queue: declared, job: ownJob(declared, data, options) })
  }

  /** The job is done, if the rest is. @throws {@link MiniQueueError} `PAYLOAD_INVALID` for a result that is not JSON */
  ack(lease: JobLease<unknown>, result?: unknown): void {
    this.#assertOpen()
    if (!(lease instanceof Lease)) throw new TypeError('the lease must be one of this queue')
    const own = result === undefined ? undefined : carriedCopy(result, 'result')
    this.#acks.push({ lease, result: own })
  }

  /** A value beside the jobs, `MiniQueue.value` gives it back. @throws {@link MiniQueueError} `PAYLOAD_INVALID` for what is not JSON */
  put(key: string, value: unknown): void {
    this.#assertOpen()
    if (typeof key !== 'string') throw new TypeError('the key of a value must be a string')
    this.#values.set(key, carriedCopy(value, 'value'))
  }

  /** @internal Writes it all, or nothing; after a failure it may be tried again. What became of the jobs, in their order. */
  async commit(): Promise<Enqueued[]> {
    this.#assertOpen()
    this.#isOver = true
    try {
      return await this.#commit()
    } catch (error) {
      this.#isOver = false
      throw error
    }
  }

  async #commit(): Promise<Enqueued[]> {
    const { core, enqueuing, settling } = this.#parts
    const queues = [...new Set(this.#jobs.map(({ queue }) => queue))]
    const batches = queues.map((queue) => {
      const own = this.#jobs.filter((one) => one.queue === queue)
      return { queue, jobs: own.map(({ job }) => job) }
    })
    const values = [...this.#values].map(([key, value]) => ({ put: { key, value } }))
    const held = enqueuing.admit(batches)
    const { admitted, release } = held instanceof Promise ? await held : held
    const acks: ReturnType<Settling['prepare']>[] = []
    try {
      for (const { lease, result } of this.#acks) acks.push(settling.prepare(lease, result))
      const records = [
        ...admitted.flatMap(({ record }) => record ?? []),
        ...acks.map(({ record }) => record),
        ...values,
      ]
      // With new jobs in it, it is new work: a full disk refuses it as a whole.
      const isNewWork = admitted.length > 0
      let first = 0
      if (records.length > 0) {
        first = await (isNewWork ? core.journal.add(records) : core.journal.settle(records))
      }
      for (const { done } of acks) done()
      const jobs = batches.flatMap((batch) => batch.jobs)
      const told = new Map(tellAll(admitted, first).map((one, index) => [jobs[index], one]))
      return this.#jobs.flatMap(({ job }) => told.get(job) ?? [])
    } catch (error) {
      for (const { undo } of acks) undo()
      throw error
    } finally {
      release()
    }
  }

  #assertOpen(): void {
    if (this.#isOver) throw new TypeError('this transaction is over: begin another')
  }
}
