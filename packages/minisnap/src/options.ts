import {
  assertKnownOptions,
  type Clock,
  type OptionNames,
  type StandardSchema,
  systemClock,
} from '@mini-rs/ministore'
import { type FileSystem, nodeFileSystem } from '@mini-rs/ministore/fs'
import type { SnapshotCodec } from './codec/codec.js'
import { type Compression, assertAvailable } from './codec/compression.js'
import { json } from './codec/json.js'
import { isVersion } from './file/envelope.js'
import type { Migrations } from './migrate.js'

/** Options of {@link SnapStore}. All are optional, and checked at the door. */
export interface SnapStoreOptions<S> {
  /** How a state becomes bytes. Default `json()`. */
  readonly codec?: SnapshotCodec
  /** JSON over many lines, for people. Default true. */
  readonly pretty?: boolean
  /** In the thread pool. Files of every kind are read, whatever this says. Default `'none'`. */
  readonly compression?: Compression
  /** How many whole snapshots are kept. Default 2. */
  readonly keep?: number
  /** Of the state's shape: a whole number, from 1. Default 1. */
  readonly version?: number
  /** `{ 1: (old) => new }`: the steps from an older version to the next, each by the version that it takes. */
  readonly migrate?: Migrations
  /** A Standard Schema (zod, valibot, arktype, …): checks and decodes what is restored, after migration. */
  readonly schema?: StandardSchema<unknown, S>
  /** While a snapshot is written, the event loop is held no longer than about this, plus one leaf. Default 5. */
  readonly sliceMs?: number
  /** Permission bits of files that are created. Default: by umask. */
  readonly mode?: number
  /** The disk. Default: Node's. */
  readonly fileSystem?: FileSystem
  readonly clock?: Clock
}

/** {@link SnapStoreOptions}, with every default filled in. */
export interface Settings<S> {
  readonly codec: SnapshotCodec
  readonly pretty: boolean
  readonly compression: Compression
  readonly keep: number
  readonly version: number
  readonly migrate: Migrations
  readonly schema: StandardSchema<unknown, S> | undefined
  readonly sliceMs: number
  readonly mode: number | undefined
  readonly fileSystem: FileSystem
  readonly clock: Clock
}

const OPTIONS: OptionNames<SnapStoreOptions<unknown>> = {
  codec: true,
  pretty: true,
  compression: true,
  keep: true,
  version: true,
  migrate: true,
  schema: true,
  sliceMs: true,
  mode: true,
  fileSystem: true,
  clock: true,
}

const COMPRESSIONS: ReadonlySet<unknown> = new Set(['none', 'gzip', 'zstd'])

/** Checks the options and fills in the defaults. @throws TypeError, RangeError, {@link MiniSnapError} `COMPRESSION_UNAVAILABLE` */
export function resolveOptions<S>(options: SnapStoreOptions<S>): Settings<S> {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('options must be an object')
  }
  assertKnownOptions('options', options, OPTIONS)
  const { compression = 'none', pretty = true, sliceMs = 5, version = 1, migrate = {} } = options
  if (!COMPRESSIONS.has(compression)) {
    throw new TypeError(`compression must be "none", "gzip" or "zstd", not ${String(compression)}`)
  }
  assertAvailable(compression)
  if (typeof pretty !== 'boolean') throw new TypeError('pretty must be true or false')
  if (typeof sliceMs !== 'number' || !(sliceMs > 0)) {
    throw new RangeError(`sliceMs must be more than 0, not ${String(sliceMs)}`)
  }
  if (!isVersion(version)) throw new RangeError(`version must be a whole number from 1`)
  assertMigrations(migrate, version)
  const keep = wholeNumber('keep', options.keep ?? 2, 1)
  const mode = options.mode === undefined ? undefined : wholeNumber('mode', options.mode, 0, 0o777)
  const { codec = json(), schema, fileSystem = nodeFileSystem, clock = systemClock } = options
  return {
    codec,
    pretty,
    compression,
    keep,
    version,
    migrate,
    schema,
    sliceMs,
    mode,
    fileSystem,
    clock,
  }
}

function assertMigrations(migrate: unknown, version: number): void {
  if (typeof migrate !== 'object' || migrate === null) {
    throw new TypeError('migrate must be an object of functions')
  }
  for (const [from, step] of Object.entries(migrate)) {
    if (!isVersion(Number(from)) || Number(from) >= version) {
      throw new RangeError(`migrate has a step from ${from}, and the version is ${version}`)
    }
    if (typeof step !== 'function') throw new TypeError(`migrate[${from}] must be a function`)
  }
}

/** A whole number within bounds. @throws TypeError, RangeError */
export function wholeNumber(
  name: string,
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number`)
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`)
  }
  return value
}
