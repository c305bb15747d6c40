import { isEnded } from '../job-status.js'
import type {
  CarryRecord,
  CrashRecord,
  DedupMark,
  EnqueueRecord,
  NackRecord,
  PurgeRecord,
  QueueRecord,
  ReleaseRecord,
  SeenRecord,
  UpdateRecord,
} from '../records/record-types.js'
import { type DedupWindow, FinishedWindow } from '../table/finished-window.js'
import type { JobExtra } from '../table/job-table.js'
import { type BodyKeeper, Jobs } from './jobs.js'
import { type ScheduleState, Schedules } from './schedules.js'
import type { JobEvent, JobState } from './transition.js'

/** A key that makes duplicates, and the newest job that has it. */
export interface SeenKey {
  readonly of: number
  readonly mark: DedupMark
}

/** What the journal says, in memory: changed by durable records, and by leases, which are in none. */
export class Ledger {
  readonly jobs: Jobs
  readonly finished: FinishedWindow
  readonly schedules: Schedules = new Schedules()
  readonly values: Map<string, { readonly value: unknown; readonly seq: number }> = new Map()
  readonly #keys = new Map<string, SeenKey>()
  #crashesInRow = 0
  #crashSeq = 0
  #newestMs = 0

  constructor(bodies: BodyKeeper, window: DedupWindow) {
    this.jobs = new Jobs(bodies)
    this.finished = new FinishedWindow(window)
  }

  /** Unclean ends in a row, up to the last opening. */
  get crashesInRow(): number {
    return this.#crashesInRow
  }

  /** The number of the record that says so. */
  get crashSeq(): number {
    return this.#crashSeq
  }

  /** The newest time in any record. */
  get newestMs(): number {
    return this.#newestMs
  }

  /** The newest job with a key that makes duplicates. */
  key(queue: string, key: string): SeenKey | undefined {
    return this.#keys.get(`${queue}\0${key}`)
  }

  /** All of them. */
  get keys(): ReadonlyMap<string, SeenKey> {
    return this.#keys
  }

  /** Everything, as JSON: what {@link Ledger.fromSnapshot} takes. */
  toSnapshot(): unknown {
    return {
      jobs: this.jobs.toSnapshot(),
      finished: this.finished.toSnapshot(),
      schedules: this.schedules.all(),
      values: [...this.values],
      keys: [...this.#keys],
      crashesInRow: this.#crashesInRow,
      crashSeq: this.#crashSeq,
      newestMs: this.#newestMs,
    }
  }

  /** Makes an empty ledger what another was. @throws TypeError for what is no snapshot of a ledger */
  fromSnapshot(snapshot: unknown): void {
    const state = snapshot as {
      readonly jobs: unknown
      readonly finished: unknown
      readonly schedules: readonly ScheduleState[]
      readonly values: readonly (readonly [
        string,
        { readonly value: unknown; readonly seq: number },
      ])[]
      readonly keys: readonly (readonly [string, SeenKey])[]
      readonly crashesInRow: number
      readonly crashSeq: number
      readonly newestMs: number
    }
    this.jobs.fromSnapshot(state.jobs)
    this.finished.fromSnapshot(state.finished)
    this.schedules.restore(state.schedules)
    for (const [key, value] of state.values) this.values.set(key, value)
    for (const [name, key] of state.keys) this.#keys.set(name, key)
    this.#crashesInRow = state.crashesInRow
    this.#crashSeq = state.crashSeq
    this.#newestMs = state.newestMs
  }

  /** Lets go of keys that make no duplicates any more. */
  forgetKeys(nowMs: number): void {
    for (const [name, { of, mark }] of this.#keys) {
      const slot = this.jobs.table.ofSeq(of)
      const status = slot === undefined ? undefined : this.jobs.table.status(slot)
      const isLive = status !== undefined && !isEnded(status)
      if (!isLive && (mark.untilMs ?? 0) <= nowMs) this.#keys.delete(name)
    }
  }

  /** Applies a record that is durable. `nowMs`: the queue's time. Total: what does not fit changes nothing. */
  apply(seq: number, record: QueueRecord, nowMs: number): void {
    if ('enqueue' in record) this.#enqueue(seq, record.enqueue, nowMs)
    else if ('ack' in record) {
      const { of, attempt, startMs, tookMs } = record.ack
      this.#end(seq, of, { kind: 'ack', attempt }, startMs + tookMs)
    } else if ('nack' in record) this.#nack(record.nack, nowMs)
    else if ('dead' in record) {
      const { of, attempt, reason, error, atMs, counts: mayCount = true } = record.dead
      // The delivery that used up the attempts failed as those before it.
      const counts = mayCount && (reason === 'attempts' || reason === 'nonRetryable')
      const extra = { reason, ...(error && { error }) }
      this.#end(seq, of, { kind: 'dead', attempt, counts }, atMs, extra)
    } else if ('cancel' in record) {
      const { of, attempt, atMs } = record.cancel
      this.#end(seq, of, { kind: 'cancel', attempt }, atMs)
    } else if ('carry' in record) this.#carry(seq, record.carry, nowMs)
    else if ('memo' in record) this.#memo(record.memo.of, record.memo.memo)
    else if ('update' in record) this.#update(seq, record.update)
    else if ('release' in record) this.#release(record.release)
    else if ('crash' in record) this.#crash(seq, record.crash)
    else if ('purge' in record) this.#purge(seq, record.purge)
    else if ('retry' in record) this.#retry(record.retry.jobs, record.retry.atMs)
    else if ('redrive' in record) this.#retry(record.redrive.jobs, record.redrive.atMs)
    else this.#applyBesideJobs(seq, record, nowMs)
  }

  #applyBesideJobs(seq: number, record: QueueRecord, nowMs: number): void {
    if ('tick' in record) {
      this.schedules.tick(seq, record.tick)
      if (record.tick.job !== undefined) this.#enqueue(seq, record.tick.job, nowMs)
    } else if ('schedule' in record) this.schedules.define(seq, record.schedule)
    else if ('pause' in record) this.#pause(record.pause.queue, true, seq)
    else if ('resume' in record) this.#pause(record.resume.queue, false, seq)
    else if ('put' in record) this.values.set(record.put.key, { value: record.put.value, seq })
    else if ('seen' in record) this.#seen(record.seen)
  }

  #enqueue(seq: number, record: EnqueueRecord, givenMs: number): void {
    const nowMs = this.#timeAt(record.atMs, givenMs)
    const slot = this.jobs.add(seq, seq, record)
    this.#noteKey(seq, record.queue, record.dedup)
    const delayMs = record.runAtMs === undefined ? (record.delayMs ?? 0) : Number.POSITIVE_INFINITY
    const dueMs = record.runAtMs ?? record.atMs + delayMs
    const state = { attempt: 0, failures: 0, crashes: 0, dueMs, delayMs }
    this.jobs.enter(slot, { status: 'waiting', ...state }, nowMs)
  }

  #carry(seq: number, record: CarryRecord, givenMs: number): void {
    const nowMs = this.#timeAt(record.atMs, givenMs)
    const known = this.jobs.table.ofSeq(record.of)
    // It says nothing new of a job that is known; its body can be read here from now on.
    if (known !== undefined) {
      this.jobs.table.setOriginSeq(known, seq)
      if (record.status !== 'pending') this.jobs.table.setEndSeq(known, seq)
      return this.jobs.rewrite(known, seq, record)
    }
    const slot = this.jobs.add(record.of, seq, record)
    this.jobs.table.setOriginSeq(slot, seq)
    this.#noteKey(record.of, record.queue, record.dedup)
    const { attempt, failures, crashes, memo, previous, reason, error, placeMs, endedMs } = record
    const extra = { memo, previous, reason, error, placeMs }
    const given = Object.entries(extra).filter(([, value]) => value !== undefined)
    if (given.length > 0)
      Object.assign(this.jobs.table.extraToChange(slot), Object.fromEntries(given))
    const delayMs = record.runAtMs === undefined ? (record.delayMs ?? 0) : Number.POSITIVE_INFINITY
    const dueMs = Math.min(record.dueMs, nowMs + delayMs)
    const state = { attempt, failures, crashes, dueMs, delayMs }
    if (record.status === 'pending') {
      this.jobs.enter(slot, { status: 'waiting', ...state }, nowMs)
      if (record.blocks === true) this.jobs.block(slot)
      return
    }
    const ended: JobState = { ...state, status: record.status, dueMs: endedMs ?? record.dueMs }
    this.jobs.enterEnded(slot, ended, seq)
    this.#noteFinished(slot, ended.dueMs)
    if (record.status === 'completed') this.jobs.complete(record.of, ended.dueMs)
  }

  #nack(record: NackRecord, givenMs: number): void {
    const slot = this.jobs.table.ofSeq(record.of)
    const endedMs = record.startMs + record.tookMs
    const nowMs = this.#timeAt(endedMs, givenMs)
    if (slot === undefined) return
    const { attempt, counts, delayMs, outcome, error, memo } = record
    const dueMs = Math.min(record.dueMs, nowMs + delayMs)
    const event = { kind: 'nack' as const, attempt, counts, dueMs, delayMs }
    if (!this.jobs.change(slot, { ...event, endedMs: Math.max(endedMs, nowMs) })) return
    const extra = this.jobs.table.extraToChange(slot)
    extra.previous = { attempt, outcome, ...(error && { error }) }
    if (memo !== undefined) extra.memo = memo
  }

  #end(seq: number, of: number, event: JobEvent, endedMs: number, extra?: JobExtra): void {
    this.#noteTime(endedMs)
    const slot = this.jobs.table.ofSeq(of)
    if (slot !== undefined && this.jobs.end(seq, slot, event, endedMs, extra)) {
      this.#noteFinished(slot, endedMs)
    }
    // Known or not: of a job whose records were dropped, others may still wait for this.
    if (event.kind === 'ack') this.jobs.complete(of, endedMs)
  }

  #memo(of: number, memo: unknown): void {
    const slot = this.jobs.table.ofSeq(of)
    if (slot !== undefined) this.jobs.table.extraToChange(slot).memo = memo
  }

  #update(seq: number, { of, atMs, body, priority, dueMs, delayMs }: UpdateRecord): void {
    const slot = this.jobs.table.ofSeq(of)
    if (slot === undefined) return
    if (body !== undefined) {
      this.jobs.rewrite(slot, seq, body)
      this.#noteKey(of, body.queue, body.dedup)
    }
    if (priority !== undefined) this.jobs.setPriority(slot, priority)
    this.jobs.change(slot, { kind: 'update', atMs, dueMs, delayMs })
  }

  #release({ jobs, atMs }: ReleaseRecord): void {
    this.#crashesInRow = 0
    this.#noteTime(atMs)
    for (const { of, attempt } of jobs) {
      const slot = this.jobs.table.ofSeq(of)
      if (slot === undefined || !this.jobs.change(slot, { kind: 'release', attempt })) continue
      this.jobs.table.extraToChange(slot).previous = { attempt, outcome: 'released' }
    }
  }

  #crash(seq: number, { jobs, inRow, atMs }: CrashRecord): void {
    this.#crashesInRow = inRow
    this.#crashSeq = seq
    this.#noteTime(atMs)
    for (const { of, attempt } of jobs) {
      const slot = this.jobs.table.ofSeq(of)
      if (slot === undefined || !this.jobs.change(slot, { kind: 'crash', attempt })) continue
      this.jobs.table.extraToChange(slot).previous = { attempt, outcome: 'crashed' }
    }
  }

  #purge(seq: number, { queue: name, states, except, through = seq }: PurgeRecord): void {
    const { table } = this.jobs
    const queue = this.jobs.queue(name)
    const kept = new Set(except)
    for (const slot of table) {
      if (table.queue(slot) !== queue.index || table.seq(slot) > through) continue
      const status = table.status(slot)
      const state = isEnded(status) ? status : 'pending'
      if (!states.includes(state) || kept.has(table.seq(slot))) continue
      this.jobs.change(slot, { kind: 'purge' })
    }
  }

  #retry(jobs: readonly number[], atMs: number): void {
    this.#noteTime(atMs)
    for (const of of jobs) {
      const slot = this.jobs.table.ofSeq(of)
      if (slot !== undefined) this.jobs.change(slot, { kind: 'retry', atMs })
    }
  }

  #pause(name: string, isPaused: boolean, seq: number): void {
    const queue = this.jobs.queue(name)
    queue.isPaused = isPaused
    queue.pausedSeq = seq
  }

  #seen({ ids, keys }: SeenRecord): void {
    for (const [hash, of, endedMs] of ids) {
      const bytes = Buffer.from(hash, 'base64url')
      if (bytes.length !== 16) continue
      const [a, b, c, d] = [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at))
      this.finished.add({ hash: [a ?? 0, b ?? 0, c ?? 0, d ?? 0], of, endedMs })
    }
    for (const { queue, of, mark } of keys) this.#noteKey(of, queue, mark)
  }

  #noteFinished(slot: number, endedMs: number): void {
    const hash = this.jobs.table.idHash(slot)
    if (hash !== undefined) this.finished.add({ hash, of: this.jobs.table.seq(slot), endedMs })
  }

  #noteKey(of: number, queue: string, mark: DedupMark | undefined): void {
    if (mark !== undefined) this.#keys.set(`${queue}\0${mark.key}`, { of, mark })
  }

  /**
   * The time when a record of `atMs` is applied. It is not before any record, whatever the clock was set to
   * since: so a wait is as long as it was meant to be, and what is left of it never longer.
   */
  #timeAt(atMs: number, givenMs: number): number {
    this.#noteTime(atMs)
    return Math.max(givenMs, this.#newestMs)
  }

  #noteTime(atMs: number): void {
    if (atMs > this.#newestMs) this.#newestMs = atMs
  }
}
