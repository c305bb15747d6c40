import { type OptionNames, assertKnownOptions } from '@mini-rs/ministore'
import { resultIn } from './carrying.js'
import { MiniQueueError } from '../errors.js'
import type { JobStatus } from '../job-types.js'
import type { HistoryEntry } from '../records/history.js'
import type { Job } from '../job.js'
import type { DeadMessage, MessageCounts, MessageQueue, ReceiveOptions } from '../message-port.js'
import { Schedules } from '../schedules/schedules.js'
import { startWorker } from '../worker/local-worker.js'
import type { BatchHandler, Handler, ProcessOptions } from '../worker/worker-types.js'
import type { Worker } from '../worker/worker.js'
import type { Core, DeclaredQueue } from './core.js'
import { DeadLetters } from './dead-letters.js'
import { type EnqueueOptions, type Enqueued, NO_OPTIONS } from './enqueue-options.js'
import { assertJobs } from './enqueuing.js'
import type { QueueEventName, QueueEvents } from './events.js'
import type { Explanation } from './explanation.js'
import { Inspecting, type ListOptions } from './inspecting.js'
import type { JobLease } from './lease.js'
import { type JobChanges, Managing, type PurgeOptions } from './managing.js'
import type { Parts } from './parts.js'
import { assertCount, assertObject, assertWait } from './queue-options.js'
import { untilReadable } from './readable.js'
import { readView } from './views.js'

/** Exact figures of a queue, at no cost. */
export interface QueueStats extends Readonly<Record<JobStatus, number>> {
  /** Jobs that have not ended, and their bytes in the journal. */
  readonly depth: number
  readonly pendingBytes: number
  /** Handlers that have passed their deadline and have not ended. */
  readonly overrun: number
  readonly isPaused: boolean
}

/** A job for `enqueueMany`. */
export interface JobInput<T> {
  readonly data: T
  readonly options?: EnqueueOptions
}

const RECEIVE_OPTIONS: OptionNames<ReceiveOptions> = {
  max: true,
  waitMs: true,
  visibilityTimeoutMs: true,
  signal: true,
}
const WAIT_OPTIONS: OptionNames<{ signal: unknown }> = { signal: true }

/** One queue of a {@link MiniQueue}. */
export class Queue<T, R = unknown> implements MessageQueue<T> {
  readonly name: string
  readonly #core: Core
  readonly #parts: Parts
  readonly #queue: DeclaredQueue
  readonly #managing: Managing
  readonly #inspecting: Inspecting<T>
  /** Jobs that failed for good. */
  readonly dead: DeadLetters<T>
  /** What enqueues jobs by the clock. */
  readonly schedules: Schedules<T>

  /** @internal */
  constructor(core: Core, parts: Parts, queue: DeclaredQueue) {
    this.name = queue.name
    this.#core = core
    this.#parts = parts
    this.#queue = queue
    this.#managing = new Managing(core, parts, queue)
    this.#inspecting = new Inspecting<T>(core, parts, queue)
    this.dead = new DeadLetters<T>(core, parts, queue, this.#managing)
    this.schedules = new Schedules<T>(core, parts, queue)
  }

  /**
   * Resolves when the job is on the disk. With an `id` it is safe to repeat: what is there already is told
   * as a `duplicate`.
   *
   * @throws {@link MiniQueueError} `PAYLOAD_INVALID`, `PAYLOAD_TOO_LARGE`, `QUEUE_FULL`, `DISK_FULL`,
   * `DEPENDENCY_UNKNOWN`, `QUEUE_CLOSED`, `QUEUE_FAILED`; `outcome` says whether the job may be there.
   * TypeError and RangeError for wrong options.
   */
  async enqueue(data: T, options: EnqueueOptions = NO_OPTIONS): Promise<Enqueued> {
    this.#parts.deliveries.assertOpen(this.name)
    return this.#parts.enqueuing.enqueueOne(this.#queue, data, options)
  }

  /** Enqueues jobs in one commit: all of them are there after a crash, or none. Otherwise as {@link Queue.enqueue}. */
  async enqueueMany(jobs: readonly JobInput<T>[]): Promise<Enqueued[]> {
    assertJobs(jobs)
    this.#parts.deliveries.assertOpen(this.name)
    return this.#parts.enqueuing.enqueue(this.#queue, jobs)
  }

  /**
   * Takes jobs to be settled by hand. Each is hidden from others for `visibilityTimeoutMs`; the note that it
   * runs is written before this resolves.
   *
   * @throws {@link MiniQueueError} `QUEUE_CLOSED`
   */
  async receive(options: ReceiveOptions = {}): Promise<readonly JobLease<T>[]> {
    assertObject('options', options)
    assertKnownOptions('options', options, RECEIVE_OPTIONS)
    assertCount('max', options.max, 1)
    assertWait('waitMs', options.waitMs)
    assertWait('visibilityTimeoutMs', options.visibilityTimeoutMs)
    this.#parts.deliveries.assertOpen(this.name)
    return this.#parts.leasesOf<T>(
      this.#queue,
      await this.#parts.deliveries.receive(this.#queue, options),
    )
  }

  /**
   * Runs a handler for each job, `concurrency` at once. A job is done when its handler's promise resolves and
   * that is on the disk; when it rejects, the job comes again after its backoff, or ends in the dead letters.
   */
  process(
    handler: BatchHandler<T, R>,
    options: ProcessOptions & { readonly batch: NonNullable<ProcessOptions['batch']> },
  ): Worker
  process(handler: Handler<T, R>, options?: ProcessOptions): Worker
  process(handler: Handler<T, R> | BatchHandler<T, R>, options: ProcessOptions = {}): Worker {
    this.#parts.deliveries.assertOpen(this.name)
    return startWorker(
      this.#core,
      this.#parts,
      this.#queue,
      handler as Handler<unknown, unknown>,
      options,
    )
  }

  /** Listens to what the queue tells; returns how to stop. @throws TypeError for an event that there is not */
  on<Name extends QueueEventName>(
    event: Name,
    listener: (payload: QueueEvents<T, R>[Name]) => void,
  ): () => void {
    return this.#queue.emitter.on(event, listener)
  }

  /**
   * The job with that id, as it stands; undefined when it is not known, or no longer kept.
   *
   * @throws {@link MiniQueueError} `QUEUE_CLOSED`
   */
  async get(id: string): Promise<Job<T> | undefined> {
    this.#parts.deliveries.assertOpen(this.name)
    const slot = this.#parts.enqueuing.slotOfId(this.#queue, id)
    return slot === undefined ? undefined : this.#view(slot)
  }

  /** Jobs in the order in which they were enqueued, page by page. @throws {@link MiniQueueError} `QUEUE_CLOSED` */
  list(options: ListOptions = {}): Promise<Job<T>[]> {
    return this.#inspecting.list(options)
  }

  /**
   * All that the journal still tells of a job, in its order. Where its segments were cleaned away, a
   * `carried` entry sums up what was before. Reads the journal from the job on.
   *
   * @throws {@link MiniQueueError} `JOB_NOT_FOUND`, `QUEUE_CLOSED`
   */
  history(id: string): Promise<HistoryEntry[]> {
    return this.#inspecting.history(id)
  }

  /**
   * Why a job does not run now, in a sentence and for a program to switch on.
   *
   * @throws {@link MiniQueueError} `JOB_NOT_FOUND`, `QUEUE_CLOSED`
   */
  explain(id: string): Promise<Explanation> {
    return this.#inspecting.explain(id)
  }

  /**
   * Changes a job that waits, is delayed or blocked. Resolves when that is durable; it does not begin before.
   *
   * @throws {@link MiniQueueError} `JOB_NOT_FOUND`, `JOB_ACTIVE`, `JOB_COMPLETED`, `JOB_DEAD`, `JOB_CANCELLED`,
   * `PAYLOAD_INVALID`, `PAYLOAD_TOO_LARGE`, `DISK_FULL`, `QUEUE_CLOSED`. TypeError and RangeError for wrong
   * changes.
   */
  update(id: string, changes: JobChanges<T>): Promise<void> {
    return this.#managing.update(id, changes)
  }

  /**
   * Ends a job that has not completed, also a dead one; the signal of one that runs is aborted with
   * `JOB_CANCELLED`, and what its handler comes to is not written. A second time does nothing. Resolves when
   * it is durable.
   *
   * @throws {@link MiniQueueError} `JOB_NOT_FOUND`, `JOB_COMPLETED`, `QUEUE_CLOSED`
   */
  cancel(id: string): Promise<void> {
    return this.#managing.cancel(id)
  }

  /**
   * A delayed job, or one that waits for its next attempt, is ready now. Of one that is ready: nothing.
   *
   * @throws {@link MiniQueueError} `JOB_NOT_FOUND`, `JOB_BLOCKED` (it waits for other jobs), `JOB_ACTIVE`,
   * `JOB_COMPLETED`, `JOB_DEAD`, `JOB_CANCELLED`, `QUEUE_CLOSED`
   */
  runNow(id: string): Promise<void> {
    return this.#managing.runNow(id)
  }

  /**
   * A job that has ended, however it ended, waits again, with no failures.
   *
   * @throws {@link MiniQueueError} `JOB_NOT_FOUND`, `JOB_PENDING`, `JOB_BLOCKED`, `JOB_ACTIVE`, `DISK_FULL`,
   * `QUEUE_CLOSED`
   */
  retry(id: string): Promise<void> {
    return this.#managing.retry(id)
  }

  /** No job of the queue begins from now on, also after a restart; those that run go on. */
  pause(): Promise<void> {
    return this.#managing.setPaused(true)
  }

  /** Jobs begin again. */
  resume(): Promise<void> {
    return this.#managing.setPaused(false)
  }

  /**
   * Removes the jobs that are in these states now, for good; how many. Those that run are left alone.
   *
   * @throws {@link MiniQueueError} `QUEUE_CLOSED`. TypeError for other states.
   */
  purge(options: PurgeOptions): Promise<number> {
    return this.#managing.purge(options)
  }

  /**
   * Resolves to the result of a job when it has completed, at once when it had. Survives a restart: call it
   * again.
   *
   * @throws {@link MiniQueueError} `JOB_NOT_FOUND`, `JOB_DEAD`, `JOB_CANCELLED`, `QUEUE_CLOSED`
   */
  async waitFor(id: string, options: { readonly signal?: AbortSignal } = {}): Promise<R> {
    assertKnownOptions('options', options, WAIT_OPTIONS)
    const { table } = this.#core.ledger.jobs
    const first = this.#parts.enqueuing.slotOfId(this.#queue, id)
    if (first === undefined)
      throw this.#failure('JOB_NOT_FOUND', id, 'is not known, or no longer kept')
    const seq = table.seq(first)
    const endSeq = await this.#wait(options.signal, () => {
      const slot = table.ofSeq(seq)
      if (slot === undefined) return 0
      const status = table.status(slot)
      const reason = table.extra(slot)?.reason
      if (status === 'dead') throw this.#failure('JOB_DEAD', id, `is dead: ${reason ?? 'unknown'}`)
      if (status === 'cancelled') throw this.#failure('JOB_CANCELLED', id, 'was cancelled')
      return status === 'completed' ? table.endSeq(slot) : undefined
    })
    if (endSeq === 0) throw this.#failure('JOB_NOT_FOUND', id, 'is no longer kept')
    const { log } = this.#core
    await untilReadable(log, endSeq)
    return resultIn(await log.read(endSeq)) as R
  }

  /** Resolves when no job waits, is delayed or runs: when nothing is left that would run by itself. Blocked jobs do not count. */
  async idle(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    assertKnownOptions('options', options, WAIT_OPTIONS)
    await this.#wait(options.signal, () => {
      const { waiting, delayed, active } = this.#queue.ledger.counts
      return waiting + delayed + active === 0 ? true : undefined
    })
  }

  /** Exact, at no cost; of a queue that is closed, as it was then. */
  stats(): QueueStats {
    const { counts, depth, pendingBytes, isPaused } = this.#queue.ledger
    return { ...counts, depth, pendingBytes, isPaused, overrun: this.#parts.overrunOf(this.name) }
  }

  /** {@link Queue.stats}, as the message port has it. */
  async counts(): Promise<MessageCounts> {
    const { waiting, delayed, active, dead, blocked } = this.#queue.ledger.counts
    return { waiting: waiting + blocked, delayed, active, dead }
  }

  /** The dead letters, the oldest first. @throws {@link MiniQueueError} `QUEUE_CLOSED` */
  async *deadLetters(): AsyncGenerator<DeadMessage<T>> {
    this.#parts.deliveries.assertOpen(this.name)
    const { table } = this.#core.ledger.jobs
    for (const slot of this.#queue.ledger.ended.dead) {
      if (table.status(slot) !== 'dead') continue
      const { reason = 'deadLetter', error } = table.extra(slot) ?? {}
      const { id, data } = await this.#view(slot)
      yield { id, payload: data, reason, ...(error !== undefined && { error }) }
    }
  }

  async #wait<Answer>(
    signal: AbortSignal | undefined,
    ask: () => Answer | undefined,
  ): Promise<Answer> {
    this.#parts.deliveries.assertOpen(this.name)
    this.#core.keepAlive.hold()
    try {
      return await this.#parts.watchers.when(ask, signal)
    } finally {
      this.#core.keepAlive.release()
    }
  }

  async #view(slot: number): Promise<Job<T>> {
    const view = await readView<T>(this.#core, this.#queue, this.#core.ledger.jobs.table.seq(slot))
    if (view === undefined) throw new Error('miniqueue: broken invariant: a job has a body')
    return view
  }

  #failure(
    code: 'JOB_NOT_FOUND' | 'JOB_DEAD' | 'JOB_CANCELLED',
    id: string,
    what: string,
  ): MiniQueueError {
    const message = `queue ${JSON.stringify(this.name)}: the job ${JSON.stringify(id)} ${what}`
    return new MiniQueueError(code, message, { queue: this.name, id })
  }
}
