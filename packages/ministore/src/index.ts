export { backgroundClock, type Clock, systemClock } from './clock.js'
export {
  MiniStoreError,
  type MiniStoreErrorCode,
  type MiniStoreErrorDetails,
  type Outcome,
  type RecordIssue,
} from './errors.js'
export type { AppendOptions, AppendedRange, Entry, Followed, Log, LogRange } from './log.js'
export { MiniStore, type StoreStatus } from './mini-store.js'
export type { LogLimits, OpenOptions, ReadOptions, RecordOptions } from './options.js'
export type { FollowOptions } from './read/follow.js'
export type { Inspection } from './read/inspect.js'
export type { RecordPlace } from './read/locate.js'
export type { Batch } from './read/read-batches.js'
export type { Reducer } from './read/reader.js'
export type { Codec } from './record/record-codec.js'
export { serialize } from './record/serialize.js'
export { type OptionNames, assertKnownOptions } from './known-options.js'
export type { SchemaIssue, SchemaResult, StandardSchema } from './record/standard-schema.js'
export type { RecoveryReport, SetAside, Verdict } from './recovery/report.js'
export type { DropReport } from './write/rotation.js'
export type { SegmentInfo, StoreStats } from './write/store-stats.js'
export type { SyncLatency } from './write/sync-stats.js'
export type { BlockRange } from './repair/block-table.js'
export type { BlockKind } from './repair/pieces.js'
export type { Renumbered, SeqRange } from './repair/repair-plan.js'
export type { KeptOriginal } from './repair/repair-writer.js'
export type { RepairMode, RepairOptions, RepairReport } from './repair/repair.js'
export type { ScanProgress } from './repair/progress-meter.js'
export type { VerifiedSegment, VerifyOptions, VerifyReport } from './repair/verify.js'
