import {
  assertKnownOptions,
  type Clock,
  type Log,
  type OpenOptions,
  type OptionNames,
  systemClock,
} from '@mini-rs/ministore'
import { type FileSystem, nodeFileSystem } from '@mini-rs/ministore/fs'
import type { SnapStoreOptions, SnapshotStore } from '@mini-rs/minisnap'
import type { ApplyOptions } from './manager-types.js'

/** How a state is kept in memory. */
export type Engine = 'immutable' | 'inPlace'

/** When snapshots are made by themselves, and what becomes of them. */
export interface SnapshotPolicy {
  /**
   * A snapshot is begun when the log since the last one has so many records. While it is written, so many
   * more are taken, and calls behind them wait: replay is bounded. Default: none.
   */
  readonly everyRecords?: number
  /** The same by the bytes of the records; `'auto'`: the size of the last snapshot, at least 1 MiB, so that at most twice the log is written. Default: none. */
  readonly everyBytes?: number | 'auto'
  /** A snapshot at `close`, where something has changed. Default false. */
  readonly onClose?: boolean
  /** How many whole snapshots are kept. Default 2. */
  readonly keep?: number
  /** Whether an automatic snapshot drops what the log need not keep any more. Default true. */
  readonly compact?: boolean
  /** The first record that has to stay, whatever snapshots hold: of an outbox that has not sent it, say. */
  readonly keepFrom?: () => number | undefined
}

/** Options of {@link StateManager.open}. All are optional, and checked at the door. */
export interface StateManagerOptions
  extends
    Omit<OpenOptions<unknown>, 'schema' | 'codec' | 'stringify' | 'maxSegments'>,
    Pick<SnapStoreOptions<never>, 'pretty' | 'compression' | 'sliceMs'> {
  /** Name of the journal in the folder. Default `'journal.jsonl'`. */
  readonly journal?: string
  /**
   * `'immutable'` (default): every state stays as it is when the next one comes, and shares with it what has
   * not changed; each collection that a mutation touches is copied, once a commit. `'inPlace'`: for large flat
   * collections: a mutation costs what it touches; states are read by `read`.
   */
  readonly engine?: Engine
  /** Keeps readers from changing the state: it is frozen, or shown through a guard. Default: outside of production. */
  readonly freeze?: boolean
  /** Automatic snapshots. Default: none, snapshots are made by `createSnapshot`. */
  readonly snapshots?: SnapshotPolicy
  /** No lock, nothing written, no mutations. `{ follow: true }`: keeps up with the writer, wherever it is. */
  readonly readOnly?: boolean | { readonly follow: boolean }
  /** What to do with a record that cannot be applied. `'skip'`: leave it out, and log that, so that every later open does. Default `'fail'`. */
  readonly onReplayError?: 'fail' | 'skip'
  /** Told what nobody waits for: a listener that throws, an automatic snapshot or a following that fails. Default: a warning of the process. */
  readonly onError?: (error: unknown) => void
  /** Another log than the journal in the folder. Whoever opened it closes it. */
  readonly log?: Log<unknown>
  /** Another place for snapshots than the folder. */
  readonly snapshotStore?: SnapshotStore<never>
}

/** {@link StateManagerOptions}, with the defaults that this package has. */
export interface Settings {
  readonly journal: string
  readonly engine: Engine
  readonly freeze: boolean
  readonly policy: ResolvedPolicy
  readonly readOnly: 'no' | 'once' | 'follow'
  readonly skipsFailures: boolean
  readonly onError: (error: unknown) => void
  readonly log: Log<unknown> | undefined
  readonly snapshotStore: SnapshotStore<never> | undefined
  readonly fileSystem: FileSystem
  readonly clock: Clock
  /** For {@link MiniStore.open}. */
  readonly store: OpenOptions<unknown>
  /** For {@link SnapStore}. */
  readonly snapStore: SnapStoreOptions<never>
}

/** {@link SnapshotPolicy}, with its defaults. */
export interface ResolvedPolicy {
  readonly everyRecords: number
  readonly everyBytes: number | 'auto'
  readonly onClose: boolean
  readonly compact: boolean
  readonly keepFrom: (() => number | undefined) | undefined
}

const OPTIONS: OptionNames<StateManagerOptions> = {
  journal: true,
  engine: true,
  freeze: true,
  snapshots: true,
  readOnly: true,
  onReplayError: true,
  onError: true,
  log: true,
  snapshotStore: true,
  pretty: true,
  compression: true,
  sliceMs: true,
  durability: true,
  syncOn: true,
  seal: true,
  maxSegmentBytes: true,
  segmentDigits: true,
  maxRecordBytes: true,
  maxCommitBytes: true,
  maxPendingBytes: true,
  onAmbiguousTail: true,
  lock: true,
  mode: true,
  fileSystem: true,
  clock: true,
}

const POLICY: OptionNames<SnapshotPolicy> = {
  everyRecords: true,
  everyBytes: true,
  onClose: true,
  keep: true,
  compact: true,
  keepFrom: true,
}

/** Checks the options and fills in the defaults. Those of ministore and minisnap are checked there. @throws TypeError, RangeError */
export function resolveOptions(options: StateManagerOptions): Settings {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('options must be an object')
  }
  assertKnownOptions('options', options, OPTIONS)
  const {
    journal = 'journal.jsonl',
    engine = 'immutable',
    freeze = process.env['NODE_ENV'] !== 'production',
    snapshots = {},
    readOnly = false,
    onReplayError = 'fail',
    onError = warn,
    log,
    snapshotStore,
    pretty,
    compression,
    sliceMs,
    ...store
  } = options
  assertOneOf('engine', engine, ['immutable', 'inPlace'])
  assertOneOf('freeze', freeze, [true, false])
  assertOneOf('onReplayError', onReplayError, ['fail', 'skip'])
  if (typeof journal !== 'string' || journal === '' || /[/\\]/.test(journal)) {
    throw new TypeError(`journal must be the name of a file in the folder, not ${String(journal)}`)
  }
  if (typeof onError !== 'function') throw new TypeError('onError must be a function')
  const policy = resolvePolicy(snapshots)
  const { fileSystem = nodeFileSystem, clock = systemClock, mode } = store
  const snapStore = given({
    pretty,
    compression,
    sliceMs,
    fileSystem,
    clock,
    mode,
    keep: snapshots.keep,
  })
  return {
    journal,
    engine,
    freeze,
    policy,
    readOnly: resolveReadOnly(readOnly),
    skipsFailures: onReplayError === 'skip',
    onError,
    log,
    snapshotStore,
    fileSystem,
    clock,
    store: { ...store, fileSystem, clock },
    snapStore: { ...snapStore },
  }
}

function resolvePolicy(policy: SnapshotPolicy): ResolvedPolicy {
  if (typeof policy !== 'object' || policy === null)
    throw new TypeError('snapshots must be an object')
  assertKnownOptions('snapshots', policy, POLICY)
  const {
    everyRecords = Infinity,
    everyBytes = Infinity,
    onClose = false,
    compact = true,
    keepFrom,
  } = policy
  if (everyRecords !== Infinity) assertCount('snapshots.everyRecords', everyRecords)
  if (everyBytes !== Infinity && everyBytes !== 'auto')
    assertCount('snapshots.everyBytes', everyBytes)
  assertOneOf('snapshots.onClose', onClose, [true, false])
  assertOneOf('snapshots.compact', compact, [true, false])
  if (keepFrom !== undefined && typeof keepFrom !== 'function') {
    throw new TypeError('snapshots.keepFrom must be a function')
  }
  return { everyRecords, everyBytes, onClose, compact, keepFrom }
}

function resolveReadOnly(readOnly: unknown): Settings['readOnly'] {
  if (readOnly === false) return 'no'
  if (readOnly === true) return 'once'
  if (typeof readOnly === 'object' && readOnly !== null && 'follow' in readOnly) {
    assertKnownOptions('readOnly', readOnly, { follow: true })
    assertOneOf('readOnly.follow', readOnly.follow, [true, false])
    return readOnly.follow === true ? 'follow' : 'once'
  }
  throw new TypeError('readOnly must be true, false or { follow: true }')
}

/** Without the properties that are undefined. */
function given<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error), {
    type: 'MiniStateWarning',
  } as never)
}

function assertOneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (allowed.includes(value)) return
  const list = allowed.map((one) => JSON.stringify(one)).join(' or ')
  throw new TypeError(`${name} must be ${list}, not ${String(value)}`)
}

/** A whole number from 1. @throws TypeError, RangeError */
export function assertCount(name: string, value: unknown, least = 1): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number`)
  if (Number.isSafeInteger(value) && value >= least) return
  throw new RangeError(`${name} must be a whole number from ${least}, not ${value}`)
}

const APPLY_OPTIONS: OptionNames<ApplyOptions> = { expectedSeq: true, id: true }

/** @throws TypeError, RangeError */
export function assertApplyOptions(options: ApplyOptions): void {
  assertKnownOptions('options', options, APPLY_OPTIONS)
  const { expectedSeq, id } = options
  if (expectedSeq !== undefined) assertCount('expectedSeq', expectedSeq, 0)
  if (id === undefined || (typeof id === 'string' && id !== '')) return
  throw new TypeError('id must be a string that is not empty')
}
