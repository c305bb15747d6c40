import { type OptionNames, assertKnownOptions } from '@mini-rs/ministore'
import { isEnded } from '../job-status.js'
import { MiniQueueError } from '../errors.js'
import { idOf, seqOfId } from '../job.js'
import {
  DATA_TEXT,
  type DedupMark,
  type EnqueueRecord,
  type QueueRecord,
} from '../records/record-types.js'
import { hashOfId } from '../table/job-table.js'
import type { Core, DeclaredQueue } from './core.js'
import {
  type EnqueueOptions,
  type Enqueued,
  NO_OPTIONS,
  assertEnqueueOptions,
  timeOf,
} from './enqueue-options.js'
import { type CheckedPayload, checkPayload } from './payload.js'
import { assertObject } from './queue-options.js'
import { type Need, Rooms } from './room.js'

/** A job to be enqueued. */
export interface NewJob {
  readonly data: unknown
  readonly options?: EnqueueOptions
}

/** What is to be written for a new job, and what its caller is told then. */
export interface Admitted {
  /** Undefined for a duplicate: there is nothing to write. */
  readonly record: QueueRecord | undefined
  readonly told: (seq: number) => Enqueued
}

const NEW_JOB: OptionNames<NewJob> = { data: true, options: true }

/** Jobs that may be written, with everything that is held for them. */
export interface Held {
  readonly admitted: readonly Admitted[]
  /** Lets the next ones with the same ids and keys come, and gives back the room. */
  readonly release: () => void
}

/** Jobs of one queue that are to be admitted together. */
export interface Batch {
  readonly queue: DeclaredQueue
  readonly jobs: readonly CheckedJob[]
}

/** A job that may be enqueued, as far as its queue's state has no say in it. */
export interface CheckedJob {
  readonly payload: CheckedPayload
  readonly options: EnqueueOptions
  /** Under which no other job may be on its way. */
  readonly name: string | undefined
}

/** Lets jobs into a queue: checks them, tells duplicates, keeps the limits. */
export class Enqueuing {
  readonly #core: Core
  /** Ids and keys that are on their way to the disk: whether they are there is not known before. */
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #rooms = new Rooms()
  #closed: MiniQueueError | undefined

  constructor(core: Core) {
    this.#core = core
  }

  /** One commit: all of them, or none. Resolves when it is durable. */
  async enqueue(queue: DeclaredQueue, jobs: readonly NewJob[]): Promise<Enqueued[]> {
    const checked = jobs.map(({ data, options = NO_OPTIONS }) => checkedJob(queue, data, options))
    const held = this.admit([{ queue, jobs: checked }])
    const { admitted, release } = held instanceof Promise ? await held : held
    try {
      const records = admitted.flatMap(({ record }) => record ?? [])
      const first = records.length === 0 ? 0 : await this.#core.journal.add(records)
      return tellAll(admitted, first)
    } finally {
      release()
    }
  }

  /** One job: without a wait before its append unless there is something to wait for. Otherwise as {@link Enqueuing.enqueue}. */
  async enqueueOne(
    queue: DeclaredQueue,
    data: unknown,
    options: EnqueueOptions,
  ): Promise<Enqueued> {
    const batches = [{ queue, jobs: [checkedJob(queue, data, options)] }]
    const first = this.#tryToAdmit(batches)
    const held = first instanceof Promise ? await this.#admitBehind(first, batches) : first
    const [one] = held.admitted
    if (one === undefined) throw new Error('miniqueue: broken invariant: one job, one answer')
    try {
      return one.told(one.record === undefined ? 0 : await this.#core.journal.add([one.record]))
    } finally {
      held.release()
    }
  }

  /**
   * Holds the ids, keys and room of jobs until they are released. At once where there is nothing to
   * wait for: what is written in the same turn is what was checked.
   */
  admit(batches: readonly Batch[]): Held | Promise<Held> {
    const names = new Set<string>()
    for (const { options, name } of batches.flatMap(({ jobs }) => jobs)) {
      if (name !== undefined && names.size === names.add(name).size) throw twice(options)
    }
    const held = this.#tryToAdmit(batches)
    return held instanceof Promise ? this.#admitBehind(held, batches) : held
  }

  async #admitBehind(obstacle: Promise<void>, batches: readonly Batch[]): Promise<Held> {
    // Their caller may change what it gave meanwhile.
    const own = batches.map(({ queue, jobs }) => {
      return { queue, jobs: jobs.map((job) => ({ ...job, payload: ownPayload(job) })) }
    })
    let held: Held | Promise<void> = obstacle
    while (held instanceof Promise) {
      await held
      held = this.#tryToAdmit(own)
    }
    return held
  }

  /** Jobs have ended: there may be room. */
  wake(): void {
    this.#rooms.wake()
  }

  /** Nobody waits for room any more, or gets in. */
  close(reason: MiniQueueError): void {
    this.#closed = reason
    this.#rooms.wake()
  }

  /** Everything, or what has to be waited for: who waits holds nothing, so that nobody waits for him. */
  #tryToAdmit(batches: readonly Batch[]): Held | Promise<void> {
    if (this.#closed !== undefined) throw this.#closed
    const admitted: Admitted[] = []
    const needs: Need[] = []
    for (const { queue, jobs } of batches) {
      const need = { depth: 0, bytes: 0 }
      let waiting: AbortSignal | undefined
      for (const { payload, options, name } of jobs) {
        options.signal?.throwIfAborted()
        waiting ??= options.signal
        const underWay = name === undefined ? undefined : this.#underWay.get(name)
        if (underWay !== undefined) return underWay
        const decision = this.#decide(queue, this.#recordOf(queue, payload, options), options)
        admitted.push(decision)
        if (decision.record === undefined || !('enqueue' in decision.record)) continue
        need.depth += 1
        need.bytes += payload.text.length
      }
      const obstacle = need.depth > 0 && this.#rooms.obstacle(queue, need, waiting)
      if (obstacle) return obstacle
      needs.push(need)
    }
    return { admitted, release: this.#hold(batches, needs, admitted) }
  }

  #hold(
    batches: readonly Batch[],
    needs: readonly Need[],
    admitted: readonly Pick<Admitted, 'record'>[],
  ): () => void {
    const ends: (() => void)[] = []
    for (const [index, { queue, jobs }] of batches.entries()) {
      const need = needs[index]
      if (need !== undefined && need.depth > 0) ends.push(this.#rooms.take(queue, need))
      for (const { name } of jobs) if (name !== undefined) ends.push(this.#reserve(name))
    }
    for (const { record } of admitted) {
      const free = this.#holdChanged(record)
      if (free !== undefined) ends.push(free)
    }
    return () => {
      for (const end of ends) end()
    }
  }

  /** A job that is given new data while it waits must not begin with the old. */
  #holdChanged(record: QueueRecord | undefined): (() => void) | undefined {
    if (record === undefined || !('update' in record)) return undefined
    return this.#core.changes.hold(record.update.of)
  }

  /** @throws `DEPENDENCY_UNKNOWN` */
  #recordOf(queue: DeclaredQueue, payload: CheckedPayload, options: EnqueueOptions): EnqueueRecord {
    const { id, delayMs, priority, group, attempts, backoff, timeoutMs, headers, dedup } = options
    const runAtMs = timeOf(options.runAt)
    const expiresAtMs = timeOf(options.expiresAt)
    const dependsOn = options.dependsOn?.flatMap((one) => this.#dependency(queue, one))
    const atMs = this.#core.clock.now()
    const given = { data: payload.data, atMs, [DATA_TEXT]: payload.text }
    if (options === NO_OPTIONS) return { queue: queue.name, ...given }
    const ttlMs = dedup?.ttlMs
    const mode = dedup?.mode ?? 'throttle'
    const mark: DedupMark | undefined = dedup && {
      key: dedup.key,
      mode,
      ...(ttlMs !== undefined && mode === 'throttle' && { untilMs: atMs + ttlMs }),
    }
    const wait = mode === 'debounce' ? (ttlMs ?? 0) : delayMs
    return {
      queue: queue.name,
      ...(id !== undefined && { id }),
      ...given,
      ...(wait !== undefined && wait > 0 && { delayMs: wait }),
      ...(runAtMs !== undefined && { runAtMs }),
      ...(priority !== undefined && { priority }),
      ...(group !== undefined && { group }),
      ...(attempts !== undefined && { attempts }),
      ...(backoff !== undefined && { backoff }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(expiresAtMs !== undefined && { expiresAtMs }),
      ...(dependsOn !== undefined && dependsOn.length > 0 && { dependsOn }),
      ...(headers !== undefined && { headers }),
      ...(mark !== undefined && { dedup: mark }),
    }
  }

  /** The number of a job that must complete first; none when it has. */
  #dependency(queue: DeclaredQueue, id: string): number[] {
    const { table } = this.#core.ledger.jobs
    const slot = this.slotOfId(queue, id)
    if (slot !== undefined) return table.status(slot) === 'completed' ? [] : [table.seq(slot)]
    if (this.#core.ledger.finished.find(hashOfId(queue.name, id), this.#core.clock.now())) return []
    const message = `queue ${JSON.stringify(queue.name)}: dependsOn names ${JSON.stringify(id)}, and there is no such job; enqueue it first`
    throw new MiniQueueError('DEPENDENCY_UNKNOWN', message, {
      queue: queue.name,
      id,
      outcome: 'absent',
    })
  }

  /** The number of the job with that id. */
  seqOfJob(queue: DeclaredQueue, id: string): number | undefined {
    const slot = this.slotOfId(queue, id)
    return slot === undefined ? undefined : this.#core.ledger.jobs.table.seq(slot)
  }

  /** The slot of the job with that id, the caller's or its number. */
  slotOfId(queue: DeclaredQueue, id: string): number | undefined {
    const { table } = this.#core.ledger.jobs
    const seq = seqOfId(id)
    const slot = seq === undefined ? table.ofId(hashOfId(queue.name, id)) : table.ofSeq(seq)
    return slot !== undefined && table.queue(slot) === queue.ledger.index ? slot : undefined
  }

  #decide(queue: DeclaredQueue, record: EnqueueRecord, options: EnqueueOptions): Admitted {
    const fresh = {
      record: { enqueue: record },
      told: (seq: number): Enqueued => ({ id: idOf(seq, options.id), seq, status: 'enqueued' }),
    }
    if (options.id !== undefined) return this.#duplicateOfId(queue, options.id) ?? fresh
    if (record.dedup !== undefined)
      return this.#duplicateOfKey(queue, record, record.dedup) ?? fresh
    return fresh
  }

  #duplicateOfId(queue: DeclaredQueue, id: string): Admitted | undefined {
    const { jobs, finished } = this.#core.ledger
    const slot = this.slotOfId(queue, id)
    if (slot !== undefined) {
      const status = jobs.table.status(slot)
      if (!isEnded(status)) return duplicate({ id, seq: jobs.table.seq(slot), status })
    }
    const ended = finished.find(hashOfId(queue.name, id), this.#core.clock.now())
    if (ended === undefined) return undefined
    const known = jobs.table.ofSeq(ended.of)
    const status = known === undefined ? 'completed' : jobs.table.status(known)
    return duplicate({ id, seq: ended.of, status })
  }

  #duplicateOfKey(
    queue: DeclaredQueue,
    record: EnqueueRecord,
    mark: DedupMark,
  ): Admitted | undefined {
    const { ledger, clock } = this.#core
    const seen = ledger.key(queue.name, mark.key)
    if (seen === undefined) return undefined
    const slot = ledger.jobs.table.ofSeq(seen.of)
    const status = slot === undefined ? 'completed' : ledger.jobs.table.status(slot)
    const existing = { id: `@${seen.of}`, seq: seen.of, status }
    const isPending = status === 'waiting' || status === 'delayed' || status === 'blocked'
    if (mark.mode === 'throttle') {
      const { untilMs } = seen.mark
      const isOver =
        untilMs === undefined ? !isPending && status !== 'active' : untilMs <= clock.now()
      return isOver ? undefined : duplicate(existing)
    }
    if (!isPending) return undefined
    const due =
      mark.mode === 'debounce'
        ? { dueMs: record.atMs + (record.delayMs ?? 0), delayMs: record.delayMs ?? 0 }
        : {}
    const changed: QueueRecord = {
      update: { of: seen.of, atMs: record.atMs, body: record, ...due },
    }
    const told = mark.mode === 'debounce' ? ('rescheduled' as const) : ('replaced' as const)
    return { record: changed, told: () => ({ ...existing, status: told, existing }) }
  }

  /** Takes an id or a key until what is returned is called. */
  #reserve(name: string): () => void {
    const waiting: (() => void)[] = []
    this.#underWay.set(name, new Promise((resolve) => void waiting.push(resolve)))
    return () => {
      this.#underWay.delete(name)
      for (const wake of waiting) wake()
    }
  }
}

/** What each caller is told when the records of all are on the disk, `first` being the number of the first one. */
export function tellAll(admitted: readonly Admitted[], first: number): Enqueued[] {
  let written = 0
  return admitted.map(({ record, told }) => told(record === undefined ? 0 : first + written++))
}

/** @throws TypeError */
export function assertJobs(jobs: readonly NewJob[]): void {
  if (!Array.isArray(jobs)) throw new TypeError('the jobs must be a list of { data, options }')
  for (const job of jobs as readonly unknown[]) {
    assertObject('a job', job)
    assertKnownOptions('a job', job as object, NEW_JOB)
  }
}

function ownPayload({ payload: { text } }: CheckedJob): CheckedPayload {
  return { text, data: JSON.parse(text) as unknown }
}

/** A job as it is now, whatever its caller does with what it gave. @throws as `enqueue` does */
export function ownJob(queue: DeclaredQueue, data: unknown, options: EnqueueOptions): CheckedJob {
  const job = checkedJob(queue, data, options)
  return { ...job, payload: ownPayload(job) }
}

function checkedJob(queue: DeclaredQueue, data: unknown, options: EnqueueOptions): CheckedJob {
  assertEnqueueOptions(options)
  const payload = checkPayload(queue, data)
  return { payload, options: ownOptions(options), name: reservedName(queue, options) }
}

/** A caller may use its options again, for something else. */
function ownOptions(options: EnqueueOptions): EnqueueOptions {
  if (options === NO_OPTIONS) return options
  const { headers, backoff, dependsOn, dedup } = options
  return {
    ...options,
    ...(headers !== undefined && { headers: { ...headers } }),
    ...(backoff !== undefined && { backoff: { ...backoff } }),
    ...(dependsOn !== undefined && { dependsOn: [...dependsOn] }),
    ...(dedup !== undefined && { dedup: { ...dedup } }),
  }
}

function duplicate(existing: NonNullable<Enqueued['existing']>): Admitted {
  return { record: undefined, told: () => ({ ...existing, status: 'duplicate', existing }) }
}

function reservedName(queue: DeclaredQueue, { id, dedup }: EnqueueOptions): string | undefined {
  if (id !== undefined) return `id\0${queue.name}\0${id}`
  return dedup === undefined ? undefined : `key\0${queue.name}\0${dedup.key}`
}

function twice({ id, dedup }: EnqueueOptions): TypeError {
  const what =
    id === undefined ? `dedup.key ${JSON.stringify(dedup?.key)}` : `id ${JSON.stringify(id)}`
  return new TypeError(`two jobs of one commit have the ${what}`)
}
