export type { Envelope, SnapshotCodec } from './codec/codec.js'
export {
  MiniSnapError,
  type MiniSnapErrorCode,
  type MiniSnapErrorDetails,
  type SkippedSnapshot,
} from './errors.js'
