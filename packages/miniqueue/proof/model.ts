import { Violation } from '@mini-rs/testkit'
import {
  type ModelJob,
  type ModelOptions,
  isBefore,
  isBeforeInGroup,
  isEnded,
  isPending,
} from './model-job.js'

/** As the queues of these worlds are set up. */
export const MAX_CRASHES = 3
export const ATTEMPTS = 3
export const WINDOW: Readonly<{ ageMs: number; count: number }> = Object.freeze({
  ageMs: 4_000,
  count: 3,
})
/** Unclean ends in a row from which on suspects run one at a time. */
const CAREFUL_AT = 2

/** What an enqueue must come to. */
export interface ModelEnqueued {
  readonly status: 'enqueued' | 'duplicate' | 'replaced' | 'rescheduled'
  readonly seq: number
}

/** One queue as plain data: what the rules say of it, with nothing of how it is done. */
export class Model {
  readonly jobs: Map<number, ModelJob> = new Map()
  readonly values: Map<string, unknown> = new Map()
  finished: { readonly id: string; readonly seq: number; readonly endedMs: number }[] = []
  keys: Map<string, number> = new Map()
  crashesInRow = 0
  #given = 0

  clone(): Model {
    const copy = new Model()
    for (const [seq, job] of this.jobs) {
      const lease = job.lease && { ...job.lease }
      copy.jobs.set(seq, { ...job, waitsFor: [...job.waitsFor], lease })
    }
    for (const [key, value] of this.values) copy.values.set(key, value)
    copy.finished = [...this.finished]
    copy.keys = new Map(this.keys)
    copy.crashesInRow = this.crashesInRow
    copy.#given = this.#given
    return copy
  }

  job(seq: number): ModelJob {
    const job = this.jobs.get(seq)
    if (job === undefined) throw new Violation(`nobody has enqueued the job ${seq}`)
    return job
  }

  /** What the enqueue is a duplicate of, or changes; undefined when it is a new job. */
  known(options: ModelOptions, nowMs: number): ModelEnqueued | undefined {
    const { id, dedup } = options
    if (id !== undefined) {
      const live = [...this.jobs.values()].findLast((job) => job.id === id && !isEnded(job))
      if (live !== undefined) return { status: 'duplicate', seq: live.seq }
      const ended = this.finished.filter((one) => one.id === id)
      const newest = ended.toSorted((a, b) => b.seq - a.seq)[0]
      if (newest === undefined || newest.endedMs < nowMs - WINDOW.ageMs) return undefined
      return { status: 'duplicate', seq: newest.seq }
    }
    const of = dedup === undefined ? undefined : this.keys.get(dedup.key)
    if (dedup === undefined || of === undefined) return undefined
    const job = this.job(of)
    if (dedup.mode === 'throttle') {
      return isPending(job) || job.status === 'active'
        ? { status: 'duplicate', seq: of }
        : undefined
    }
    if (!isPending(job)) return undefined
    return { status: dedup.mode === 'replace' ? 'replaced' : 'rescheduled', seq: of }
  }

  /** Whether everything that it depends on is known. */
  knowsAll(options: ModelOptions): boolean {
    return (options.dependsOn ?? []).every((id) => this.#newestOf(id) !== undefined)
  }

  enqueue(seq: number, data: unknown, options: ModelOptions, nowMs: number): void {
    const { id, priority = 0, group, attempts = ATTEMPTS, expiresAt, dedup } = options
    const delayMs = dedup?.mode === 'debounce' ? (dedup.ttlMs ?? 0) : (options.delayMs ?? 0)
    const waitsFor = (options.dependsOn ?? [])
      .map((one) => this.#newestOf(one))
      .filter((job) => job !== undefined && job.status !== 'completed')
      .map((job) => job?.seq ?? 0)
    const job: ModelJob = {
      seq,
      id,
      data,
      priority,
      group,
      attempts,
      expiresAtMs: expiresAt,
      dedup: dedup?.key,
      waitsFor,
      status: 'blocked',
      attempt: 0,
      durableAttempt: 0,
      failures: 0,
      crashes: 0,
      dueMs: nowMs + delayMs,
      placeMs: undefined,
      isBlocking: false,
      lease: undefined,
    }
    this.jobs.set(seq, job)
    if (dedup !== undefined) this.keys.set(dedup.key, seq)
    if (waitsFor.length === 0) settle(job, nowMs)
  }

  replace(seq: number, data: unknown, options: ModelOptions, nowMs: number): void {
    const job = this.job(seq)
    job.data = data
    if (options.dedup?.mode !== 'debounce') return
    job.dueMs = nowMs + (options.dedup.ttlMs ?? 0)
    if (job.status !== 'blocked') settle(job, nowMs)
  }

  /**
   * Which jobs may be the next, when `taken` were taken with it, whether they live or not, and `buried` were
   * found to be dead before.
   */
  next(nowMs: number, taken: readonly ModelJob[], buried: readonly ModelJob[]): ModelJob[] {
    this.passTo(nowMs)
    const isOut = (job: ModelJob): boolean => taken.includes(job) || buried.includes(job)
    const waiting = [...this.jobs.values()].filter((job) => job.status === 'waiting' && !isOut(job))
    const suspects = [...this.#active(), ...taken].filter(({ crashes }) => crashes > 0)
    const isFree = (job: ModelJob): boolean =>
      this.crashesInRow < CAREFUL_AT || job.crashes === 0 || suspects.length === 0
    const single = first(
      waiting.filter((job) => job.group === undefined && isFree(job)),
      isBefore,
    )
    const heads = [...new Set(waiting.flatMap(({ group }) => group ?? []))].flatMap((group) => {
      const own = [...this.jobs.values()].filter((job) => job.group === group)
      const isBusy = own.some((job) => job.status === 'active' || job.isBlocking || isOut(job))
      const head = first(
        waiting.filter((job) => job.group === group),
        isBeforeInGroup,
      )
      return isBusy || head === undefined || !isFree(head) ? [] : [head]
    })
    if (single === undefined) return heads
    const before = heads.filter((head) => !isBefore(single, head))
    // Which group is next is a matter of turns.
    return before.length === heads.length && heads.length > 0 ? before : [single, ...before]
  }

  /** Whether it dies instead of being delivered. */
  isDoomed({ expiresAtMs, crashes }: ModelJob, nowMs: number): boolean {
    return (expiresAtMs !== undefined && expiresAtMs <= nowMs) || crashes >= MAX_CRASHES
  }

  lease(job: ModelJob, deadlineMs: number): void {
    job.status = 'active'
    job.attempt += 1
    const given = ++this.#given
    job.lease = { attempt: job.attempt, given, deadlineMs, isExpired: false, hasFailed: false }
  }

  ack(job: ModelJob, nowMs: number): void {
    this.#end(job, 'completed', nowMs)
    for (const other of this.jobs.values()) {
      if (!other.waitsFor.includes(job.seq)) continue
      other.waitsFor.splice(other.waitsFor.indexOf(job.seq), 1)
      if (other.status !== 'blocked' || other.waitsFor.length > 0) continue
      other.dueMs = Math.max(other.dueMs, nowMs)
      settle(other, nowMs)
    }
  }

  die(job: ModelJob, nowMs: number): void {
    this.#end(job, 'dead', nowMs)
  }

  cancel(job: ModelJob, nowMs: number): void {
    this.#end(job, 'cancelled', nowMs)
  }

  retry(job: ModelJob, nowMs: number): void {
    Object.assign(job, { failures: 0, crashes: 0, dueMs: nowMs })
    settle(job, nowMs)
  }

  /** The delivery has failed, or run out of time; it is the last one when the attempts are used up. */
  fail(job: ModelJob, wantsToCount: boolean, delayMs: number, nowMs: number): void {
    const counts = wantsToCount && job.lease?.hasFailed !== true
    job.failures += counts ? 1 : 0
    if (counts && job.failures >= job.attempts) return this.die(job, nowMs)
    job.durableAttempt = job.attempt
    job.lease = undefined
    job.dueMs = nowMs + delayMs
    settle(job, nowMs)
    job.isBlocking = job.status === 'delayed'
  }

  /** A lease runs out. Its holder may still settle it. */
  expire(job: ModelJob, nowMs: number): void {
    const { lease } = job
    this.fail(job, true, 0, nowMs)
    if (lease === undefined || job.status === 'dead') return
    job.lease = { ...lease, isExpired: true, hasFailed: true }
  }

  extend(job: ModelJob, deadlineMs: number): void {
    job.status = 'active'
    job.isBlocking = false
    const hasFailed = job.lease?.hasFailed === true
    const given = ++this.#given
    job.lease = { attempt: job.attempt, given, deadlineMs, isExpired: false, hasFailed }
  }

  /** What was running when the process ended; `isClean`: it said so. */
  end(isClean: boolean, struck: (job: ModelJob) => boolean = () => true): void {
    let isStruck = false
    for (const job of this.jobs.values()) {
      const { lease } = job
      job.lease = undefined
      if (job.status !== 'active' || lease === undefined) continue
      job.status = 'waiting'
      // Of a lease that had run out before the journal says more than the note of its beginning.
      const isNoted = isClean || (job.durableAttempt < lease.attempt && struck(job))
      if (isNoted) job.durableAttempt = lease.attempt
      else job.attempt = job.durableAttempt
      if (isClean || !isNoted) continue
      job.crashes += 1
      isStruck = true
    }
    if (isClean) this.crashesInRow = 0
    else if (isStruck) this.crashesInRow += 1
  }

  /** Jobs whose time has come are ready. */
  passTo(nowMs: number): void {
    for (const job of this.jobs.values()) {
      if (job.status === 'delayed' && job.dueMs <= nowMs) settle(job, nowMs)
    }
  }

  #active(): ModelJob[] {
    return [...this.jobs.values()].filter(({ status }) => status === 'active')
  }

  #newestOf(id: string): ModelJob | undefined {
    return [...this.jobs.values()].findLast((job) => job.id === id)
  }

  #end(job: ModelJob, status: 'completed' | 'dead' | 'cancelled', nowMs: number): void {
    const isFirst = !isEnded(job)
    job.status = status
    job.isBlocking = false
    job.durableAttempt = job.attempt
    job.lease = undefined
    if (job.id === undefined) return
    // A dead job that is cancelled ends once more.
    if (!isFirst && status !== 'cancelled') return
    const recent = this.finished.filter(({ endedMs }) => endedMs >= nowMs - WINDOW.ageMs)
    this.finished = [...recent, { id: job.id, seq: job.seq, endedMs: nowMs }].slice(-WINDOW.count)
  }
}

/** Waiting, or delayed until its time. */
function settle(job: ModelJob, nowMs: number): void {
  job.status = job.dueMs > nowMs ? 'delayed' : 'waiting'
  if (job.status === 'waiting') {
    job.isBlocking = false
    job.placeMs ??= job.dueMs
  }
}

function first(
  jobs: readonly ModelJob[],
  isFirst: (a: ModelJob, b: ModelJob) => boolean,
): ModelJob | undefined {
  return jobs.reduce<ModelJob | undefined>(
    (best, job) => (best === undefined || isFirst(job, best) ? job : best),
    undefined,
  )
}
