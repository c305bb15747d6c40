import type { JobStatus } from '../job-types.js'
import type { JobTable } from '../table/job-table.js'
import { NumberQueue } from '../table/number-queue.js'
import { ReadySet } from '../table/ready-set.js'

/** Exact counts of a queue's jobs. */
export type StatusCounts = Readonly<Record<JobStatus, number>>

/** One queue of a ledger: which of its jobs may run, which have ended, and how many there are. */
export class QueueLedger {
  readonly name: string
  readonly index: number
  readonly ready: ReadySet
  readonly counts: Record<JobStatus, number> = {
    waiting: 0,
    delayed: 0,
    blocked: 0,
    active: 0,
    completed: 0,
    dead: 0,
    cancelled: 0,
  }
  /** Slots of jobs that have ended, the oldest first. */
  readonly ended: Readonly<Record<'completed' | 'dead' | 'cancelled', NumberQueue>> = {
    completed: new NumberQueue(),
    dead: new NumberQueue(),
    cancelled: new NumberQueue(),
  }
  /** Bytes of the bodies of jobs that have not ended. */
  pendingBytes = 0
  isPaused = false
  /** The number of the record that paused it. */
  pausedSeq = 0

  constructor(name: string, index: number, table: JobTable) {
    this.name = name
    this.index = index
    this.ready = new ReadySet(table)
  }

  /** Jobs that have not ended. */
  get depth(): number {
    const { waiting, delayed, blocked, active } = this.counts
    return waiting + delayed + blocked + active
  }
}
