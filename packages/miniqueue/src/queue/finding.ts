import { MiniQueueError, type MiniQueueErrorCode } from '../errors.js'
import type { JobStatus } from '../job-types.js'
import type { DeclaredQueue } from './core.js'
import type { Enqueuing } from './enqueuing.js'

/** The number of the job with that id. @throws `JOB_NOT_FOUND` */
export function seqOf(enqueuing: Enqueuing, queue: DeclaredQueue, id: string): number {
  const seq = enqueuing.seqOfJob(queue, id)
  if (seq !== undefined) return seq
  throw jobError('JOB_NOT_FOUND', queue, id, 'is not known, or no longer kept')
}

/** That a job in this status cannot be changed so. `what`: a sentence about it, without its subject. */
export function wrongStatus(
  queue: DeclaredQueue,
  id: string,
  status: JobStatus,
  what: string,
): MiniQueueError {
  return jobError(CODES[status], queue, id, `is ${status}: ${what}`)
}

const CODES: Readonly<Record<JobStatus, MiniQueueErrorCode>> = Object.freeze({
  waiting: 'JOB_PENDING',
  delayed: 'JOB_PENDING',
  blocked: 'JOB_BLOCKED',
  active: 'JOB_ACTIVE',
  completed: 'JOB_COMPLETED',
  dead: 'JOB_DEAD',
  cancelled: 'JOB_CANCELLED',
})

/** An error about one job, which changed nothing. */
export function jobError(
  code: MiniQueueErrorCode,
  queue: DeclaredQueue,
  id: string,
  what: string,
): MiniQueueError {
  const message = `queue ${JSON.stringify(queue.name)}: the job ${JSON.stringify(id)} ${what}`
  return new MiniQueueError(code, message, { queue: queue.name, id, outcome: 'absent' })
}
