import { type Clock, systemClock } from './clock.js'
import { DEFAULT_MAX_RECORD_BYTES, MAX_COMMIT_BYTES } from './format/limits.js'
import type { FileSystem } from './fs/file-system.js'
import { nodeFileSystem } from './fs/node-file-system.js'
import { type OptionNames, assertKnownOptions } from './known-options.js'
import type { Codec } from './record/record-codec.js'
import type { StandardSchema } from './record/standard-schema.js'

/** Options that readers and writers share. */
export interface RecordOptions<R, Input = R> {
  /**
   * A Standard Schema (zod, valibot, arktype, …): validates what is appended and decodes what is read.
   * Its input type is written, its output type is read.
   */
  readonly schema?: StandardSchema<Input, R>
  /** Carries what JSON cannot. Default: records are JSON as they are. */
  readonly codec?: Codec<Input>
  /** Largest record in bytes of JSON. Default 16 MiB. */
  readonly maxRecordBytes?: number
  /** The disk. Default: Node's. */
  readonly fileSystem?: FileSystem
}

/** Options of the static readers. */
export interface ReadOptions<R> extends RecordOptions<R> {
  /** First sequence number to read, inclusive. Default: the oldest there is. */
  readonly from?: number
  /** Last sequence number to read, inclusive. Default: the newest when the reading began. */
  readonly to?: number
  readonly signal?: AbortSignal
}

/** Options of {@link MiniStore.open}. All are optional, and checked at the door. */
export interface OpenOptions<R, Input = R> extends RecordOptions<R, Input> {
  /** When an append resolves. `'disk'` (default): after the sync. `'os'`: after the write, which survives a crash of the process, not a power cut. */
  readonly durability?: 'disk' | 'os'
  /** `'inline'`: when exactly one append waits, sync on the calling thread. Less latency; the event loop stands still for a sync, or for 5 ms when one caller appends on and on. Default `'threadPool'`. */
  readonly syncOn?: 'threadPool' | 'inline'
  /**
   * The JSON of a record, or of what the codec has made of it, for whoever has it already, or has a faster way to
   * make it. Default: `JSON.stringify`, behind a check that JSON carries the record without loss. What it answers is
   * written as it is. A text that cannot be a line is refused with `RECORD_NOT_SERIALIZABLE`; one that is no JSON is
   * not, and every reader will call it damage.
   */
  readonly stringify?: (record: unknown) => string
  /** `false` writes the bytes that the Rust crate writes: no seals, so damage inside a line cannot be noticed. Default true. */
  readonly seal?: boolean
  /** The active segment is archived before a commit that would take it past this. Default 64 MiB. */
  readonly maxSegmentBytes?: number
  /** Digits in the names of archived segments. Default 6; 3 for a journal that the Rust crate also reads. */
  readonly segmentDigits?: number
  /** Opt-in retention: the oldest segments beyond this count, the active one included, are deleted after a rotation. Default: none. */
  readonly maxSegments?: number
  /** A group commit takes no more than this. Default 4 MiB. A single larger `appendMany` is still one commit. */
  readonly maxCommitBytes?: number
  /** Beyond this many waiting bytes `append` rejects with `BACKLOG_FULL`. Default 64 MiB. */
  readonly maxPendingBytes?: number
  /** What to do with a tail that may be a torn commit or damage to the last one. Default `'refuse'`. */
  readonly onAmbiguousTail?: 'refuse' | 'setAside'
  /** One writer per journal, machine-wide, by a kernel lock. Default true. */
  readonly lock?: boolean
  /** Permission bits of files that are created. Default: by umask. */
  readonly mode?: number
  readonly clock?: Clock
}

/** The sizes that a log accepts; see `Log.limits`. */
export interface LogLimits {
  readonly maxRecordBytes: number
  /** Largest `appendMany`, in bytes. */
  readonly maxBatchBytes: number
  /** Most records of an `appendMany`; `Infinity` when only the bytes count. */
  readonly maxBatchRecords: number
}

/** {@link OpenOptions}, with every default filled in. */
export interface Settings {
  readonly durability: 'disk' | 'os'
  readonly syncOn: 'threadPool' | 'inline'
  readonly seal: boolean
  readonly maxSegmentBytes: number
  readonly segmentDigits: number
  readonly maxSegments: number
  readonly maxRecordBytes: number
  readonly maxCommitBytes: number
  readonly maxPendingBytes: number
  readonly onAmbiguousTail: 'refuse' | 'setAside'
  readonly lock: boolean
  readonly mode: number | undefined
  readonly fileSystem: FileSystem
  readonly clock: Clock
}

const MIB = 1024 * 1024

const DEFAULTS: Settings = Object.freeze({
  durability: 'disk',
  syncOn: 'threadPool',
  seal: true,
  maxSegmentBytes: 64 * MIB,
  segmentDigits: 6,
  maxSegments: Number.POSITIVE_INFINITY,
  maxRecordBytes: DEFAULT_MAX_RECORD_BYTES,
  maxCommitBytes: 4 * MIB,
  maxPendingBytes: 64 * MIB,
  onAmbiguousTail: 'refuse',
  lock: true,
  mode: undefined,
  fileSystem: nodeFileSystem,
  clock: systemClock,
})

/** What readers and writers share. */
export const RECORD_OPTIONS: OptionNames<RecordOptions<unknown>> = {
  schema: true,
  codec: true,
  maxRecordBytes: true,
  fileSystem: true,
}

const READ_OPTIONS: OptionNames<ReadOptions<unknown>> = {
  from: true,
  to: true,
  signal: true,
  ...RECORD_OPTIONS,
}

/** Of those who look at a journal, and read no record. */
export const FILE_SYSTEM_ONLY: OptionNames<Pick<RecordOptions<unknown>, 'fileSystem'>> = {
  fileSystem: true,
}

const OPEN_OPTIONS: OptionNames<OpenOptions<unknown>> = {
  durability: true,
  syncOn: true,
  stringify: true,
  seal: true,
  maxSegmentBytes: true,
  segmentDigits: true,
  maxSegments: true,
  maxCommitBytes: true,
  maxPendingBytes: true,
  onAmbiguousTail: true,
  lock: true,
  mode: true,
  clock: true,
  ...RECORD_OPTIONS,
}

/** Checks the options of `open` and fills in the defaults. @throws TypeError, RangeError */
export function resolveOptions(
  options: Omit<OpenOptions<unknown>, 'schema' | 'codec' | 'stringify'>,
): Settings {
  assertOptionsObject(options)
  assertKnownOptions('options', options, OPEN_OPTIONS)
  assertOneOf('durability', options.durability, ['disk', 'os'])
  assertOneOf('syncOn', options.syncOn, ['threadPool', 'inline'])
  assertOneOf('onAmbiguousTail', options.onAmbiguousTail, ['refuse', 'setAside'])
  assertOneOf('seal', options.seal, [true, false])
  assertOneOf('lock', options.lock, [true, false])
  assertInteger('maxSegmentBytes', options.maxSegmentBytes, 1)
  assertInteger('segmentDigits', options.segmentDigits, 3, 15)
  assertInteger('maxSegments', options.maxSegments, 1)
  assertInteger('maxRecordBytes', options.maxRecordBytes, 1, MAX_COMMIT_BYTES / 2)
  assertInteger('maxCommitBytes', options.maxCommitBytes, 1, MAX_COMMIT_BYTES)
  assertInteger('maxPendingBytes', options.maxPendingBytes, 1)
  assertInteger('mode', options.mode, 0, 0o777)
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.freeze({ ...DEFAULTS, ...Object.fromEntries(given) })
}

/** Checks the options of a reader, `known` being its own. @throws TypeError, RangeError */
export function assertReadOptions(
  options: Omit<ReadOptions<unknown>, 'schema' | 'codec'>,
  known: Readonly<Record<string, true>> = READ_OPTIONS,
): void {
  assertOptionsObject(options)
  assertKnownOptions('options', options, known)
  assertInteger('from', options.from, 1)
  assertInteger('to', options.to, 0)
  assertInteger('maxRecordBytes', options.maxRecordBytes, 1, MAX_COMMIT_BYTES / 2)
}

function assertOptionsObject(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('options must be an object')
  }
}

function assertOneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (value === undefined || allowed.includes(value)) return
  const list = allowed.map((one) => JSON.stringify(one)).join(' or ')
  throw new TypeError(`${name} must be ${list}, not ${String(value)}`)
}

/** A whole number within bounds, or undefined. @throws TypeError, RangeError */
export function assertInteger(
  name: string,
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  if (value === undefined) return
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number`)
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`)
  }
}
