import type { CommitQueue } from './commit-queue.js'
import type { JournalWriter } from './journal-writer.js'
import type { SyncLatency } from './sync-stats.js'

/** One file of a journal. */
export interface SegmentInfo {
  /** The number of its first record; of an empty one, of the next record. */
  readonly firstSeq: number
  readonly sizeBytes: number
}

/** Figures of a store. */
export interface StoreStats {
  /** In the journal. */
  readonly records: number
  readonly segments: number
  /** Of all segments. */
  readonly sizeBytes: number
  /** By this writer since it was opened, as are `writtenBytes` and `syncs`. */
  readonly commits: number
  readonly writtenBytes: number
  readonly syncs: number
  readonly meanRecordsPerCommit: number
  /** Of the last 1,024 syncs; undefined before the first. */
  readonly syncLatency: SyncLatency | undefined
  /** Waiting to be written. */
  readonly pendingBytes: number
  /** Why the last retention by `maxSegments` did not finish; it is tried again at the next rotation. */
  readonly retentionFailure: unknown
}

/** Takes the figures of a store, now. */
export function statsOf(writer: JournalWriter, queue: CommitQueue): StoreStats {
  const { segments, commitCount, syncs } = writer
  return {
    records: writer.lastSeq - writer.firstSeq + 1,
    segments: segments.length,
    sizeBytes: segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    commits: commitCount,
    writtenBytes: writer.byteCount,
    syncs: syncs.count,
    meanRecordsPerCommit: commitCount === 0 ? 0 : writer.recordCount / commitCount,
    syncLatency: syncs.latency(),
    pendingBytes: queue.pendingBytes,
    retentionFailure: writer.retentionFailure,
  }
}
