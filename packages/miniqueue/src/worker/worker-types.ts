import type { Job } from '../job.js'
import type { EnqueueOptions } from '../queue/enqueue-options.js'

/** What a handler is given beside its job. */
export interface HandlerContext {
  /** Aborted when the deadline has passed, the job was cancelled, its lease lost, or the worker closes. */
  readonly signal: AbortSignal
  /** How far it is: JSON of at most 64 KiB. Written with whatever is written next; nobody waits for it. @throws {@link MiniQueueError} `PAYLOAD_INVALID`, `PAYLOAD_TOO_LARGE` */
  progress(value: unknown): void
  /** A line for the job's history, of at most 64 KiB. Written with whatever is written next; nobody waits for it. @throws {@link MiniQueueError} `PAYLOAD_TOO_LARGE` */
  log(line: string): void
  /** More time until the lease is lost, where leases are lost by time. */
  extend(ms: number): Promise<void>
  /** What an earlier delivery left with `checkpoint`. */
  readonly saved: unknown
  /** Resolves when the value is durable: the next delivery finds it in `saved`. */
  checkpoint(value: unknown): Promise<void>
  /**
   * Runs a step once in the life of a job: its result is kept, and later deliveries get it without running
   * the step. A crash between the step and its record runs it again.
   */
  once<V>(key: string, step: () => V | Promise<V>): Promise<V>
  /** What is enqueued here is written in the same commit as the ack: all of it, or none. */
  readonly tx: HandlerTransaction
}

/** Collects what goes with an ack. */
export interface HandlerTransaction {
  /** A job of this queue or another one of the same folder. */
  enqueue(queue: string | { readonly name: string }, data: unknown, options?: EnqueueOptions): void
  /** A value beside the jobs; see `MiniQueue.value`. */
  put(key: string, value: unknown): void
}

/** What a worker does with a job: it is done when the promise resolves, to JSON or to nothing. */
export type Handler<T, R> = (job: Job<T>, context: HandlerContext) => R | Promise<R>

/** What a worker does with several jobs at once: all are done, or all failed. */
export type BatchHandler<T, R> = (
  jobs: readonly Job<T>[],
  context: Pick<HandlerContext, 'signal'>,
) => R | Promise<R>

/** Options of `process`. */
export interface ProcessOptions {
  /**
   * Handlers that run at once. Default 1: the end of each job is durable before the next one begins. With more, jobs
   * begin while the ends of up to as many others are on their way to the disk; a crash then delivers those again too.
   */
  readonly concurrency?: number
  /** Gives the handler up to `size` jobs at once, after at most `waitMs`. */
  readonly batch?: { readonly size: number; readonly waitMs?: number }
  /** Does not keep the process alive. Default false. */
  readonly unref?: boolean
}

/** Options of {@link Worker.close}. */
export interface CloseOptions {
  /** How long running handlers may go on. Default 30 seconds. */
  readonly timeoutMs?: number
  /** How long they have after their signal was aborted. Default 5 seconds. */
  readonly graceMs?: number
  /** Abort them at once. Default false. */
  readonly abort?: boolean
}

/** Ids of jobs whose handlers had not ended when the time was over. */
export interface CloseReport {
  readonly abandoned: readonly string[]
}
