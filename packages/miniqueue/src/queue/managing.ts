import { type OptionNames, assertKnownOptions } from '@mini-rs/ministore'
import { isEnded } from '../job-status.js'
import type { JobStatus } from '../job-types.js'
import {
  DATA_TEXT,
  type JobBody,
  type PurgeRecord,
  type UpdateRecord,
} from '../records/record-types.js'
import type { Core, DeclaredQueue } from './core.js'
import { assertTime, timeOf } from './enqueue-options.js'
import { jobError, seqOf, wrongStatus } from './finding.js'
import type { Parts } from './parts.js'
import { checkPayload } from './payload.js'
import { assertCount, assertObject, assertOneOf } from './queue-options.js'
import { readBody, readView } from './views.js'

/** What {@link Queue.update} changes; what is not named stays. */
export interface JobChanges<T> {
  readonly data?: T
  /** Not of a job in a group. */
  readonly priority?: number
  /** Due that long from now. */
  readonly delayMs?: number
  /** Due at that time of the wall clock. */
  readonly runAt?: Date | number
}

/** Statuses that {@link Queue.purge} can remove: those that run are left alone. */
export type PurgeableStatus = Exclude<JobStatus, 'active'>

/** Which jobs {@link Queue.purge} removes. */
export interface PurgeOptions {
  readonly states: readonly PurgeableStatus[]
}

const PURGE_OPTIONS: OptionNames<PurgeOptions> = { states: true }
const CHANGES: OptionNames<JobChanges<unknown>> = {
  data: true,
  priority: true,
  delayMs: true,
  runAt: true,
}

/** Changes jobs of a queue by hand. Every change is a record, and takes effect when it is durable. */
export class Managing {
  readonly #core: Core
  readonly #parts: Parts
  readonly #queue: DeclaredQueue

  constructor(core: Core, parts: Parts, queue: DeclaredQueue) {
    this.#core = core
    this.#parts = parts
    this.#queue = queue
  }

  async update(id: string, changes: JobChanges<unknown>): Promise<void> {
    assertChanges(changes)
    const { data, priority, delayMs } = changes
    const payload = data === undefined ? undefined : checkPayload(this.#queue, data)
    await this.#change(id, async (seq, status) => {
      if (isEnded(status) || status === 'active') {
        throw wrongStatus(this.#queue, id, status, 'only a job that waits can be updated')
      }
      if (priority !== undefined && this.#groupOf(seq) !== undefined) {
        throw new TypeError('a job of a group has no priority: the group keeps its order')
      }
      const atMs = this.#core.clock.now()
      const runAtMs = timeOf(changes.runAt)
      const dueMs = runAtMs ?? (delayMs === undefined ? undefined : atMs + delayMs)
      const body = payload && (await this.#bodyWith(id, seq, payload.data, payload.text))
      const record: UpdateRecord = {
        of: seq,
        atMs,
        ...(body !== undefined && { body }),
        ...(priority !== undefined && { priority }),
        ...(dueMs !== undefined && { dueMs }),
        ...(delayMs !== undefined && { delayMs }),
      }
      await this.#core.journal.add([{ update: record }])
    })
  }

  async cancel(id: string): Promise<void> {
    const { journal, clock, ledger } = this.#core
    await this.#change(id, async (seq, status) => {
      if (status === 'cancelled') return
      if (status !== 'completed') {
        const attempt = this.#attemptOf(seq)
        const cancel = { of: seq, ...(attempt > 0 && { attempt }), atMs: clock.now() }
        await journal.settle([{ cancel }])
      }
      // It may have ended while the record was on its way.
      const slot = ledger.jobs.table.ofSeq(seq)
      const now = slot === undefined ? 'completed' : ledger.jobs.table.status(slot)
      if (now === 'completed') {
        throw wrongStatus(this.#queue, id, now, 'there is nothing left to cancel')
      }
      if (status === 'active') await this.#tellLost(seq)
    })
  }

  async runNow(id: string): Promise<void> {
    const { journal, clock } = this.#core
    await this.#change(id, async (seq, status) => {
      if (status === 'waiting') return
      if (status !== 'delayed') {
        const what = status === 'blocked' ? 'it waits for other jobs; see explain()' : NOT_DELAYED
        throw wrongStatus(this.#queue, id, status, what)
      }
      const atMs = clock.now()
      await journal.settle([{ update: { of: seq, atMs, dueMs: atMs, delayMs: 0 } }])
    })
  }

  async retry(id: string): Promise<void> {
    const { journal, clock } = this.#core
    await this.#change(id, async (seq, status) => {
      if (!isEnded(status)) {
        throw wrongStatus(this.#queue, id, status, 'only a job that has ended can be retried')
      }
      await journal.add([{ retry: { jobs: [seq], atMs: clock.now() } }])
    })
  }

  async setPaused(isPaused: boolean): Promise<void> {
    this.#parts.deliveries.assertOpen(this.#queue.name)
    const { journal, clock } = this.#core
    const pause = { queue: this.#queue.name, atMs: clock.now() }
    await journal.settle([isPaused ? { pause } : { resume: pause }])
  }

  async purge(options: PurgeOptions): Promise<number> {
    assertObject('options', options)
    assertKnownOptions('options', options, PURGE_OPTIONS)
    const { states } = options
    if (!Array.isArray(states)) throw new TypeError('purge needs states: a list of statuses')
    for (const state of states) assertOneOf('states', state, PURGEABLE)
    const wanted = new Set<JobStatus>(states)
    return this.purgeJobs((slot) => wanted.has(this.#core.ledger.jobs.table.status(slot)))
  }

  /** Removes the jobs of the queue that `isMeant` says, except those that run; how many. */
  async purgeJobs(isMeant: (slot: number) => boolean): Promise<number> {
    this.#parts.deliveries.assertOpen(this.#queue.name)
    const { ledger, changes, journal, clock } = this.#core
    const { table } = ledger.jobs
    return changes.ofQueue(this.#queue.name, async () => {
      const states = new Set<PurgeRecord['states'][number]>()
      const rest: (readonly [seq: number, state: PurgeRecord['states'][number]])[] = []
      let count = 0
      let through = 0
      for (const slot of table) {
        if (table.queue(slot) !== this.#queue.ledger.index) continue
        const status = table.status(slot)
        const state = isEnded(status) ? status : 'pending'
        through = Math.max(through, table.seq(slot))
        if (status === 'active' || !isMeant(slot)) rest.push([table.seq(slot), state])
        else {
          states.add(state)
          count += 1
        }
      }
      if (count === 0) return 0
      const except = rest.flatMap(([seq, state]) => (states.has(state) ? [seq] : []))
      const { name } = this.#queue
      const purge = { queue: name, states: [...states], except, through, atMs: clock.now() }
      await journal.settle([{ purge }])
      return count
    })
  }

  async #change(
    id: string,
    change: (seq: number, status: JobStatus) => Promise<void>,
  ): Promise<void> {
    const { changes, ledger } = this.#core
    this.#parts.deliveries.assertOpen(this.#queue.name)
    const seq = seqOf(this.#parts.enqueuing, this.#queue, id)
    await changes.ofJob(seq, async () => {
      const slot = ledger.jobs.table.ofSeq(seq)
      if (slot === undefined) throw jobError('JOB_NOT_FOUND', this.#queue, id, 'is no longer kept')
      await change(seq, ledger.jobs.table.status(slot))
    })
  }

  async #tellLost(seq: number): Promise<void> {
    const job = await readView(this.#core, this.#queue, seq)
    if (job === undefined) return
    this.#queue.emitter.emit('leaseLost', () => ({ job, reason: 'cancelled' }))
  }

  #attemptOf(seq: number): number {
    const { table } = this.#core.ledger.jobs
    const slot = table.ofSeq(seq)
    return slot === undefined ? 0 : table.attempt(slot)
  }

  #groupOf(seq: number): string | undefined {
    const { table } = this.#core.ledger.jobs
    const slot = table.ofSeq(seq)
    return slot === undefined ? undefined : table.extra(slot)?.group
  }

  /** What was enqueued, with other data. */
  async #bodyWith(id: string, seq: number, data: unknown, text: string): Promise<JobBody> {
    const stored = await readBody(this.#core, seq)
    if (stored === undefined) throw jobError('JOB_NOT_FOUND', this.#queue, id, 'is no longer kept')
    const kept = Object.entries(stored.body).filter(([name]) => BODY_FIELDS.has(name))
    return { ...Object.fromEntries(kept), queue: this.#queue.name, data, [DATA_TEXT]: text }
  }
}

const NOT_DELAYED = 'only a job that waits can be run now; retry() runs one again that has ended'

const PURGEABLE: readonly PurgeableStatus[] = [
  'waiting',
  'delayed',
  'blocked',
  'completed',
  'dead',
  'cancelled',
]

/** Of a body's record, which may be one that has more to say. */
const BODY_FIELDS: ReadonlySet<string> = new Set([
  'id',
  'headers',
  'priority',
  'group',
  'attempts',
  'backoff',
  'timeoutMs',
  'expiresAtMs',
  'dependsOn',
  'dedup',
  'atMs',
])

function assertChanges(changes: JobChanges<unknown>): void {
  assertObject('changes', changes)
  assertKnownOptions('changes', changes, CHANGES)
  assertCount('priority', changes.priority, -(2 ** 31), 2 ** 31 - 1)
  assertCount('delayMs', changes.delayMs, 0)
  assertTime('runAt', changes.runAt)
  if (changes.delayMs !== undefined && changes.runAt !== undefined) {
    throw new TypeError('delayMs and runAt exclude each other')
  }
}
