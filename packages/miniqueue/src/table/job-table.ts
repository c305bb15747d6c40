import { JOB_STATUSES } from '../job-status.js'
import { hash } from 'node:crypto'
import type { DeathReason, JobError, JobStatus, PreviousDelivery } from '../job-types.js'
import type { JobState } from '../ledger/transition.js'
import type { DedupMark } from '../records/record-types.js'
import { Column } from './columns.js'
import { SlotTable, hashOfNumber } from './slot-table.js'

/** What few jobs have, and so has no column. */
export interface JobExtra {
  group?: string
  /** Where it stands in its group: when it could first run. */
  placeMs?: number
  /** A failed job of a group, which holds up the others until it has run. */
  isBlocking?: boolean
  /** Numbers of the jobs that it waits for. */
  waitsFor?: Set<number>
  dedup?: DedupMark
  memo?: unknown
  previous?: PreviousDelivery
  reason?: DeathReason
  error?: JobError
}

/** The 16 bytes by which an id is remembered, as four numbers. */
export type IdHash = readonly [number, number, number, number]

const NO_ID: IdHash = [0, 0, 0, 0]

/** Half of a SHA-256 of a queue's name and an id. */
export function hashOfId(queue: string, id: string): IdHash {
  const digest = hash('sha256', `${queue}\0${id}`, 'buffer')
  return [
    digest.readUInt32LE(0),
    digest.readUInt32LE(4),
    digest.readUInt32LE(8),
    digest.readUInt32LE(12),
  ]
}

/**
 * All jobs that are known, a row each, in columns of numbers: under 100 bytes a job, however many. A row is
 * called by its slot, which is given to another job when this one is gone.
 */
export class JobTable {
  readonly positions: Column = new Column(Uint32Array)
  readonly #seq = new Column(Float64Array)
  readonly #bodySeq = new Column(Float64Array)
  readonly #originSeq = new Column(Float64Array)
  readonly #endSeq = new Column(Float64Array)
  readonly #bytes = new Column(Uint32Array)
  readonly #status = new Column(Uint8Array)
  readonly #queue = new Column(Uint16Array)
  readonly #priority = new Column(Int32Array)
  readonly #due = new Column(Float64Array)
  readonly #delay = new Column(Float32Array)
  readonly #attempt = new Column(Uint32Array)
  readonly #failures = new Column(Uint16Array)
  readonly #crashes = new Column(Uint8Array)
  readonly #id = [0, 1, 2, 3].map(() => new Column(Uint32Array))
  readonly #extras = new Map<number, JobExtra>()
  readonly #bySeq = new SlotTable((slot) => hashOfNumber(this.#seq.get(slot)))
  readonly #byId = new SlotTable((slot) => this.#id[0]?.get(slot) ?? 0)
  readonly #free: number[] = []
  #slots = 0
  #liveBytes = 0

  /** Jobs, whatever their status. */
  get count(): number {
    return this.#slots - this.#free.length
  }

  /** Bytes of the records that hold these jobs' bodies: what a journal cannot do without. */
  get liveBytes(): number {
    return this.#liveBytes
  }

  /** Takes a row for a new job. */
  add(seq: number, queue: number, idHash: IdHash | undefined): number {
    const slot = this.#free.pop() ?? this.#slots++
    this.#seq.set(slot, seq)
    this.#queue.set(slot, queue)
    this.#bySeq.add(slot)
    if (idHash !== undefined) {
      this.#setId(slot, idHash)
      this.#byId.add(slot)
    }
    return slot
  }

  remove(slot: number): void {
    this.#bySeq.remove(slot)
    if (this.hasId(slot)) {
      this.#byId.remove(slot)
      this.#setId(slot, NO_ID)
    }
    this.setBody(slot, this.#seq.get(slot), 0)
    this.#seq.set(slot, 0)
    this.#originSeq.set(slot, 0)
    this.#endSeq.set(slot, 0)
    this.#extras.delete(slot)
    this.#free.push(slot)
  }

  ofSeq(seq: number): number | undefined {
    return this.#bySeq.find(hashOfNumber(seq), (slot) => this.#seq.get(slot) === seq)
  }

  /** The newest job whose id has this hash: one that has ended long ago may have had it too. */
  ofId(wanted: IdHash): number | undefined {
    let newest: number | undefined
    this.#byId.find(wanted[0], (slot) => {
      const isSame = this.#id.every((column, index) => column.get(slot) === wanted[index])
      if (isSame && (newest === undefined || this.seq(slot) > this.seq(newest))) newest = slot
      return false
    })
    return newest
  }

  /** Whether the caller gave it an id. */
  hasId(slot: number): boolean {
    for (const column of this.#id) if (column.get(slot) !== 0) return true
    return false
  }

  /** The hash of the id that the caller gave it. */
  idHash(slot: number): IdHash | undefined {
    if (!this.hasId(slot)) return undefined
    const [a = 0, b = 0, c = 0, d = 0] = this.#id.map((column) => column.get(slot))
    return [a, b, c, d]
  }

  #setId(slot: number, idHash: IdHash): void {
    this.#id.forEach((column, index) => column.set(slot, idHash[index] ?? 0))
  }

  /** The slots that are taken, in no order. */
  *[Symbol.iterator](): Generator<number> {
    for (let slot = 0; slot < this.#slots; slot++) if (this.#seq.get(slot) !== 0) yield slot
  }

  /** Everything, as JSON; see {@link JobTable.fromSnapshot}. */
  toSnapshot(): unknown {
    const extras = [...this.#extras].map(([slot, { waitsFor, ...extra }]) => {
      return [slot, { ...extra, ...(waitsFor && { waitsFor: [...waitsFor] }) }]
    })
    return { slots: this.#slots, columns: this.#columns().map((column) => column.toText()), extras }
  }

  /** Makes an empty table what another was. @throws TypeError for what is no snapshot of a table */
  fromSnapshot(snapshot: unknown): void {
    const { slots, columns, extras } = snapshot as Record<string, unknown>
    if (!Number.isSafeInteger(slots) || !Array.isArray(columns) || !Array.isArray(extras)) {
      throw new TypeError('not the snapshot of a table of jobs')
    }
    this.#slots = slots as number
    this.#columns().forEach((column, index) => column.fromText(columns[index]))
    for (const [slot, { waitsFor, ...extra }] of extras as [number, { waitsFor?: number[] }][]) {
      this.#extras.set(slot, { ...extra, ...(waitsFor && { waitsFor: new Set(waitsFor) }) })
    }
    for (let slot = this.#slots - 1; slot >= 0; slot--) {
      if (this.#seq.get(slot) !== 0) continue
      this.#free.push(slot)
      this.#setId(slot, NO_ID) // an older index may have left there what its last job had
    }
    // Not so the table of ids: most jobs may have none.
    this.#bySeq.reserve(this.#slots - this.#free.length)
    for (const slot of this) {
      this.#liveBytes += this.#bytes.get(slot)
      this.#bySeq.add(slot)
      if (this.hasId(slot)) this.#byId.add(slot)
    }
  }

  /** In the order in which a snapshot has them. */
  #columns(): readonly Column[] {
    return [
      this.#seq,
      this.#bodySeq,
      this.#originSeq,
      this.#endSeq,
      this.#bytes,
      this.#status,
      this.#queue,
      this.#priority,
      this.#due,
      this.#delay,
      this.#attempt,
      this.#failures,
      this.#crashes,
      ...this.#id,
    ] as unknown as readonly Column[]
  }

  load(slot: number): JobState {
    return {
      status: this.status(slot),
      attempt: this.#attempt.get(slot),
      failures: this.#failures.get(slot),
      crashes: this.#crashes.get(slot),
      dueMs: this.#due.get(slot),
      delayMs: this.#delay.get(slot),
    }
  }

  store(slot: number, state: JobState): void {
    this.#status.set(slot, JOB_STATUSES.indexOf(state.status))
    this.#attempt.set(slot, state.attempt)
    this.#failures.set(slot, Math.min(state.failures, 0xffff))
    this.#crashes.set(slot, Math.min(state.crashes, 0xff))
    this.#due.set(slot, state.dueMs)
    this.#delay.set(slot, state.delayMs)
  }

  seq(slot: number): number {
    return this.#seq.get(slot)
  }

  status(slot: number): JobStatus {
    return JOB_STATUSES[this.#status.get(slot)] ?? 'waiting'
  }

  queue(slot: number): number {
    return this.#queue.get(slot)
  }

  priority(slot: number): number {
    return this.#priority.get(slot)
  }

  setPriority(slot: number, priority: number): void {
    this.#priority.set(slot, priority)
  }

  dueMs(slot: number): number {
    return this.#due.get(slot)
  }

  /** Whether it waits for a time of the wall clock, not for some time to pass. */
  isByWallClock(slot: number): boolean {
    return this.#delay.get(slot) === Number.POSITIVE_INFINITY
  }

  setDueMs(slot: number, dueMs: number): void {
    this.#due.set(slot, dueMs)
  }

  attempt(slot: number): number {
    return this.#attempt.get(slot)
  }

  crashes(slot: number): number {
    return this.#crashes.get(slot)
  }

  /** The number of the record that holds the job's body. */
  bodySeq(slot: number): number {
    return this.#bodySeq.get(slot) || this.#seq.get(slot)
  }

  /** The number of the record from which the journal tells this job: its enqueue, or the last carry. */
  originSeq(slot: number): number {
    return this.#originSeq.get(slot) || this.#seq.get(slot)
  }

  setOriginSeq(slot: number, seq: number): void {
    this.#originSeq.set(slot, seq === this.#seq.get(slot) ? 0 : seq)
  }

  /** The number of the record that ended it. */
  endSeq(slot: number): number {
    return this.#endSeq.get(slot)
  }

  setEndSeq(slot: number, seq: number): void {
    this.#endSeq.set(slot, seq)
  }

  bytes(slot: number): number {
    return this.#bytes.get(slot)
  }

  /** `bytes`: of that record. */
  setBody(slot: number, seq: number, bytes: number): void {
    this.#liveBytes += bytes - this.#bytes.get(slot)
    this.#bodySeq.set(slot, seq === this.#seq.get(slot) ? 0 : seq)
    this.#bytes.set(slot, bytes)
  }

  /** What it has beside the columns, to be read. */
  extra(slot: number): Readonly<JobExtra> | undefined {
    return this.#extras.get(slot)
  }

  /** The same to be changed. */
  extraToChange(slot: number): JobExtra {
    let extra = this.#extras.get(slot)
    if (extra === undefined) this.#extras.set(slot, (extra = {}))
    return extra
  }
}
