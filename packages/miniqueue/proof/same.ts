import { Violation } from '@mini-rs/testkit'
import { JOB_STATUSES } from '../src/job-status.js'
import type { Queue } from '@mini-rs/miniqueue'
import { type Model } from './model.js'

/** @throws Violation when the queue is not what the model says; `isWhole`: each job is looked at. */
export async function assertSame(
  queue: Queue<unknown>,
  model: Model,
  nowMs: number,
  isWhole: boolean,
): Promise<void> {
  const reason = countsDiffer(queue, model, nowMs)
  if (reason !== undefined) throw new Violation(reason)
  const difference = isWhole ? await jobsDiffer(queue, model) : undefined
  if (difference !== undefined) throw new Violation(difference)
}

/** Undefined when the queue is what the model says, otherwise what is not. */
export async function isSame(
  queue: Queue<unknown>,
  model: Model,
  nowMs: number,
  value: unknown,
): Promise<string | undefined> {
  if (model.values.get('cursor') !== value) return `the value is ${String(value)}`
  return countsDiffer(queue, model, nowMs) ?? jobsDiffer(queue, model)
}

/** Every job is in one state: the counts are those of the jobs, and nothing else is there. */
function countsDiffer(queue: Queue<unknown>, model: Model, nowMs: number): string | undefined {
  model.passTo(nowMs)
  const stats = queue.stats()
  for (const status of JOB_STATUSES) {
    const expected = [...model.jobs.values()].filter((job) => job.status === status).length
    if (stats[status] !== expected) return `${stats[status]} are ${status}, not ${expected}`
  }
  return undefined
}

async function jobsDiffer(queue: Queue<unknown>, model: Model): Promise<string | undefined> {
  for (const job of model.jobs.values()) {
    const real = await queue.get(`@${job.seq}`)
    if (real === undefined) return `the job ${job.seq} is lost`
    const found = [real.status, real.attempt, real.failures, real.crashes, real.data].join(' ')
    const expected = [job.status, job.attempt, job.failures, job.crashes, job.data].join(' ')
    if (found !== expected) return `the job ${job.seq} is ${found}, not ${expected}`
    if (real.id !== (job.id ?? `@${job.seq}`)) return `the job ${job.seq} has the id ${real.id}`
    if (real.group !== job.group || real.priority !== job.priority) {
      return `the job ${job.seq} has another group or priority`
    }
  }
  return undefined
}
