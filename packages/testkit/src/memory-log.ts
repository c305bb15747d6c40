import type {
  AppendOptions,
  AppendedRange,
  Batch,
  DropReport,
  Entry,
  Followed,
  Log,
  LogLimits,
  LogRange,
} from '@mini-rs/ministore'
import { type Choices, SeededChoices } from './choices.js'
import { recordText } from './json-text.js'
import { LogError } from './log-error.js'
import { type Appended, type Condition, type LogView, SharedRecords } from './shared-records.js'

const DEFAULT_LIMITS: LogLimits = Object.freeze({
  maxRecordBytes: 64 * 1024,
  maxBatchBytes: 256 * 1024,
  maxBatchRecords: 1000,
})
const MOST_TURNS = 4

/** What becomes of an append instead of success. */
export type MemoryLogFault =
  /** Rejects with `OUTCOME_UNKNOWN`; whether it is in the log is chosen where it is not said. */
  | { readonly kind: 'unknown'; readonly isWritten?: boolean }
  /** Rejects with `UNAVAILABLE`; nothing is written. */
  | { readonly kind: 'unavailable' }
  /** Somebody else's record gets in right before it: with `expectedSeq`, a conflict. */
  | { readonly kind: 'rival'; readonly record: unknown }

/** How a {@link MemoryCluster} behaves. */
export interface MemoryClusterOptions {
  /** Decides on gaps, turns taken, kept records and faults. Default 1. */
  readonly seed?: number
  readonly limits?: Partial<LogLimits>
  /** One append in so many has an unknown outcome. Default: none. */
  readonly unknownOneIn?: number
  /** One append in so many is refused with `UNAVAILABLE`. Default: none. */
  readonly unavailableOneIn?: number
}

/** What all handles of a cluster share. */
interface Shared {
  readonly records: SharedRecords
  readonly choices: Choices
  readonly limits: LogLimits
  readonly options: MemoryClusterOptions
}

/** A log in memory that any number of writers share, as on a cluster. */
export class MemoryCluster<R> {
  readonly #shared: Shared

  constructor(options: MemoryClusterOptions = {}) {
    const choices = new SeededChoices(options.seed ?? 1)
    const limits = Object.freeze({ ...DEFAULT_LIMITS, ...options.limits })
    this.#shared = { records: new SharedRecords(choices), choices, limits, options }
  }

  /** One more writer on the same log. */
  connect(): MemoryLog<R> {
    return new MemoryLog<R>(this.#shared)
  }
}

/**
 * One writer's handle on a {@link MemoryCluster}. Promises what the port promises and no more:
 * numbers have gaps, somebody else may append at any moment, its own view of the log lags until it
 * asks, and an append can fail without saying whether it is there.
 */
export class MemoryLog<R> implements Log<R> {
  readonly gapless = false
  readonly exclusive = false
  readonly durability = 'quorum'
  readonly limits: LogLimits
  readonly #shared: Shared
  readonly #records: SharedRecords
  readonly #faults: MemoryLogFault[] = []
  // What this handle has heard: others append behind its back.
  #view: LogView
  // Calls of one handle arrive in their order.
  #lastCall: Promise<unknown> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(shared: Shared) {
    this.#shared = shared
    this.#records = shared.records
    this.limits = shared.limits
    this.#view = shared.records.view
  }

  /** A log of its own, to which further writers can connect. */
  static cluster<R>(options: MemoryClusterOptions = {}): MemoryCluster<R> {
    return new MemoryCluster<R>(options)
  }

  get firstSeq(): number {
    return this.#view.firstSeq
  }

  get lastSeq(): number {
    return this.#view.lastSeq
  }

  get durableSeq(): number {
    return this.#view.lastSeq
  }

  get droppedThroughSeq(): number {
    return this.#view.droppedThroughSeq
  }

  /** What becomes of this handle's next append; several are taken in their order. */
  failNext(fault: MemoryLogFault): void {
    this.#faults.push(fault)
  }

  async append(record: R, options: AppendOptions = {}): Promise<number> {
    const { first } = await this.#send([record], options)
    return first
  }

  async appendMany(records: readonly R[], options: AppendOptions = {}): Promise<AppendedRange> {
    if (!Array.isArray(records)) throw new TypeError('records must be an array')
    if (records.length === 0) throw new RangeError('records must not be empty')
    const { first, last } = await this.#send(records, options)
    return { first, last }
  }

  async appendOnce(
    record: R,
    options: AppendOptions & { readonly id: string },
  ): Promise<{ readonly seq: number; readonly duplicate: boolean }> {
    if (typeof options.id !== 'string' || options.id === '') {
      throw new TypeError('id must be a string that is not empty')
    }
    const { first, duplicate } = await this.#send([record], options)
    return { seq: first, duplicate }
  }

  async read(seq: number): Promise<R | undefined> {
    assertWhole('seq', seq, 1)
    const [entry] = await this.#select({ from: seq, to: seq })
    return entry?.record
  }

  async *entries(range: LogRange = {}): AsyncGenerator<Entry<R>, void> {
    range.signal?.throwIfAborted()
    for (const entry of await this.#select(range)) {
      range.signal?.throwIfAborted()
      yield entry
    }
  }

  async *batches(range: LogRange = {}): AsyncGenerator<Batch<R>, void> {
    range.signal?.throwIfAborted()
    const entries = await this.#select(range)
    for (let start = 0; start < entries.length;) {
      range.signal?.throwIfAborted()
      const run = consecutive(entries, start, 1 + this.#shared.choices.choose(8))
      start += run.length
      const records = run.map(({ record }) => record)
      yield { firstSeq: run[0]?.seq ?? 0, records, commitEnd: run.at(-1)?.commitEnd === true }
    }
  }

  async *follow(range: Omit<LogRange, 'to'> = {}): AsyncGenerator<Followed<R>, void> {
    const { signal } = range
    assertWhole('from', range.from, 1)
    let next = range.from
    let announced: number | undefined
    const isOver = (): boolean => signal?.aborted === true
    while (!isOver()) {
      const { version } = this.#records
      next ??= this.#records.view.firstSeq
      for (const entry of await this.#select({ from: next })) {
        if (isOver()) return
        yield { kind: 'record', ...entry }
        next = entry.seq + 1
      }
      if (isOver()) return
      if (announced !== next - 1) yield { kind: 'caughtUp', seq: next - 1 }
      announced = next - 1
      if (version === this.#records.version) await this.#records.nextChange(signal)
    }
  }

  async flush(): Promise<void> {
    this.#assertOpen()
    await this.#inOrder(() => this.#turns())
  }

  async dropBefore(seq: number): Promise<DropReport> {
    assertWhole('seq', seq, 1)
    this.#assertOpen()
    return this.#inOrder(async () => {
      await this.#turns()
      const report = this.#records.dropBefore(seq)
      this.#view = this.#records.view
      return report
    })
  }

  close(): Promise<void> {
    this.#closed ??= this.#lastCall.then(() => this.#records.changed())
    return this.#closed
  }

  async #send(records: readonly R[], condition: Condition): Promise<Appended> {
    this.#assertOpen()
    assertWhole('expectedSeq', condition.expectedSeq, 0)
    const texts = records.map((record) => recordText(record))
    this.#assertWithinLimits(texts)
    return this.#inOrder(() => this.#arrive(texts, condition))
  }

  async #arrive(texts: readonly string[], condition: Condition): Promise<Appended> {
    await this.#turns()
    const fault = this.#faults.shift() ?? this.#chosenFault()
    if (fault?.kind === 'unavailable') throw unavailable()
    if (fault?.kind === 'rival') this.#records.append([recordText(fault.record)], {})
    if (fault?.kind === 'unknown') throw this.#lose(texts, condition, fault.isWritten)
    const appended = this.#records.append(texts, condition)
    await this.#turns()
    const lastSeq = Math.max(this.#view.lastSeq, appended.last)
    const isEmpty = this.#view.firstSeq > this.#view.lastSeq
    this.#view = {
      ...this.#view,
      firstSeq: isEmpty ? appended.first : this.#view.firstSeq,
      lastSeq,
    }
    return appended
  }

  /** An append whose answer never comes; on the way there or on the way back. */
  #lose(texts: readonly string[], condition: Condition, isWritten?: boolean): LogError {
    let cause: unknown
    try {
      if (isWritten ?? this.#shared.choices.choose(2) === 1) this.#records.append(texts, condition)
    } catch (error) {
      cause = error // a conflict, of which the caller does not hear either
    }
    const message = 'no answer came; the append may be in the log: repeat it with the same id'
    return new LogError('OUTCOME_UNKNOWN', message, { outcome: 'unknown', cause })
  }

  #chosenFault(): MemoryLogFault | undefined {
    const { choices, options } = this.#shared
    const isHit = (oneIn: number | undefined): boolean =>
      oneIn !== undefined && choices.choose(oneIn) === oneIn - 1
    if (isHit(options.unknownOneIn)) return { kind: 'unknown' }
    return isHit(options.unavailableOneIn) ? { kind: 'unavailable' } : undefined
  }

  async #select({ from, to }: LogRange): Promise<Entry<R>[]> {
    assertWhole('from', from, 1)
    assertWhole('to', to, 0)
    this.#assertOpen()
    await this.#turns()
    this.#view = this.#records.view
    const records = this.#records.range(from ?? this.#view.firstSeq, to ?? this.#view.lastSeq)
    return records.map(({ seq, text, commitEnd }) => {
      return { seq, record: JSON.parse(text) as R, commitEnd }
    })
  }

  #assertWithinLimits(texts: readonly string[]): void {
    const { maxRecordBytes, maxBatchBytes, maxBatchRecords } = this.limits
    const sizes = texts.map((text) => Buffer.byteLength(text))
    assertAtMost('limits.maxBatchRecords', texts.length, maxBatchRecords)
    for (const sizeBytes of sizes) assertAtMost('limits.maxRecordBytes', sizeBytes, maxRecordBytes)
    const total = sizes.reduce((sum, sizeBytes) => sum + sizeBytes, 0)
    assertAtMost('limits.maxBatchBytes', total, maxBatchBytes)
  }

  #assertOpen(): void {
    if (this.#closed === undefined) return
    const message = 'this handle is closed; connect again'
    throw new LogError('STORE_CLOSED', message, { outcome: 'absent' })
  }

  #inOrder<T>(call: () => Promise<T>): Promise<T> {
    const answer = this.#lastCall.then(call)
    this.#lastCall = answer.catch(() => {}) // the caller has it; here only the order counts
    return answer
  }

  /** The way to the cluster, or back: others get their turn meanwhile. */
  async #turns(): Promise<void> {
    for (let left = this.#shared.choices.choose(MOST_TURNS); left > 0; left--) await undefined
  }
}

function consecutive<R>(entries: readonly Entry<R>[], start: number, most: number): Entry<R>[] {
  const run = entries.slice(start, start + most)
  const first = run[0]?.seq ?? 0
  const gap = run.findIndex(({ seq }, index) => seq !== first + index)
  return gap === -1 ? run : run.slice(0, gap)
}

function unavailable(): LogError {
  return new LogError('UNAVAILABLE', 'the cluster has no leader; later', { outcome: 'absent' })
}

function assertAtMost(name: string, value: number, limit: number): void {
  if (value <= limit) return
  const message = `the append has ${value}, and ${name} is ${limit}`
  throw new LogError('RECORD_TOO_LARGE', message, { outcome: 'absent' })
}

function assertWhole(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return
  throw new RangeError(`${name} must be a whole number from ${least}, not ${value}`)
}
