import type { OpenTransaction } from '../worker/worker-host.js'
import type { Worker } from '../worker/worker.js'
import type { DeclaredQueue } from './core.js'
import type { Deliveries } from './deliveries.js'
import type { Enqueuing } from './enqueuing.js'
import type { Lease } from './lease.js'
import type { Settling } from './settling.js'
import type { Delivered } from './waiter.js'
import type { Scheduler } from '../schedules/scheduler.js'
import type { Watchers } from './watchers.js'

/** What works on the core, for all queues. */
export interface Parts {
  readonly deliveries: Deliveries
  readonly settling: Settling
  readonly enqueuing: Enqueuing
  readonly watchers: Watchers
  readonly scheduler: Scheduler
  /** Those that were started and are not closed, with their queue's name. */
  readonly workers: Map<Worker, string>
  /** The leases of what was delivered; a job that does not decode is dead at once, and left out. */
  leasesOf<T>(queue: DeclaredQueue, delivered: readonly Delivered[]): Lease<T>[]
  transactionFor(lease: Lease<unknown>): OpenTransaction
  /** A handler has passed its deadline, or one that had has ended. */
  overrun(queue: DeclaredQueue, lease: Lease<unknown>, timeoutMs: number, isOver: boolean): void
  overrunOf(queue: string): number
  /** Whether the handler of that job has passed its deadline and has not ended. */
  isOverrun(seq: number): boolean
  /** Something went wrong that no caller waits for. */
  failed(error: unknown): void
}
