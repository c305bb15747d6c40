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
/** The answer of `appendOnce`. */
export type Once = { readonly seq: number; readonly duplicate: boolean }

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

/** A log that breaks one promise, and the check that has to notice. */
export type BrokenLog = readonly [Broken: new (inner: Log<unknown>) => Faithful, caughtBy: RegExp]
