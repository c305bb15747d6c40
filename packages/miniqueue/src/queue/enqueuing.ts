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
  /** Lets the next one with the same id or key come. */
  readonly release: () => void
}

/** Room in the queue that was given to jobs that are on their way to the disk. */
interface Room {
  depth: number
  bytes: number
}

/** Lets jobs into a queue: checks them, tells duplicates, keeps the limits. */
export class Enqueuing {
  readonly #core: Core
  /** Ids and keys that are on their way to the disk: whether they are there is not known before. */
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #taken = new Map<DeclaredQueue, Room>()
  readonly #waiting = new Map<DeclaredQueue, Set<() => void>>()

  constructor(core: Core) {
    this.#core = core
  }

  /** One commit: all of them, or none. Resolves when it is durable. */
  async enqueue(queue: DeclaredQueue, jobs: readonly NewJob[]): Promise<Enqueued[]> {
    const admitted = await this.admit(queue, jobs)
    try {
      const records = admitted.flatMap(({ record }) => record ?? [])
      const first = records.length === 0 ? 0 : await this.#core.journal.add(records)
      let written = 0
      return admitted.map(({ record, told }) => told(record === undefined ? 0 : first + written++))
    } finally {
      for (const { release } of admitted) release()
    }
  }

  /** One job: without a wait before its append unless there is something to wait for. Otherwise as {@link Enqueuing.enqueue}. */
  async enqueueOne(
    queue: DeclaredQueue,
    data: unknown,
    options: EnqueueOptions,
  ): Promise<Enqueued> {
    assertEnqueueOptions(options)
    const payload = checkPayload(queue, data)
    const name = reservedName(queue, options)
    for (;;) {
      const wait = this.#obstacle(queue, name, payload, options.signal)
      if (wait === undefined) break
      await wait
    }
    const { record, told, release } = this.#admit(queue, payload, options, name)
    try {
      return told(record === undefined ? 0 : await this.#core.journal.add([record]))
    } finally {
      release()
    }
  }

  /** Checks jobs, and holds their ids, keys and room until they are released. */
  async admit(queue: DeclaredQueue, jobs: readonly NewJob[]): Promise<Admitted[]> {
    const checked = jobs.map(({ data, options = NO_OPTIONS }) => {
      assertEnqueueOptions(options)
      return { options, payload: checkPayload(queue, data) }
    })
    const admitted: Admitted[] = []
    const names = new Set<string>()
    try {
      for (const { options, payload } of checked) {
        const name = reservedName(queue, options)
        if (name !== undefined && names.size === names.add(name).size) throw twice(options)
        for (;;) {
          const wait = this.#obstacle(queue, name, payload, options.signal)
          if (wait === undefined) break
          await wait
        }
        admitted.push(this.#admit(queue, payload, options, name))
      }
      return admitted
    } catch (error) {
      for (const { release } of admitted) release()
      throw error
    }
  }

  /** Jobs have ended: there may be room. */
  wake(): void {
    for (const waiting of this.#waiting.values()) for (const wake of waiting) wake()
  }

  #admit(
    queue: DeclaredQueue,
    payload: CheckedPayload,
    options: EnqueueOptions,
    name: string | undefined,
  ): Admitted {
    const body = this.#recordOf(queue, payload, options)
    const decision = this.#decide(queue, body, options)
    const isNew = decision.record !== undefined && 'enqueue' in decision.record
    const room = this.#roomOf(queue)
    if (isNew) {
      room.depth += 1
      room.bytes += payload.text.length
    }
    const settle = name === undefined ? undefined : this.#reserve(name)
    const free = this.#holdChanged(decision.record)
    const release = (): void => {
      if (isNew) {
        room.depth -= 1
        room.bytes -= payload.text.length
      }
      settle?.()
      free?.()
    }
    return { ...decision, release }
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

  #decide(
    queue: DeclaredQueue,
    record: EnqueueRecord,
    options: EnqueueOptions,
  ): Pick<Admitted, 'record' | 'told'> {
    const fresh = {
      record: { enqueue: record },
      told: (seq: number): Enqueued => ({ id: idOf(seq, options.id), seq, status: 'enqueued' }),
    }
    if (options.id !== undefined) return this.#duplicateOfId(queue, options.id) ?? fresh
    if (record.dedup !== undefined)
      return this.#duplicateOfKey(queue, record, record.dedup) ?? fresh
    return fresh
  }

  #duplicateOfId(queue: DeclaredQueue, id: string): Pick<Admitted, 'record' | 'told'> | undefined {
    const { jobs, finished } = this.#core.ledger
    const slot = this.slotOfId(queue, id)
    if (slot !== undefined) {
      const status = jobs.table.status(slot)
      const isOver = status === 'completed' || status === 'dead' || status === 'cancelled'
      if (!isOver) return duplicate({ id, seq: jobs.table.seq(slot), status })
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
  ): Pick<Admitted, 'record' | 'told'> | undefined {
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

  /**
   * What has to be waited for until the name is nobody's and there is room; undefined when that is now. It is to
   * be asked again after the wait, and name and room taken at once.
   *
   * @throws `QUEUE_FULL`, the signal's reason
   */
  #obstacle(
    queue: DeclaredQueue,
    name: string | undefined,
    { text }: CheckedPayload,
    signal: AbortSignal | undefined,
  ): Promise<void> | undefined {
    signal?.throwIfAborted()
    const underWay = name === undefined ? undefined : this.#underWay.get(name)
    return underWay ?? this.#whenThereIsRoom(queue, text.length, signal)
  }

  /** @throws `QUEUE_FULL` */
  #whenThereIsRoom(
    queue: DeclaredQueue,
    bytes: number,
    signal: AbortSignal | undefined,
  ): Promise<void> | undefined {
    const { name } = queue
    const { limits } = queue.settings
    const room = this.#roomOf(queue)
    const depth = queue.ledger.depth + room.depth
    const held = queue.ledger.pendingBytes + room.bytes
    if (depth < limits.depth && held + bytes <= limits.bytes) return undefined
    queue.emitter.emit('full', () => ({ isFull: true, why: 'limits' }))
    if (limits.onFull === 'wait') return this.#roomFor(queue, signal)
    const message = `queue ${JSON.stringify(name)} is full: ${depth} jobs of ${held} bytes, with limits of ${limits.depth} and ${limits.bytes}; wait, or let enqueue wait with onFull`
    throw new MiniQueueError('QUEUE_FULL', message, { queue: name, outcome: 'absent' })
  }

  #roomFor(queue: DeclaredQueue, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(queue) ?? new Set()
      this.#waiting.set(queue, waiting)
      const wake = (): void => {
        waiting.delete(wake)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      waiting.add(wake)
      signal?.addEventListener('abort', wake)
    })
  }

  #roomOf(queue: DeclaredQueue): Room {
    let room = this.#taken.get(queue)
    if (room === undefined) this.#taken.set(queue, (room = { depth: 0, bytes: 0 }))
    return room
  }
}

function duplicate(existing: NonNullable<Enqueued['existing']>): Pick<Admitted, 'record' | 'told'> {
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
