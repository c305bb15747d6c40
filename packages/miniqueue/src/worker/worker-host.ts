import type { BackoffPlan } from '../job-types.js'
import type { Job } from '../job.js'
import type { MessageLease, MessageQueue } from '../message-port.js'
import type { BackoffFunction } from '../queue/queue-options.js'
import type { HandlerTransaction } from './worker-types.js'

/** How a job is to be tried. */
export interface AttemptPlan {
  readonly attempts: number
  readonly backoff: BackoffPlan | BackoffFunction
  readonly timeoutMs: number | undefined
}

/** A handler's transaction, as its host keeps it. */
export interface OpenTransaction {
  readonly tx: HandlerTransaction
  /** Acknowledges the job, and whatever was put into the transaction, in one commit. */
  ack(result: unknown): Promise<void>
}

/** What a worker stands on: the message port, and what its queue says of jobs. It knows nothing of files. */
export interface WorkerHost {
  readonly queue: Pick<MessageQueue<unknown>, 'receive'>
  readonly clock: { monotonicMs(): number; wait(ms: number, signal: AbortSignal): Promise<void> }
  /** From 0 to 1. */
  readonly random: () => number
  jobOf(lease: MessageLease<unknown>): Job<unknown>
  planOf(lease: MessageLease<unknown>): AttemptPlan
  transactionFor(lease: MessageLease<unknown>): OpenTransaction
  progress(lease: MessageLease<unknown>, value: unknown): void
  log(lease: MessageLease<unknown>, line: string): void
  /** A handler has passed its deadline, or one that had has ended. */
  overrun(lease: MessageLease<unknown>, timeoutMs: number, isOver: boolean): void
  /** Something went wrong that no caller waits for. */
  failed(error: unknown): void
  /** Keeps the process alive while the worker is open. */
  hold(): void
  release(): void
}
