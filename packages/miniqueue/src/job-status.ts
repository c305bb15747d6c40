import type { JobStatus } from './job-types.js'

/** Every status. Their order is that of the numbers in an index snapshot. */
export const JOB_STATUSES: readonly JobStatus[] = Object.freeze([
  'waiting',
  'delayed',
  'blocked',
  'active',
  'completed',
  'dead',
  'cancelled',
])

/** Whether a job in this status is over. */
export function isEnded(status: JobStatus): status is 'completed' | 'dead' | 'cancelled' {
  return status === 'completed' || status === 'dead' || status === 'cancelled'
}
