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
import { collect } from './collect.js'

type Once = { readonly seq: number; readonly duplicate: boolean }

/** Passes everything on; the broken ones change one thing. */
export class Faithful implements Log<unknown> {
  readonly gapless: boolean
  readonly exclusive: boolean
  readonly durability: Log<unknown>['durability']
  readonly limits: LogLimits
  protected readonly inner: Log<unknown>

  constructor(inner: Log<unknown>) {
    this.inner = inner
    this.gapless = inner.gapless
    this.exclusive = inner.exclusive
    this.durability = inner.durability
    this.limits = inner.limits
  }

  get firstSeq(): number {
    return this.inner.firstSeq
  }

  get lastSeq(): number {
    return this.inner.lastSeq
  }

  get durableSeq(): number {
    return this.inner.durableSeq
  }

  get droppedThroughSeq(): number {
    return this.inner.droppedThroughSeq
  }

  append(record: unknown, options?: AppendOptions): Promise<number> {
    return this.inner.append(record, options)
  }

  appendMany(records: readonly unknown[], options?: AppendOptions): Promise<AppendedRange> {
    return this.inner.appendMany(records, options)
  }

  appendOnce(record: unknown, options: AppendOptions & { readonly id: string }): Promise<Once> {
    return this.inner.appendOnce?.(record, options) ?? Promise.reject(new Error('no appendOnce'))
  }

  read(seq: number): Promise<unknown> {
    return this.inner.read(seq)
  }

  entries(range?: LogRange): AsyncIterable<Entry<unknown>> {
    return this.inner.entries(range)
  }

  batches(range?: LogRange): AsyncIterable<Batch<unknown>> {
    return this.inner.batches(range)
  }

  follow(range?: Omit<LogRange, 'to'>): AsyncIterable<Followed<unknown>> {
    return this.inner.follow(range)
  }

  flush(): Promise<void> {
    return this.inner.flush()
  }

  dropBefore(seq: number): Promise<DropReport> {
    return this.inner.dropBefore(seq)
  }

  close(): Promise<void> {
    return this.inner.close()
  }
}

class LosesLastOfBatch extends Faithful {
  override appendMany(records: readonly unknown[]): Promise<AppendedRange> {
    return super.appendMany(records.length > 1 ? records.slice(0, -1) : records)
  }
}

class SplitsBatches extends Faithful {
  override async appendMany(
    records: readonly unknown[],
    options: AppendOptions = {},
  ): Promise<AppendedRange> {
    if (records.length === 0) return this.inner.appendMany(records)
    const first = await this.inner.append(records[0], options)
    let last = first
    for (const record of records.slice(1)) last = await this.inner.append(record)
    return { first, last }
  }
}

class TakesEmptyBatches extends Faithful {
  override async appendMany(
    records: readonly unknown[],
    options?: AppendOptions,
  ): Promise<AppendedRange> {
    if (records.length === 0) return { first: this.lastSeq + 1, last: this.lastSeq }
    return this.inner.appendMany(records, options)
  }
}

class IgnoresExpectedSeq extends Faithful {
  override append(record: unknown): Promise<number> {
    return this.inner.append(record)
  }
}

class ComparesItsOwnView extends Faithful {
  override async append(record: unknown, { expectedSeq }: AppendOptions = {}): Promise<number> {
    if (expectedSeq === undefined || expectedSeq === this.inner.lastSeq) {
      return this.inner.append(record)
    }
    return this.inner.append(record, { expectedSeq })
  }
}

class ReusesNumbers extends Faithful {
  #count = 0
  #last = 0

  override async append(record: unknown, options?: AppendOptions): Promise<number> {
    const seq = await this.inner.append(record, options)
    this.#last = ++this.#count % 3 === 0 ? this.#last : seq
    return this.#last
  }
}

class SerialisesLate extends Faithful {
  override async append(record: unknown, options?: AppendOptions): Promise<number> {
    await undefined
    return this.inner.append(record, options)
  }
}

class SharesRecords extends Faithful {
  readonly #cache = new Map<number, unknown>()

  override async read(seq: number): Promise<unknown> {
    if (!this.#cache.has(seq)) this.#cache.set(seq, await this.inner.read(seq))
    return this.#cache.get(seq)
  }
}

class IgnoresIds extends Faithful {
  override async appendOnce(record: unknown, options: AppendOptions): Promise<Once> {
    return { seq: await this.inner.append(record, options), duplicate: false }
  }
}

class HasNoLimits extends Faithful {
  override readonly limits: LogLimits = { ...this.inner.limits, maxRecordBytes: 10 }
}

class LagsBehindItsAnswers extends Faithful {
  #durableSeq = 0

  override get durableSeq(): number {
    const before = this.#durableSeq
    this.#durableSeq = this.inner.durableSeq
    return before
  }
}

class EndsRangesTooEarly extends Faithful {
  override entries(range: LogRange = {}): AsyncIterable<Entry<unknown>> {
    if (range.to === undefined || range.to < 2) return this.inner.entries(range)
    return this.inner.entries({ ...range, to: range.to - 1 })
  }
}

class ReadsWithoutEnd extends Faithful {
  override async *entries(range: LogRange = {}): AsyncGenerator<Entry<unknown>, void> {
    let { from } = range
    for (;;) {
      const entries = await collect(
        this.inner.entries(from === undefined ? range : { ...range, from }),
      )
      yield* entries
      const last = entries.at(-1)
      if (last === undefined) return
      from = last.seq + 1
    }
  }
}

class CallsEveryRecordACommit extends Faithful {
  override async *entries(range?: LogRange): AsyncGenerator<Entry<unknown>, void> {
    for await (const entry of this.inner.entries(range)) yield { ...entry, commitEnd: true }
  }
}

class CallsARangesEndACommit extends Faithful {
  override async *entries(range?: LogRange): AsyncGenerator<Entry<unknown>, void> {
    const entries = await collect(this.inner.entries(range))
    for (const entry of entries)
      yield entry === entries.at(-1) ? { ...entry, commitEnd: true } : entry
  }
}

class JumpsOverDropped extends Faithful {
  override entries({ from = 1, ...range }: LogRange = {}): AsyncIterable<Entry<unknown>> {
    return this.inner.entries({ ...range, from: Math.max(from, this.firstSeq) })
  }
}

class DropsOneTooMany extends Faithful {
  override dropBefore(seq: number): Promise<DropReport> {
    return this.inner.dropBefore(seq + 1)
  }
}

class ForgetsDropping extends Faithful {
  override get droppedThroughSeq(): number {
    return Math.max(0, this.inner.droppedThroughSeq - 1)
  }
}

class FollowsUnordered extends Faithful {
  override async *follow(range?: Omit<LogRange, 'to'>): AsyncGenerator<Followed<unknown>, void> {
    let held: Followed<unknown> | undefined
    for await (const item of this.inner.follow(range)) {
      if (item.kind === 'record' && held === undefined) held = item
      else {
        yield item
        if (held !== undefined) yield held
        held = undefined
      }
    }
  }
}

class FollowsTwice extends Faithful {
  override async *follow(range?: Omit<LogRange, 'to'>): AsyncGenerator<Followed<unknown>, void> {
    let last: Followed<unknown> | undefined
    for await (const item of this.inner.follow(range)) {
      yield item
      if (item.kind === 'caughtUp' && last?.kind === 'record') yield last
      last = item
    }
  }
}

class FollowsFromTheOldest extends Faithful {
  override follow({ from = 1, ...range }: Omit<LogRange, 'to'> = {}): AsyncIterable<
    Followed<unknown>
  > {
    return this.inner.follow({ ...range, from: Math.max(from, this.firstSeq) })
  }
}

class ThrowsAtTheSignal extends Faithful {
  override async *follow(
    range: Omit<LogRange, 'to'> = {},
  ): AsyncGenerator<Followed<unknown>, void> {
    yield* this.inner.follow(range)
    range.signal?.throwIfAborted()
  }
}

class GoesOnAfterClose extends Faithful {
  override async close(): Promise<void> {}
}

class ClosesOnce extends Faithful {
  #isClosed = false

  override async close(): Promise<void> {
    if (this.#isClosed) throw new Error('closed already')
    this.#isClosed = true
    await this.inner.close()
  }
}

class SettlesAfterClose extends Faithful {
  override async append(record: unknown, options?: AppendOptions): Promise<number> {
    const seq = await this.inner.append(record, options)
    await new Promise((resolve) => setImmediate(resolve))
    return seq
  }
}

class SaysAbsent extends Faithful {
  override appendOnce(
    record: unknown,
    options: AppendOptions & { readonly id: string },
  ): Promise<Once> {
    return super.appendOnce(record, options).catch((error: unknown) => {
      throw Object.assign(new Error('sanitised', { cause: error }), {
        code: 'UNAVAILABLE',
        outcome: 'absent',
      })
    })
  }
}

/** What each broken log does, and one check that has to notice. */
export const brokenLogs: readonly (readonly [
  new (inner: Log<unknown>) => Faithful,
  caughtBy: RegExp,
])[] = [
  [LosesLastOfBatch, /appends many as one commit/],
  [SplitsBatches, /appends many as one commit/],
  [TakesEmptyBatches, /empty batch/],
  [IgnoresExpectedSeq, /wrong expectedSeq/],
  [ComparesItsOwnView, /has not read another writer/],
  [ReusesNumbers, /strictly increasing/],
  [SerialisesLate, /serialises at the call/],
  [SharesRecords, /a record of its own/],
  [IgnoresIds, /once under an id/],
  [HasNoLimits, /maxRecordBytes/],
  [LagsBehindItsAnswers, /durableSeq to a record before/],
  [EndsRangesTooEarly, /ends are inclusive/],
  [ReadsWithoutEnd, /where the log stood/],
  [CallsEveryRecordACommit, /last record of each commit/],
  [CallsARangesEndACommit, /last record of each commit/],
  [JumpsOverDropped, /every reading from a dropped number/],
  [DropsOneTooMany, /drops no record at or behind/],
  [ForgetsDropping, /droppedThroughSeq \+ 1|every reading from a dropped/],
  [FollowsUnordered, /follows what is there/],
  [FollowsTwice, /once and in order|says each time/],
  [FollowsFromTheOldest, /follow from a dropped number/],
  [ThrowsAtTheSignal, /returns when its signal/],
  [GoesOnAfterClose, /after close with STORE_CLOSED/],
  [ClosesOnce, /closes as often/],
  [SettlesAfterClose, /settles every append that waits/],
  [SaysAbsent, /repeated with the same id/],
]
