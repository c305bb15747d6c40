export type { Envelope, SnapshotCodec } from './codec/codec.js'
export type { Compression } from './codec/compression.js'
export { type JsonOptions, json } from './codec/json.js'
export { type CompactOptions, type CompactReport, compact } from './compact.js'
export {
  MiniSnapError,
  type MiniSnapErrorCode,
  type MiniSnapErrorDetails,
  type SkippedSnapshot,
} from './errors.js'
export type { Migrations } from './migrate.js'
export type { SnapStoreOptions } from './options.js'
export { SnapStore } from './snap-store.js'
export type {
  CheckedSnapshot,
  CreateOptions,
  CreatedSnapshot,
  RestoreOptions,
  RestoredSnapshot,
  SnapshotFile,
  SnapshotInfo,
  SnapshotProgress,
  SnapshotStore,
} from './snapshot-store.js'
