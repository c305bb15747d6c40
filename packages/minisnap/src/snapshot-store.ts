import type { Log } from '@mini-rs/ministore'
import type { SkippedSnapshot } from './errors.js'

/** A snapshot, as the name of its file tells it. */
export interface SnapshotFile {
  /** The last record of the log that the state reflects; 0 for none. */
  readonly seq: number
  readonly path: string
  readonly sizeBytes: number
}

/** A snapshot whose content was read. */
export interface SnapshotInfo extends SnapshotFile {
  /** Of the state's shape, in the file. */
  readonly version: number
  /** ISO 8601; undefined for files of the Rust crate. */
  readonly createdAt: string | undefined
  /** Whether a seal vouches for the content. Files of the Rust crate have none. */
  readonly isVerified: boolean
  /** What {@link CreateOptions.notes} kept beside the state; undefined when there was nothing. */
  readonly notes: Readonly<Record<string, unknown>> | undefined
}

/** What {@link SnapshotStore.create} has made. */
export interface CreatedSnapshot extends SnapshotInfo {
  readonly elapsedMs: number
  /** The longest time that the event loop was held. */
  readonly longestSliceMs: number
  /** Older snapshots that were removed. */
  readonly pruned: readonly string[]
  /** Why older snapshots could not be removed: this one is on the disk all the same. */
  readonly pruneFailure: unknown
}

/** A state, as it was. */
export interface RestoredSnapshot<S> {
  readonly state: S
  readonly seq: number
  readonly info: SnapshotInfo
  /** Newer files that do not count as snapshots, newest first. */
  readonly skipped: readonly SkippedSnapshot[]
}

/** What {@link SnapshotStore.verify} found of one. `unverified`: legible, and no seal vouches for it. */
export interface CheckedSnapshot extends SnapshotFile {
  readonly status: 'whole' | 'unverified' | 'damaged'
  /** For a person; undefined when it is whole. */
  readonly reason: string | undefined
}

/** How far a snapshot has been written, or read. */
export interface SnapshotProgress {
  readonly doneBytes: number
  /** What there is to read; of a snapshot that is being written, the size of the one before. */
  readonly totalBytes: number | undefined
}

/** Options of {@link SnapshotStore.create}. */
export interface CreateOptions {
  /**
   * `'sliced'` (default): serialised a little at a time, while other work goes on: the state must not
   * change until the promise settles. `'atOnce'`: serialised before the call returns, for a state that
   * is changed in place; holds the event loop, and its text stays in memory until it is written.
   */
  readonly mode?: 'sliced' | 'atOnce'
  /** The log that the state was folded from: it is flushed before the snapshot is visible, and must reach `seq`. */
  readonly log?: Pick<Log<never>, 'flush' | 'durableSeq'>
  /**
   * Kept with the snapshot beside the state, and given back in {@link SnapshotInfo.notes}: a JSON object,
   * whatever the codec. Meant to be small: it is copied before the call returns.
   */
  readonly notes?: Readonly<Record<string, unknown>>
  /** Gives up, before the snapshot is visible. */
  readonly signal?: AbortSignal
  /** Told after each piece that was written. */
  readonly onProgress?: (progress: SnapshotProgress) => void
}

/** Options of {@link SnapshotStore.restore}. */
export interface RestoreOptions {
  /** The newest snapshot at or before this number. Default: the newest. */
  readonly atOrBefore?: number
  readonly signal?: AbortSignal
  /** Told after each piece that was read. */
  readonly onProgress?: (progress: SnapshotProgress) => void
}

/**
 * The port that state managers are written against. {@link SnapStore} implements it on local files; an
 * object store on a cluster can take its place. A state is never shared: what comes back is a copy of
 * what was given, and each time another one. Numbers that are none are refused with a RangeError.
 */
export interface SnapshotStore<S> {
  /** How many whole snapshots are kept. */
  readonly keep: number
  /**
   * Resolves when the snapshot is durable, in place of one of the same number; then older ones are
   * pruned, but never the one that was just created. It is visible when it is complete, not before. When
   * it rejects, all that was there is still there: `STATE_NOT_SERIALIZABLE` for what would not come back
   * as it was, `LOG_BEHIND` when the log ends before `seq`, the signal's reason, or what the store says.
   */
  create(state: S, seq: number, options?: CreateOptions): Promise<CreatedSnapshot>
  /**
   * The newest that is whole. Rejects with `SNAPSHOT_NOT_FOUND` when there is none, and with
   * `SNAPSHOT_CORRUPT`, whose `skipped` names them, when all are damaged.
   */
  restore(options?: RestoreOptions): Promise<RestoredSnapshot<S>>
  /** As `restore`; undefined when there is no snapshot at all. Rejects when all are damaged. */
  tryRestore(options?: RestoreOptions): Promise<RestoredSnapshot<S> | undefined>
  /** Newest first, damaged ones among them; not read. */
  list(): Promise<SnapshotFile[]>
  /**
   * Reads snapshots whole, newest first: all, or the one with this number, `SNAPSHOT_NOT_FOUND` if it is
   * not there. Changes nothing. What is whole is also durable when it resolves.
   */
  verify(seq?: number): Promise<CheckedSnapshot[]>
  /**
   * Removes what is older than the `keep` newest whole ones, but for one of record 0; resolves to the paths.
   * Damaged ones between them stay.
   */
  prune(): Promise<string[]>
}
