import type { SkippedSnapshot } from '@mini-rs/minisnap'

/** What went wrong in a {@link MemorySnapshotStore}. Callers switch on `code` only, for other stores have other classes. */
export type SnapshotErrorCode =
  | 'LOG_BEHIND'
  | 'SNAPSHOT_CORRUPT'
  | 'SNAPSHOT_NOT_FOUND'
  /** The caller has changed a state while it was written: no store notices that, but this one. */
  | 'STATE_CHANGED'
  | 'STATE_NOT_SERIALIZABLE'
  | 'WRITE_FAILED'

/** The error class of a store that is not minisnap's: the same shape, and nothing else in common. */
export class SnapshotError extends Error {
  readonly code: SnapshotErrorCode
  /** Snapshots that were passed over, newest first. */
  readonly skipped: readonly SkippedSnapshot[]

  constructor(code: SnapshotErrorCode, message: string, skipped: readonly SkippedSnapshot[] = []) {
    super(message)
    this.name = 'SnapshotError'
    this.code = code
    this.skipped = skipped
  }
}
