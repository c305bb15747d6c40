import { join } from 'node:path'
import { type Log, MiniStore, type RecoveryReport } from '@mini-rs/ministore'
import { SnapStore, type SkippedSnapshot, type SnapshotStore, json } from '@mini-rs/minisnap'
import { type StateDefinition, assertDefinition } from './definition/define-state.js'
import { lineOf } from './definition/admitted.js'
import { CompiledDefinition, type Skip, skipRecord } from './definition/compiled.js'
import { Published } from './observe/published.js'
import { type Settings, type StateManagerOptions, resolveOptions } from './options.js'
import { Follower } from './read/follower.js'
import { type StateVerification, verifyState } from './read/verify-state.js'
import { type LoadOptions, type Loaded, loadState } from './replay/load.js'
import { type RecordSource, sourceOfFiles, sourceOfLog } from './replay/record-source.js'
import { LogTail } from './snapshots/log-tail.js'
import { Snapshotter } from './snapshots/snapshotter.js'
import type { StateTree } from './tree/state-tree.js'
import { PipelinedWriter } from './write/pipelined-writer.js'
import { SharedWriter } from './write/shared-writer.js'
import { InPlaceVersions, SharedVersions } from './write/versions.js'
import type { Writer } from './write/writer.js'
import type { WriterParts } from './write/writer-parts.js'

/** What opening a state found and did. */
export interface StateRecovery {
  /** The snapshot that was used; undefined when the log was replayed from its first record. */
  readonly snapshot:
    { readonly seq: number; readonly path: string; readonly version: number } | undefined
  /** Newer files that do not count as snapshots, and why. */
  readonly skippedSnapshots: readonly SkippedSnapshot[]
  readonly replayedRecords: number
  /** Records that are left out, since this opening or an earlier one. */
  readonly skippedRecords: readonly Skip[]
  /** The version that the snapshot's state was migrated from; undefined when it was not. */
  readonly migratedFrom: number | undefined
  /** What the journal found and did; undefined for readers, and for another log. */
  readonly log: RecoveryReport | undefined
  readonly elapsedMs: number
}

/** An open state: everything that {@link StateManager} puts together. */
export interface OpenState<S extends object> {
  readonly settings: Settings
  /** As it was given. */
  readonly options: StateDefinition<S, unknown>
  readonly definition: CompiledDefinition
  readonly invariant: ((state: S) => boolean | string | void) | undefined
  readonly source: RecordSource
  readonly snapshots: SnapshotStore<S>
  readonly tree: StateTree<S>
  readonly published: Published<S>
  /** Records that are left out, with the reasons. */
  readonly skips: Map<number, string>
  readonly loadOptions: LoadOptions<S>
  readonly recovery: StateRecovery
  /** Undefined for readers. */
  readonly writing: Writing<S> | undefined
  readonly follower: Follower<S>
  /** How often a follower has loaded the state anew. */
  readonly resetCount: () => number
}

/** What only a writer has. */
export interface Writing<S extends object> {
  readonly log: Log<unknown>
  /** Whether the log was opened here, and is closed here. */
  readonly ownsLog: boolean
  readonly writer: Writer<S>
  readonly snapshotter: Snapshotter<S>
}

/** Checks all that a caller gives to open a state. @throws TypeError, RangeError */
export function checkedSettings(
  dir: string,
  definition: unknown,
  options: StateManagerOptions,
): Settings {
  if (typeof dir !== 'string' || dir === '') throw new TypeError('dir must be the path of a folder')
  assertDefinition(definition)
  return resolveOptions(options)
}

/** Opens the log, loads the state, and makes what goes on from there. When it throws, nothing is left open. */
export async function openState<S extends object>(
  dir: string,
  definition: StateDefinition<S, unknown>,
  settings: Settings,
): Promise<OpenState<S>> {
  const { clock, readOnly, log: givenLog } = settings
  const startMs = clock.monotonicMs()
  const path = givenLog === undefined ? join(dir, settings.journal) : undefined
  const store =
    path === undefined || readOnly !== 'no'
      ? undefined
      : await MiniStore.open(path, { ...settings.store, stringify: lineOf })
  try {
    const log = store ?? givenLog
    const source = sourceOf(log, path, settings)
    const compiled = new CompiledDefinition(definition)
    const snapshots = snapshotsOf(dir, definition, settings)
    const tail = new LogTail(settings.policy)
    let tailBytes = 0
    const loadOptions: LoadOptions<S> = {
      initial: definition.initial,
      definition: compiled,
      source,
      snapshots,
      skipsFailures: false,
    }
    const loaded = await loadState({
      ...loadOptions,
      skipsFailures: settings.skipsFailures && readOnly === 'no',
      onRecord:
        settings.policy.everyBytes === Infinity
          ? undefined
          : (record) => (tailBytes += tail.bytesOf(record)),
    })
    const seq = log === undefined ? loaded.seq : await logSkips(log, loaded)
    const recovery = recoveryOf(definition, loaded, store?.recovery, clock.monotonicMs() - startMs)
    return assemble({
      settings,
      definition,
      compiled,
      source,
      snapshots,
      loaded,
      seq,
      loadOptions,
      recovery,
      log,
      ownsLog: store !== undefined,
      tailBytes,
    })
  } catch (error) {
    await store?.close()
    throw error
  }
}

function sourceOf(
  log: Log<unknown> | undefined,
  path: string | undefined,
  settings: Settings,
): RecordSource {
  const { fileSystem, clock, store } = settings
  if (log !== undefined) return sourceOfLog(log, path, fileSystem)
  return sourceOfFiles(path ?? '', { fileSystem, clock, maxRecordBytes: store.maxRecordBytes })
}

/** The snapshots of a folder, as a definition has them; or those that were given. */
export function snapshotsOf<S extends object>(
  dir: string,
  { version, migrate, schema }: StateDefinition<S, unknown>,
  { snapshotStore, snapStore }: Pick<Settings, 'snapshotStore' | 'snapStore'>,
): SnapshotStore<S> {
  if (snapshotStore !== undefined)
    return snapshotStore as SnapshotStore<unknown> as SnapshotStore<S>
  const codec = json({ tagged: true })
  return new SnapStore<S>(dir, {
    ...snapStore,
    codec,
    version,
    migrate,
    ...(schema !== undefined && { schema }),
  } as never)
}

/** Logs which records are left out from now on; answers the last record of the log. */
async function logSkips(log: Log<unknown>, { newSkips, seq }: Loaded<object>): Promise<number> {
  let last = seq
  for (const skip of newSkips) last = await log.append(skipRecord(skip))
  return last
}

function recoveryOf(
  { version }: { readonly version: number },
  { snapshot, skippedSnapshots, replayedRecords, skips }: Loaded<object>,
  log: RecoveryReport | undefined,
  elapsedMs: number,
): StateRecovery {
  return Object.freeze({
    snapshot: snapshot && { seq: snapshot.seq, path: snapshot.path, version: snapshot.version },
    skippedSnapshots,
    replayedRecords,
    skippedRecords: Array.from(skips, ([seq, reason]) => ({ seq, reason })),
    migratedFrom:
      snapshot !== undefined && snapshot.version < version ? snapshot.version : undefined,
    log,
    elapsedMs,
  })
}

interface Assembly<S extends object> {
  readonly settings: Settings
  readonly definition: StateDefinition<S, unknown>
  readonly compiled: CompiledDefinition
  readonly source: RecordSource
  readonly snapshots: SnapshotStore<S>
  readonly loaded: Loaded<S>
  readonly seq: number
  readonly loadOptions: LoadOptions<S>
  readonly recovery: StateRecovery
  readonly log: Log<unknown> | undefined
  readonly ownsLog: boolean
  /** Of what was replayed, where a policy counts them. */
  readonly tailBytes: number
}

function assemble<S extends object>(assembly: Assembly<S>): OpenState<S> {
  const { settings, definition, compiled, source, snapshots, loaded, seq, loadOptions, recovery } =
    assembly
  const { engine, freeze, onError } = settings
  const { tree } = loaded
  const isShared = engine === 'immutable'
  const show = (): S => (isShared ? tree.publish() : tree.state)
  const published = new Published(show(), seq, { freezes: isShared && freeze, onError })
  const skips = new Map(loaded.skips)
  let resets = 0
  let snapshotter: Snapshotter<S> | undefined
  const follower = new Follower<S>({
    definition: compiled,
    source,
    tree,
    published,
    show,
    skips,
    load: () => loadState(loadOptions),
    onReset: () => resets++,
    onRecord: (record) => snapshotter?.followed(record),
  })
  const writing =
    settings.readOnly === 'no'
      ? beginWriting(assembly, { published, skips, show, follower })
      : undefined
  snapshotter = writing?.snapshotter
  return {
    settings,
    options: definition,
    definition: compiled,
    invariant: invariantOf(definition),
    source,
    snapshots,
    tree,
    published,
    skips,
    loadOptions,
    recovery,
    writing,
    follower,
    resetCount: () => resets,
  }
}

function beginWriting<S extends object>(
  { settings, definition, snapshots, loaded, log, ownsLog, tailBytes }: Assembly<S>,
  parts: {
    readonly published: Published<S>
    readonly skips: ReadonlyMap<number, string>
    readonly show: () => S
    readonly follower: Follower<S>
  },
): Writing<S> | undefined {
  if (log === undefined) return undefined
  const { tree } = loaded
  const { published, skips, show, follower } = parts
  const { engine, freeze, policy, clock, onError } = settings
  const snapshotter: Snapshotter<S> = new Snapshotter<S>({
    log,
    snapshots,
    policy,
    leftOut: () => [...skips.keys()],
    takeVersion: async () => {
      const release = engine === 'inPlace' ? await writer.hold() : (): void => {}
      return { version: { state: published.state, seq: published.seq }, release }
    },
    onError,
  })
  const writerParts: WriterParts<S> = {
    log,
    takesLines: ownsLog,
    tree,
    published,
    invariant: invariantOf(definition),
    isGuarded: freeze,
    observer: snapshotter,
  }
  // Numbers that are not known before the append cannot be handed out ahead of it.
  const writer: Writer<S> =
    log.exclusive && log.gapless
      ? new PipelinedWriter(
          writerParts,
          engine === 'immutable'
            ? new SharedVersions(tree, published.seq)
            : new InPlaceVersions(tree, published.seq),
        )
      : new SharedWriter({ ...writerParts, show, clock, catchUp: () => follower.readOn() })
  snapshotter.found(loaded.snapshot, { records: loaded.replayedRecords, bytes: tailBytes })
  return { log, ownsLog, writer, snapshotter }
}

/** An invariant looks at a state that is only lent to it. */
function invariantOf<S extends object>({
  invariant,
}: StateDefinition<S, unknown>): ((state: S) => boolean | string | void) | undefined {
  return invariant as ((state: S) => boolean | string | void) | undefined
}

/** What {@link StateManager.verify} does. */
export async function verifyDirectory<S extends object>(
  dir: string,
  definition: StateDefinition<S, unknown>,
  settings: Settings,
): Promise<StateVerification> {
  const path = settings.log === undefined ? join(dir, settings.journal) : undefined
  return verifyState({
    initial: definition.initial,
    definition: new CompiledDefinition(definition),
    source: sourceOf(settings.log, path, settings),
    snapshots: snapshotsOf(dir, definition, settings),
    clock: settings.clock,
  })
}
