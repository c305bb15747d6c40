import type { LogLimits } from './options.js'
import type { Batch } from './read/read-batches.js'
import type { DropReport } from './write/rotation.js'

/** A record with its place in the log. */
export interface Entry<R> {
  readonly seq: number
  readonly record: R
  /** Whether this is the last record of its commit: what a reader may publish as one step. */
  readonly commitEnd: boolean
}

/**
 * What following a log yields. `caughtUp`: everything that was there has been yielded; `seq` is the
 * last of it, or the one before where the following began.
 */
export type Followed<R> =
  ({ readonly kind: 'record' } & Entry<R>) | { readonly kind: 'caughtUp'; readonly seq: number }

/** First and last sequence number of an `appendMany`. */
export interface AppendedRange {
  readonly first: number
  readonly last: number
}

/** Options of an append. */
export interface AppendOptions {
  /** What the caller believes `lastSeq` to be; otherwise `WRONG_EXPECTED_SEQ`, and nothing is written. */
  readonly expectedSeq?: number
}

/** A range of a log; both ends inclusive. */
export interface LogRange {
  readonly from?: number
  readonly to?: number
  readonly signal?: AbortSignal
}

/**
 * The port that state managers and queues are written against. {@link MiniStore} implements it on
 * local files; a log on a cluster can take its place. So it promises no more than both can keep:
 * sequence numbers are safe integers, strictly increasing, never reused, but may have gaps. "The next
 * one" is found by reading, never by adding 1.
 */
export interface Log<R, Input = R> {
  /** Resolves to the record's sequence number when it has survived what `durability` names. */
  append(record: Input, options?: AppendOptions): Promise<number>
  /** Appends all or none. */
  appendMany(records: readonly Input[], options?: AppendOptions): Promise<AppendedRange>
  /** Like `append`, safe to repeat with the same id. Logs that do not know ids do not have it. */
  appendOnce?(
    record: Input,
    options: AppendOptions & { readonly id: string },
  ): Promise<{ readonly seq: number; readonly duplicate: boolean }>
  /** The record, or undefined when it is not there yet. Rejects with `SEQ_DROPPED` when it is no longer there. */
  read(seq: number): Promise<R | undefined>
  /** Ends where the log stood when it was called. */
  entries(range?: LogRange): AsyncIterable<Entry<R>>
  /** As `entries`, in the pieces in which the log is read: numbers within one are consecutive. */
  batches(range?: LogRange): AsyncIterable<Batch<R>>
  /**
   * Everything durable from `from` on, then what becomes durable, until the signal ends it: the
   * iteration then returns. Rejects with `SEQ_DROPPED` when it asks for what is no longer there.
   */
  follow(range?: {
    readonly from?: number
    readonly signal?: AbortSignal
  }): AsyncIterable<Followed<R>>
  /** Resolves when everything that was appended before is durable. */
  flush(): Promise<void>
  /**
   * Begins a new piece of the log, durably, so that `dropBefore` can let go of all that is there now. Logs
   * that are not kept in pieces do not have it.
   */
  rotate?(): Promise<void>
  /** Drops records before `seq`. May keep more than asked, never less. */
  dropBefore(seq: number): Promise<DropReport>
  /** The oldest record still there; `lastSeq + 1` when there is none. */
  readonly firstSeq: number
  /** The newest acknowledged record. */
  readonly lastSeq: number
  /** The newest record that survives a power cut. Before the first promise of a commit settles, it is at that commit's end, unless `durability` is `'os'`. */
  readonly durableSeq: number
  /**
   * The first record of the commit that is still being formed: none before it shares a commit with what
   * is appended from now on. For callers that keep a version of their own a commit; logs that commit every
   * append by itself need not have it.
   */
  readonly formingSeq?: number
  /** The highest number ever dropped; 0 for none. Reading from it or before it is `SEQ_DROPPED`. */
  readonly droppedThroughSeq: number
  /** Whether numbers have no gaps, so that the next one is known before the append. */
  readonly gapless: boolean
  /** Whether nobody else can append, so that appends may be pipelined. */
  readonly exclusive: boolean
  /** What a resolved append has survived. */
  readonly durability: 'os' | 'disk' | 'quorum' | 'quorum+disk'
  readonly limits: LogLimits
  /** Takes no more appends, settles those that wait, and lets go of the log. Idempotent. */
  close(): Promise<void>
}
