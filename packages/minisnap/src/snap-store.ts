import { type OptionNames, assertKnownOptions } from '@mini-rs/ministore'
import { makeDirectories, replaceFile } from '@mini-rs/ministore/fs'
import type { Envelope } from './codec/codec.js'
import { compress } from './codec/compression.js'
import { copyOfNotes } from './codec/notes.js'
import { MiniSnapError, type SkippedSnapshot, messageOf } from './errors.js'
import { inFolder, snapshotName } from './file/file-names.js'
import { sealedSlices, toBytes } from './file/slices.js'
import { type FolderEntry, SnapshotFolder } from './file/snapshot-folder.js'
import { type DecodedSnapshot, SnapshotReader } from './file/snapshot-reader.js'
import { migrateState } from './migrate.js'
import { type Settings, type SnapStoreOptions, resolveOptions, wholeNumber } from './options.js'
import { validateState } from './schema.js'
import type {
  CheckedSnapshot,
  CreateOptions,
  CreatedSnapshot,
  RestoreOptions,
  RestoredSnapshot,
  SnapshotFile,
  SnapshotStore,
} from './snapshot-store.js'

/** How often a restore begins again because a writer beside it has pruned what it was about to read. */
const RESTORE_ATTEMPTS = 10

const CREATE_OPTIONS: OptionNames<CreateOptions> = {
  mode: true,
  log: true,
  notes: true,
  signal: true,
  onProgress: true,
}
const RESTORE_OPTIONS: OptionNames<RestoreOptions> = {
  atOrBefore: true,
  signal: true,
  onProgress: true,
}

/**
 * Snapshots of a state in a folder, one file each: `snapshot_<sequence number>.json`. One writer per
 * folder; any number of readers beside it.
 */
export class SnapStore<S> implements SnapshotStore<S> {
  readonly #folder: SnapshotFolder
  readonly #settings: Settings<S>
  readonly #reader: SnapshotReader
  // Settles when every change of the folder that was asked for so far has ended.
  #changes: Promise<unknown> = Promise.resolve()
  #isFolderMade = false

  /** Does no I/O: the folder is made by the first {@link SnapStore.create}. @throws TypeError, RangeError, {@link MiniSnapError} `COMPRESSION_UNAVAILABLE` */
  constructor(dir: string, options: SnapStoreOptions<S> = {}) {
    if (typeof dir !== 'string' || dir === '')
      throw new TypeError('dir must be the path of a folder')
    this.#settings = resolveOptions(options)
    this.#folder = new SnapshotFolder(dir, this.#settings.fileSystem)
    this.#reader = new SnapshotReader(this.#folder, this.#settings.codec)
  }

  /** The folder. */
  get dir(): string {
    return this.#folder.path
  }

  /** How many whole snapshots are kept. */
  get keep(): number {
    return this.#settings.keep
  }

  /**
   * Writes a snapshot of `state`, which reflects the log up to `seq`, and replaces one of the same
   * number. On the disk, file and name, when it resolves; then older ones are pruned. When it rejects,
   * every snapshot that was there is still there.
   *
   * @throws {@link MiniSnapError} `STATE_NOT_SERIALIZABLE` for the state and the notes, `LOG_BEHIND`,
   * `WRITE_FAILED`, `COMPRESSION_UNAVAILABLE`; the signal's reason
   */
  async create(state: S, seq: number, options: CreateOptions = {}): Promise<CreatedSnapshot> {
    wholeNumber('seq', seq, 0)
    assertKnownOptions('options', options, CREATE_OPTIONS)
    const { mode = 'sliced' } = options
    if (mode !== 'sliced' && mode !== 'atOnce') {
      throw new TypeError(`mode must be "sliced" or "atOnce", not ${String(mode)}`)
    }
    options.signal?.throwIfAborted()
    const { codec, pretty, version, clock } = this.#settings
    const createdAt = new Date(clock.now()).toISOString()
    const named = codec.name === 'json' ? {} : { codec: codec.name }
    const startMs = clock.monotonicMs()
    const noted = options.notes === undefined ? {} : { notes: copyOfNotes(options.notes) }
    const envelope: Envelope = { seq, version, createdAt, ...named, ...noted, state }
    const pieces = codec.encode(envelope, { pretty })
    // At once means before anything else can run: not even a look at the folder.
    const content = mode === 'atOnce' ? Array.from(pieces, toBytes) : pieces
    const heldMs = clock.monotonicMs() - startMs
    return this.#alone(() => this.#create(envelope, content, { options, heldMs }))
  }

  /**
   * The newest whole snapshot. Damaged ones are passed over, and named in `skipped`.
   *
   * @throws {@link MiniSnapError} `SNAPSHOT_NOT_FOUND`, `SNAPSHOT_CORRUPT` when all are damaged,
   * `SNAPSHOT_TOO_NEW`, `SNAPSHOT_WRONG_CODEC`, `MIGRATION_FAILED`, `STATE_INVALID`,
   * `COMPRESSION_UNAVAILABLE`, `IO`; the signal's reason
   */
  async restore(options: RestoreOptions = {}): Promise<RestoredSnapshot<S>> {
    const restored = await this.tryRestore(options)
    if (restored !== undefined) return restored
    const { atOrBefore } = options
    const which = atOrBefore === undefined ? 'a snapshot' : `a snapshot at or before ${atOrBefore}`
    throw new MiniSnapError('SNAPSHOT_NOT_FOUND', `${this.dir} does not hold ${which}`, {
      path: this.dir,
    })
  }

  /**
   * As {@link SnapStore.restore}; undefined when there is no snapshot at all.
   *
   * @throws {@link MiniSnapError} as `restore`, without `SNAPSHOT_NOT_FOUND`
   */
  async tryRestore(options: RestoreOptions = {}): Promise<RestoredSnapshot<S> | undefined> {
    assertKnownOptions('options', options, RESTORE_OPTIONS)
    const { atOrBefore = Number.MAX_SAFE_INTEGER } = options
    wholeNumber('atOrBefore', atOrBefore, 0)
    for (let attempt = 0; attempt < RESTORE_ATTEMPTS; attempt++) {
      const entries = (await this.#folder.list()).filter(({ seq }) => seq <= atOrBefore)
      if (entries.length === 0) return undefined
      const found = await this.#newestWhole(entries, options)
      if (found !== undefined) return this.#toRestored(found)
    }
    throw new MiniSnapError('IO', `${this.dir} changes faster than it can be read; try again`, {
      path: this.dir,
    })
  }

  /** Every snapshot, newest first, by names and sizes: nothing is read. @throws {@link MiniSnapError} `IO` */
  async list(): Promise<SnapshotFile[]> {
    return (await this.#folder.list()).map(toFile)
  }

  /** The newest snapshot by its name; undefined when there is none. @throws {@link MiniSnapError} `IO` */
  async latest(): Promise<SnapshotFile | undefined> {
    return (await this.list())[0]
  }

  /** Whether there is any snapshot. @throws {@link MiniSnapError} `IO` */
  async exists(): Promise<boolean> {
    return (await this.latest()) !== undefined
  }

  /**
   * Reads snapshots whole and checks their seals, newest first: all, or the one with this number. Those
   * that are whole are durable when it resolves.
   *
   * @throws {@link MiniSnapError} `SNAPSHOT_NOT_FOUND` for a number that is not there, `IO`,
   * `COMPRESSION_UNAVAILABLE`
   */
  async verify(seq?: number): Promise<CheckedSnapshot[]> {
    if (seq !== undefined) wholeNumber('seq', seq, 0)
    await this.#folder.sync()
    const entries = (await this.#folder.list()).filter(
      (one) => seq === undefined || one.seq === seq,
    )
    if (entries.length === 0 && seq !== undefined) {
      throw new MiniSnapError(
        'SNAPSHOT_NOT_FOUND',
        `${this.dir} does not hold a snapshot of ${seq}`,
        {
          path: this.dir,
          seq,
        },
      )
    }
    const checked: CheckedSnapshot[] = []
    for (const entry of entries) {
      const result = await this.#reader.check(entry)
      if (result !== undefined) checked.push({ ...toFile(entry), ...result })
    }
    return checked
  }

  /**
   * Removes what is older than the `keep` newest whole snapshots, and what crashes have left; resolves
   * to the snapshots that went. Damaged ones between them stay, and count for nothing. One of record 0 stays
   * always: what a log began with, no record makes again.
   *
   * @throws {@link MiniSnapError} `IO`, `COMPRESSION_UNAVAILABLE`
   */
  prune(): Promise<string[]> {
    return this.#alone(() => this.#prune())
  }

  async #create(
    { seq, version, createdAt, notes }: Envelope,
    content: Iterable<string | Uint8Array>,
    { options, heldMs }: { options: CreateOptions; heldMs: number },
  ): Promise<CreatedSnapshot> {
    const { clock, codec, compression } = this.#settings
    const startMs = clock.monotonicMs() - heldMs
    const path = inFolder(this.dir, snapshotName(seq, codec.extension, compression))
    let longestSliceMs = heldMs
    const onSlice = (ms: number): void => {
      longestSliceMs = Math.max(longestSliceMs, ms)
    }
    let sizeBytes: number
    try {
      sizeBytes = await this.#write(path, content, seq, { ...options, onSlice })
      await this.#removeTwins(seq, path)
    } catch (error) {
      throw this.#createError(path, seq, options, error)
    }
    const pruning = await this.#tryPrune(path)
    const elapsedMs = clock.monotonicMs() - startMs
    const info = { seq, path, sizeBytes, version, createdAt, isVerified: true, notes }
    return { ...info, elapsedMs, longestSliceMs, ...pruning }
  }

  async #write(
    path: string,
    content: Iterable<string | Uint8Array>,
    seq: number,
    { log, signal, onProgress, onSlice }: CreateOptions & { onSlice: (ms: number) => void },
  ): Promise<number> {
    const { fileSystem, clock, sliceMs, compression, mode } = this.#settings
    await this.#makeFolder()
    await this.#folder.sweep()
    const totalBytes = onProgress && (await this.latest())?.sizeBytes
    const onBytes = (doneBytes: number): void => onProgress?.({ doneBytes, totalBytes })
    const slices = sealedSlices(content, { sliceMs, clock, signal, onBytes, onSlice })
    return replaceFile(fileSystem, path, compress(compression, slices), {
      permissions: mode,
      beforeVisible: async () => {
        signal?.throwIfAborted()
        await log?.flush()
        signal?.throwIfAborted() // a log with much to flush takes its time
        if (log !== undefined && log.durableSeq < seq) throw logBehind(path, seq, log.durableSeq)
      },
    })
  }

  /** Its name is made durable once: whoever made it may have died before that. */
  async #makeFolder(): Promise<void> {
    const { fileSystem } = this.#settings
    if (this.#isFolderMade && (await fileSystem.stat(this.dir)) !== undefined) return
    await makeDirectories(fileSystem, this.dir)
    this.#isFolderMade = true
  }

  /** The same number under another codec or compression: only the new one says what was created. */
  async #removeTwins(seq: number, path: string): Promise<void> {
    const entries = await this.#folder.list()
    const twins = entries.filter(
      (one) => one.seq === seq && one.path !== path && one.legacy === 'no',
    )
    await this.#folder.remove(twins.map((one) => one.path))
  }

  #createError(path: string, seq: number, { signal }: CreateOptions, error: unknown): unknown {
    if (MiniSnapError.is(error) && error.code !== 'IO') return error
    if (signal?.aborted === true && error === signal.reason) return error
    return new MiniSnapError(
      'WRITE_FAILED',
      `${path} could not be written: ${messageOf(error)}. The snapshots before it are as they were; try again when the cause is gone`,
      { path, seq, cause: error },
    )
  }

  async #tryPrune(created: string): Promise<Pick<CreatedSnapshot, 'pruned' | 'pruneFailure'>> {
    try {
      return { pruned: await this.#prune(created), pruneFailure: undefined }
    } catch (error) {
      return { pruned: [], pruneFailure: error } // the snapshot itself is on the disk; the next one prunes again
    }
  }

  /** `created`: has just been written, and is whole. */
  async #prune(created?: string): Promise<string[]> {
    if (created === undefined) await this.#folder.sync() // `created` was made durable with the names before it
    await this.#folder.sweep()
    const entries = (await this.#folder.list()).filter(
      ({ legacy, seq }) => legacy === 'no' && seq > 0,
    )
    let wholeCount = 0
    const unwanted: FolderEntry[] = []
    for (const entry of entries) {
      if (wholeCount >= this.keep) unwanted.push(entry)
      else if (entry.path === created || (await this.#reader.check(entry))?.status === 'whole')
        wholeCount++
    }
    const paths = unwanted.map(({ path }) => path).filter((path) => path !== created)
    // The oldest first, so that a crash leaves no hole among those that are kept.
    return this.#folder.remove(paths.toReversed())
  }

  /** The first that is whole; undefined when a file was removed meanwhile. */
  async #newestWhole(
    entries: readonly FolderEntry[],
    options: RestoreOptions,
  ): Promise<
    { entry: FolderEntry; decoded: DecodedSnapshot; skipped: SkippedSnapshot[] } | undefined
  > {
    const skipped: SkippedSnapshot[] = []
    for (const entry of entries) {
      const decoded = await this.#reader.decode(entry, options)
      if (decoded.kind === 'gone') return undefined
      if (decoded.kind === 'whole') return { entry, decoded, skipped }
      skipped.push({ path: entry.path, seq: entry.seq, reason: decoded.reason })
    }
    throw allDamaged(this.dir, skipped)
  }

  async #toRestored({
    entry,
    decoded: { envelope, isVerified },
    skipped,
  }: {
    entry: FolderEntry
    decoded: DecodedSnapshot
    skipped: SkippedSnapshot[]
  }): Promise<RestoredSnapshot<S>> {
    const { path, seq } = entry
    const { version, createdAt, notes } = envelope
    const { migrate, version: wanted, schema } = this.#settings
    const migrated = await migrateState(envelope.state, { path, seq, version }, migrate, wanted)
    const state = await validateState(migrated, { path, seq }, schema)
    const info = { ...toFile(entry), version, createdAt, isVerified, notes }
    return { state, seq, info, skipped }
  }

  /** Changes of the folder run one after the other. */
  #alone<T>(change: () => Promise<T>): Promise<T> {
    const run = this.#changes.then(change)
    this.#changes = run.catch(() => undefined) // whoever asked for it is told
    return run
  }
}

function toFile({ seq, path, sizeBytes }: SnapshotFile): SnapshotFile {
  return { seq, path, sizeBytes }
}

function logBehind(path: string, seq: number, durableSeq: number): MiniSnapError {
  return new MiniSnapError(
    'LOG_BEHIND',
    `${path} would be of record ${seq}, and the log has only ${durableSeq} on the disk: a snapshot must not be ahead of its log. Nothing was changed`,
    { path, seq },
  )
}

function allDamaged(dir: string, skipped: readonly SkippedSnapshot[]): MiniSnapError {
  const reasons = skipped.map(({ path, reason }) => `${path}: ${reason}`).join('; ')
  return new MiniSnapError(
    'SNAPSHOT_CORRUPT',
    `${dir}: no snapshot can be trusted: ${reasons}. Nothing was changed; restore a copy of the files, or remove them and replay the whole log`,
    { path: dir, skipped },
  )
}
