import { isEnded } from '../job-status.js'
import type { JobBody } from '../records/record-types.js'
import { DueJobs } from '../table/due-jobs.js'
import { type JobExtra, JobTable, hashOfId } from '../table/job-table.js'
import { NumberQueue } from '../table/number-queue.js'
import { QueueLedger } from './queue-ledger.js'
import { type JobEvent, type JobState, isDelayed, transition } from './transition.js'

/** More than can be on their way to the disk at once. */
const COMPLETED_LATELY = 10_000

/** Keeps bodies beside a ledger, or only weighs them. */
export interface BodyKeeper {
  /** A job that has none has this body from now on; returns the bytes that it takes in the journal. */
  keep(slot: number, body: JobBody): number
  drop(slot: number): void
}

/** The jobs of all queues: what each event does to a job, and to those that wait for it. */
export class Jobs {
  readonly table: JobTable = new JobTable()
  readonly due: DueJobs = new DueJobs(this.table)
  readonly #bodies: BodyKeeper
  readonly #queues = new Map<string, QueueLedger>()
  readonly #byIndex: QueueLedger[] = []
  /** From a job to those that wait for it. It may be one that is carried later in the journal. */
  readonly #dependents = new Map<number, Set<number>>()
  /** Jobs that completed last: records that were decided before may still be on their way. */
  readonly #completedLately = new NumberQueue()

  constructor(bodies: BodyKeeper) {
    this.#bodies = bodies
  }

  /** Everything, as JSON. What runs is as it was before: leases are in no journal, and in no snapshot of it. */
  toSnapshot(): unknown {
    const active: [number, JobState][] = []
    for (const slot of this.table) {
      if (this.table.status(slot) === 'active') active.push([slot, this.table.load(slot)])
    }
    for (const [slot, state] of active) {
      this.table.store(slot, { ...state, status: 'waiting', attempt: state.attempt - 1 })
    }
    const table = this.table.toSnapshot()
    for (const [slot, state] of active) this.table.store(slot, state)
    const queues = this.#byIndex.map(({ name, isPaused, pausedSeq }) => {
      return { name, isPaused, pausedSeq }
    })
    return { table, queues }
  }

  /** Makes what is empty what another was. @throws TypeError for what is no snapshot of jobs */
  fromSnapshot(snapshot: unknown): void {
    const { table, queues } = snapshot as { table: unknown; queues: Partial<QueueLedger>[] }
    for (const { name, isPaused, pausedSeq } of queues) {
      if (typeof name !== 'string') throw new TypeError('a queue of a snapshot has no name')
      const queue = this.queue(name)
      queue.isPaused = isPaused === true
      queue.pausedSeq = pausedSeq ?? 0
    }
    this.table.fromSnapshot(table)
    const ended: number[] = []
    for (const slot of this.table) {
      const { waitsFor, isBlocking } = this.table.extra(slot) ?? {}
      if (waitsFor !== undefined) this.#dependOn(slot, [...waitsFor])
      if (isBlocking === true) {
        this.table.extraToChange(slot).isBlocking = false
        this.queueOf(slot).ready.block(slot)
      }
      if (!isEnded(this.table.status(slot))) this.#place(slot)
      else ended.push(slot)
    }
    // What ended first is let go first.
    ended.sort((a, b) => this.table.endSeq(a) - this.table.endSeq(b))
    for (const slot of ended) this.#place(slot)
  }

  /** The queue of that name, which from now on exists. */
  queue(name: string): QueueLedger {
    let queue = this.#queues.get(name)
    if (queue === undefined) {
      queue = new QueueLedger(name, this.#byIndex.length, this.table)
      this.#queues.set(name, queue)
      this.#byIndex.push(queue)
    }
    return queue
  }

  /** All queues, in the order in which they came. */
  get queues(): readonly QueueLedger[] {
    return this.#byIndex
  }

  queueOf(slot: number): QueueLedger {
    const queue = this.#byIndex[this.table.queue(slot)]
    if (queue === undefined) throw new Error('miniqueue: broken invariant: a job has a queue')
    return queue
  }

  /** A row for the job `of`, whose body is in the record `bodySeq`. It has no status yet. */
  add(of: number, bodySeq: number, body: JobBody): number {
    const queue = this.queue(body.queue)
    const hash = body.id === undefined ? undefined : hashOfId(body.queue, body.id)
    const slot = this.table.add(of, queue.index, hash)
    this.table.setPriority(slot, body.priority ?? 0)
    this.table.setBody(slot, bodySeq, this.#bodies.keep(slot, body))
    if (body.group !== undefined) this.table.extraToChange(slot).group = body.group
    if (body.dedup !== undefined) this.table.extraToChange(slot).dedup = body.dedup
    if (body.dependsOn !== undefined) this.#dependOn(slot, body.dependsOn)
    return slot
  }

  /** Its body is in another record from now on. */
  rewrite(slot: number, bodySeq: number, body: JobBody): void {
    const before = this.table.bytes(slot)
    this.#bodies.drop(slot)
    this.table.setBody(slot, bodySeq, this.#bodies.keep(slot, body))
    const { status } = this.table.load(slot)
    if (!isEnded(status)) this.queueOf(slot).pendingBytes += this.table.bytes(slot) - before
  }

  /** A job begins its life here: it waits for its time, for others, or for nothing. */
  enter(slot: number, state: JobState, nowMs: number): void {
    const isBlocked = (this.table.extra(slot)?.waitsFor?.size ?? 0) > 0
    const pending = isDelayed(state, nowMs) ? 'delayed' : 'waiting'
    this.table.store(slot, { ...state, status: isBlocked ? 'blocked' : pending })
    this.#place(slot)
  }

  /** A job holds up its group until its time has come. */
  block(slot: number): void {
    if (this.table.status(slot) === 'delayed') this.queueOf(slot).ready.block(slot)
  }

  /** A job that had ended before its record here was written. */
  enterEnded(slot: number, state: JobState, endSeq: number): void {
    this.table.store(slot, state)
    this.table.setEndSeq(slot, endSeq)
    this.#place(slot)
  }

  /** Whether the event did anything. */
  change(slot: number, event: JobEvent): boolean {
    const before = this.table.load(slot)
    const after = transition(before, event)
    if (after === before) return false
    this.#unplace(slot)
    if (after === undefined) this.#release(slot)
    else {
      this.table.store(slot, after)
      if (event.kind === 'nack' && after.status === 'delayed') this.block(slot)
      else if (after.status !== 'delayed') this.queueOf(slot).ready.unblock(slot)
      this.#place(slot)
    }
    return true
  }

  /** An event that ends a job. Its time is from then on when it ended. */
  end(seq: number, slot: number, event: JobEvent, endedMs: number, extra?: JobExtra): boolean {
    if (!this.change(slot, event)) return false
    this.table.setDueMs(slot, endedMs)
    this.table.setEndSeq(slot, seq)
    if (extra !== undefined) Object.assign(this.table.extraToChange(slot), extra)
    return true
  }

  /** Those that waited for this one, known here or not, wait no longer for it. */
  complete(of: number, atMs: number): void {
    this.#completedLately.add(of)
    const oldest = this.#completedLately.first()
    if (oldest !== undefined && this.#completedLately.size > COMPLETED_LATELY) {
      this.#completedLately.delete(oldest)
    }
    const dependents = this.#dependents.get(of)
    if (dependents === undefined) return
    for (const seq of dependents) {
      const slot = this.table.ofSeq(seq)
      if (slot === undefined) continue
      const { waitsFor } = this.table.extraToChange(slot)
      waitsFor?.delete(of)
      if (waitsFor?.size === 0) this.change(slot, { kind: 'unblock', atMs })
    }
    this.#dependents.delete(of)
  }

  /** A job may have completed while another that waits for it was on its way to the disk. */
  #hasCompleted(of: number): boolean {
    const slot = this.table.ofSeq(of)
    if (slot === undefined) return this.#completedLately.has(of)
    return this.table.status(slot) === 'completed'
  }

  setPriority(slot: number, priority: number): void {
    this.#unplace(slot)
    this.table.setPriority(slot, priority)
    this.#place(slot)
  }

  /** Lets go of a job that has ended and is kept no longer. */
  forget(slot: number): void {
    this.#unplace(slot)
    this.#release(slot)
  }

  /** Jobs whose time has come are ready from now on. */
  advance(nowMs: number, wallMs: number): void {
    for (;;) {
      const slot = this.due.takeDue(nowMs, wallMs)
      if (slot === undefined) return
      // It is in no heap any more, where `change` looks for it.
      this.change(slot, { kind: 'due' })
    }
  }

  #release(slot: number): void {
    const { waitsFor } = this.table.extra(slot) ?? {}
    for (const of of waitsFor ?? []) this.#dependents.get(of)?.delete(this.table.seq(slot))
    this.queueOf(slot).ready.unblock(slot)
    this.#bodies.drop(slot)
    this.table.remove(slot)
  }

  #dependOn(slot: number, dependencies: readonly number[]): void {
    const open = dependencies.filter((of) => !this.#hasCompleted(of))
    this.table.extraToChange(slot).waitsFor = new Set(open)
    for (const of of open) {
      const dependents = this.#dependents.get(of) ?? new Set()
      this.#dependents.set(of, dependents.add(this.table.seq(slot)))
    }
  }

  /** Counts a job, and puts it where its status belongs. */
  #place(slot: number): void {
    const queue = this.queueOf(slot)
    const status = this.table.status(slot)
    queue.counts[status] += 1
    if (!isEnded(status)) queue.pendingBytes += this.table.bytes(slot)
    switch (status) {
      case 'waiting': {
        const extra = this.table.extra(slot)
        if (extra?.group !== undefined && extra.placeMs === undefined) {
          this.table.extraToChange(slot).placeMs = this.table.dueMs(slot)
        }
        return queue.ready.add(slot)
      }
      case 'delayed':
        return this.due.add(slot)
      case 'active':
        return queue.ready.begin(slot)
      case 'completed':
      case 'dead':
      case 'cancelled':
        this.#bodies.drop(slot)
        queue.ended[status].add(slot)
        return
      case 'blocked':
    }
  }

  #unplace(slot: number): void {
    const queue = this.queueOf(slot)
    const status = this.table.status(slot)
    queue.counts[status] -= 1
    if (!isEnded(status)) queue.pendingBytes -= this.table.bytes(slot)
    switch (status) {
      case 'waiting':
        return queue.ready.remove(slot)
      case 'delayed':
        return this.due.remove(slot)
      case 'active':
        return queue.ready.end(slot)
      case 'completed':
      case 'dead':
      case 'cancelled':
        queue.ended[status].delete(slot)
        return
      case 'blocked':
    }
  }
}
