import { type OptionNames, assertKnownOptions } from '@mini-rs/ministore'
import { JOB_STATUSES } from '../job-status.js'
import type { JobStatus } from '../job-types.js'
import type { Job } from '../job.js'
import { type HistoryEntry, HistoryReader } from '../records/history.js'
import { decodeRecord } from '../records/record-decoder.js'
import type { Core, DeclaredQueue } from './core.js'
import { explain } from './explaining.js'
import type { Explanation } from './explanation.js'
import { jobError, seqOf } from './finding.js'
import type { Parts } from './parts.js'
import { assertCount, assertObject, assertOneOf } from './queue-options.js'
import { untilReadable } from './readable.js'
import { readId, readView } from './views.js'

/** Which jobs {@link Queue.list} shows. */
export interface ListOptions {
  /** Default: all. */
  readonly states?: readonly JobStatus[]
  /** Default 100. */
  readonly limit?: number
  /** Behind the job with that number (`job.seq`), the last one of the page before. */
  readonly after?: number
}

const DEFAULT_LIMIT = 100
const LIST_OPTIONS: OptionNames<ListOptions> = { states: true, limit: true, after: true }

/** Looks into a queue, and changes nothing. */
export class Inspecting<T> {
  readonly #core: Core
  readonly #parts: Parts
  readonly #queue: DeclaredQueue

  constructor(core: Core, parts: Parts, queue: DeclaredQueue) {
    this.#core = core
    this.#parts = parts
    this.#queue = queue
  }

  async list(options: ListOptions): Promise<Job<T>[]> {
    assertObject('options', options)
    assertKnownOptions('options', options, LIST_OPTIONS)
    const { states = JOB_STATUSES, limit = DEFAULT_LIMIT, after = 0 } = options
    if (!Array.isArray(states)) throw new TypeError('states must be a list of statuses')
    for (const state of states) assertOneOf('states', state, JOB_STATUSES)
    assertCount('limit', limit, 1)
    assertCount('after', after, 0)
    this.#parts.deliveries.assertOpen(this.#queue.name)
    this.#parts.deliveries.dispatch()
    const jobs: Job<T>[] = []
    for (const seq of this.#firstOf(new Set(states), limit, after)) {
      const job = await readView<T>(this.#core, this.#queue, seq)
      if (job !== undefined) jobs.push(job)
    }
    return jobs
  }

  async history(id: string): Promise<HistoryEntry[]> {
    const { ledger, log } = this.#core
    this.#parts.deliveries.assertOpen(this.#queue.name)
    const known = this.#parts.enqueuing.seqOfJob(this.#queue, id)
    // What has ended and is no longer kept in memory may still be in the journal.
    const slot = known === undefined ? undefined : ledger.jobs.table.ofSeq(known)
    const reader = new HistoryReader({ queue: this.#queue.name, id, seq: known })
    const from = Math.max(known ?? 1, log.droppedThroughSeq + 1)
    await untilReadable(log, log.lastSeq)
    for await (const { firstSeq, records } of log.batches({ from })) {
      for (const [index, value] of records.entries()) {
        const seq = firstSeq + index
        reader.read(seq, decodeRecord(value, seq, log.path))
      }
    }
    if (reader.jobSeq === undefined) {
      throw jobError('JOB_NOT_FOUND', this.#queue, id, 'is not known, or no longer kept')
    }
    const lease = slot === undefined ? undefined : this.#parts.deliveries.held.get(reader.jobSeq)
    if (lease === undefined) return [...reader.entries]
    const running = { kind: 'running' as const, attempt: lease.attempt, startMs: lease.startMs }
    return [...reader.entries, running]
  }

  async explain(id: string): Promise<Explanation> {
    const { deliveries, enqueuing } = this.#parts
    const { ledger, clock } = this.#core
    deliveries.assertOpen(this.#queue.name)
    deliveries.dispatch()
    const seq = seqOf(enqueuing, this.#queue, id)
    const slot = ledger.jobs.table.ofSeq(seq)
    if (slot === undefined) throw jobError('JOB_NOT_FOUND', this.#queue, id, 'is no longer kept')
    const workers = [...this.#parts.workers].flatMap(([worker, queue]) =>
      queue === this.#queue.name && !worker.isClosed ? [worker] : [],
    )
    const isByWallClock = ledger.jobs.table.isByWallClock(slot)
    return explain(ledger, slot, {
      nowMs: isByWallClock ? clock.wallMs() : clock.now(),
      idOf: (of) => readId(this.#core, of),
      startMsOf: (of) => deliveries.held.get(of)?.startMs,
      live: {
        running: this.#queue.ledger.counts.active,
        overrun: this.#parts.overrunOf(this.#queue.name),
        workers: workers.length,
        pausedWorkers: workers.filter(({ isPaused }) => isPaused).length,
        isAwaited: deliveries.isAwaited(this.#queue),
        limitedForMs: deliveries.limitedForMs(this.#queue),
        isHeldBack: deliveries.isHeldBack(slot, this.#queue),
        isOverrun: this.#parts.isOverrun(seq),
      },
    })
  }

  /** The smallest numbers behind `after`, in their order. */
  #firstOf(states: ReadonlySet<JobStatus>, limit: number, after: number): number[] {
    const { table } = this.#core.ledger.jobs
    let found: number[] = []
    for (const slot of table) {
      const seq = table.seq(slot)
      if (seq <= after || table.queue(slot) !== this.#queue.ledger.index) continue
      if (!states.has(table.status(slot))) continue
      found.push(seq)
      // No more is kept of a large queue than is asked for.
      if (found.length >= 2 * limit + DEFAULT_LIMIT) found = smallest(found, limit)
    }
    return smallest(found, limit)
  }
}

function smallest(numbers: readonly number[], count: number): number[] {
  return numbers.toSorted((a, b) => a - b).slice(0, count)
}
