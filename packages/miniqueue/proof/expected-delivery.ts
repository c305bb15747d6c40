import { Violation } from '@mini-rs/testkit'
import type { JobLease } from '@mini-rs/miniqueue'
import type { Model } from './model.js'
import type { ModelJob } from './model-job.js'

/**
 * Plays what was delivered, one by one: each must have been one that could be the next. Answers the jobs that
 * were given, and those that died instead. @throws Violation
 */
export function expectDelivered(
  model: Model,
  leases: readonly JobLease<unknown>[],
  max: number,
  nowMs: number,
): { readonly given: ModelJob[]; readonly buried: ModelJob[] } {
  const given: ModelJob[] = []
  const buried: ModelJob[] = []
  for (let round = 1; round > 0; round = given.length > 0 ? 0 : round) {
    const taken: ModelJob[] = []
    const dead: ModelJob[] = []
    while (taken.length < max) {
      const next = model.next(nowMs, taken, buried)
      if (next.length === 0) break
      const seq = leases[given.length]?.job.seq
      const isDoomed = (job: ModelJob): boolean => model.isDoomed(job, nowMs)
      const wanted = next.find((job) => job.seq === seq && !isDoomed(job))
      const doomed = next.find(isDoomed)
      const chosen = wanted ?? doomed
      if (chosen !== undefined) taken.push(chosen)
      if (wanted !== undefined) given.push(wanted)
      else if (doomed !== undefined) dead.push(doomed)
      else
        throw new Violation(`${seq} was delivered, not ${next.map((job) => job.seq).join(' or ')}`)
    }
    buried.push(...dead)
    if (taken.length === 0) break
  }
  if (given.length !== leases.length) {
    throw new Violation(`${leases[given.length]?.job.seq} was delivered, and should not be`)
  }
  return { given, buried }
}
