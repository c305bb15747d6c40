import { resolveBase } from './base-path.js'
import { MiniStoreError, openError } from './errors.js'
import { MAX_COMMIT_BYTES } from './format/limits.js'
import type { HeldLock } from './fs/file-system.js'
import type { AppendOptions, AppendedRange, Entry, Followed, Log, LogRange } from './log.js'
import {
  type LogLimits,
  type OpenOptions,
  type ReadOptions,
  type Settings,
  assertInteger,
  resolveOptions,
} from './options.js'
import { type FollowOptions, followPath } from './read/follow.js'
import { inspectJournal } from './read/inspect.js'
import type { Batch } from './read/read-batches.js'
import { acknowledgedSeq } from './read/acknowledged.js'
import { locateRecord } from './read/locate.js'
import { OwnRecords } from './read/own-records.js'
import {
  type Reducer,
  batchesOf,
  entriesOf,
  readerOf,
  reduceRecords,
  replayRecords,
} from './read/reader.js'
import { RecordCodec } from './record/record-codec.js'
import type { StandardSchema } from './record/standard-schema.js'
import { recover } from './recovery/recover.js'
import { type RecoveryReport, reportOf } from './recovery/report.js'
import { Admission, expectedSeqOf } from './write/admission.js'
import { repairJournal } from './repair/repair.js'
import { verifyJournal } from './repair/verify.js'
import { CommitQueue } from './write/commit-queue.js'
import { JournalWriter } from './write/journal-writer.js'
import type { DropReport } from './write/rotation.js'
import { type SegmentInfo, type StoreStats, statsOf } from './write/store-stats.js'
import { acquireLock } from './write/writer-lock.js'

/** Where a store is in its life. `failed`: reads go on, writes reject, and only reopening recovers. */
export type StoreStatus = 'open' | 'failed' | 'closing' | 'closed'

interface StoreParts<R, Input> {
  readonly path: string
  readonly settings: Settings
  readonly codec: RecordCodec<R, Input>
  readonly writer: JournalWriter
  readonly lock: HeldLock | undefined
  readonly recovery: RecoveryReport
}

/**
 * A journal that is open for appending: records in, sequence numbers out, on the disk before the
 * promise resolves. FORMAT.md, in the package, is the contract of its files.
 */
export class MiniStore<R, Input = R> implements Log<R, Input> {
  /** The resolved path of the active segment. */
  readonly path: string
  /** What `open` found and did. */
  readonly recovery: RecoveryReport
  /** What a resolved append has survived: `'disk'`, a power cut; `'os'`, a crash of the process. */
  readonly durability: 'os' | 'disk'
  /** True: a local journal numbers without gaps. */
  readonly gapless = true
  /** True: a journal has one writer. The lock sees to it; with `lock: false` you do. */
  readonly exclusive = true
  /** The sizes that are accepted. */
  readonly limits: LogLimits
  readonly #admission: Admission<Input>
  readonly #writer: JournalWriter
  readonly #queue: CommitQueue
  readonly #records: OwnRecords<R>
  readonly #lock: HeldLock | undefined
  #lifecycle: 'open' | 'closing' | 'closed' = 'open'
  #closed: Promise<void> | undefined

  private constructor(parts: StoreParts<R, Input>) {
    const { settings } = parts
    this.path = parts.path
    this.recovery = parts.recovery
    this.durability = settings.durability
    this.limits = Object.freeze({
      maxRecordBytes: settings.maxRecordBytes,
      maxBatchBytes: MAX_COMMIT_BYTES / 2,
      maxBatchRecords: settings.seal ? Number.POSITIVE_INFINITY : 1,
    })
    this.#admission = new Admission(parts.path, parts.codec, this.limits)
    this.#writer = parts.writer
    this.#lock = parts.lock
    this.#queue = new CommitQueue(parts.path, parts.writer, settings)
    this.#records = new OwnRecords(parts.path, parts, () => this.#assertNotClosed())
  }

  /**
   * Opens a journal for appending, creating it and its folders where they are missing, and recovers
   * it after a crash. When the promise resolves, all that the journal holds is on the disk.
   *
   * @throws {@link MiniStoreError} `JOURNAL_LOCKED`, `JOURNAL_HEADER`, `JOURNAL_VERSION`,
   * `JOURNAL_CORRUPT`, `JOURNAL_AMBIGUOUS_TAIL`, `PATH_NOT_FILE`, `PATH_NOT_FOLDER`, `RECORD_TOO_LARGE`, `IO`.
   * After any of them the journal is as it was. TypeError and RangeError for wrong options.
   */
  static open<Output, Input>(
    path: string,
    options: OpenOptions<Output, Input> & { readonly schema: StandardSchema<Input, Output> },
  ): Promise<MiniStore<Output, Input>>
  static open<R = unknown>(path: string, options?: OpenOptions<R>): Promise<MiniStore<R>>
  static async open<R, Input>(
    path: string,
    options: OpenOptions<R, Input> = {},
  ): Promise<MiniStore<R, Input>> {
    const settings = resolveOptions(options)
    const codec = new RecordCodec<R, Input>(options.schema, options.codec, options.stringify)
    const startMs = settings.clock.monotonicMs()
    const base = await resolveBase(settings.fileSystem, path)
    const lock = settings.lock ? await acquireLock(base, settings) : undefined
    try {
      const recovered = await recover(base, settings)
      const writer = new JournalWriter(base, settings, recovered)
      const elapsedMs = settings.clock.monotonicMs() - startMs
      const recovery = reportOf(recovered, writer, lock?.mechanisms ?? [], elapsedMs)
      return new MiniStore({ path: base, settings, codec, writer, lock, recovery })
    } catch (error) {
      await lock?.release()
      throw MiniStoreError.is(error) ? error : openError(base, error)
    }
  }

  /**
   * All records of a journal, in order; `[]` where there is none. Takes no lock and writes nothing;
   * may include a commit whose sync is still running. For journals that fit into memory.
   *
   * @throws {@link MiniStoreError} `JOURNAL_CORRUPT`, `JOURNAL_HEADER`, `JOURNAL_VERSION`,
   * `RECORD_INVALID`, `RECORD_TOO_LARGE`, `SEQ_DROPPED`, `PATH_NOT_FILE`, `IO`
   */
  static replay<R = unknown>(path: string, options: ReadOptions<R> = {}): Promise<R[]> {
    return replayRecords(readerOf(path, options))
  }

  /** Records one by one, in constant memory; otherwise as {@link MiniStore.replay}. */
  static entries<R = unknown>(path: string, options: ReadOptions<R> = {}): AsyncIterable<Entry<R>> {
    return entriesOf(readerOf(path, options))
  }

  /** Records in the pieces in which they are read: the fast way through a large journal. Otherwise as {@link MiniStore.replay}. */
  static batches<R = unknown>(path: string, options: ReadOptions<R> = {}): AsyncIterable<Batch<R>> {
    return batchesOf(readerOf(path, options))
  }

  /**
   * Folds the journal into one value, in constant memory. Starts at record 1 unless `from` is given.
   *
   * @throws {@link MiniStoreError} `SEQ_DROPPED` when the first records are gone, for a fold without
   * its start would be wrong; otherwise as {@link MiniStore.replay}
   */
  static reduce<R, State>(
    path: string,
    reducer: Reducer<R, State>,
    initial: State,
    options: ReadOptions<R> = {},
  ): Promise<State> {
    return reduceRecords(readerOf(path, options), reducer, initial)
  }

  /**
   * All records from `from` on, then what its writer appends, in whatever process, until the signal
   * ends the iteration. Of a living writer's records only the acknowledged ones are shown. Takes no
   * lock and writes nothing; waits for a journal that is not there yet.
   *
   * @throws {@link MiniStoreError} `SEQ_DROPPED` also when records were dropped before they were
   * read; otherwise as {@link MiniStore.replay}
   */
  static follow<R = unknown>(
    path: string,
    options: FollowOptions<R> = {},
  ): AsyncIterable<Followed<R>> {
    return followPath(path, options)
  }

  /** Sequence numbers, segments and sizes of a journal. Takes no lock and writes nothing. */
  static readonly inspect: typeof inspectJournal = inspectJournal

  /**
   * The newest record that a writer beside us has acknowledged; undefined where no writer of this boot is
   * at work, and all that can be read is. For readers that must not show what may still be taken back.
   */
  static readonly acknowledgedSeq: typeof acknowledgedSeq = acknowledgedSeq

  /** The file and line of a record; undefined where the journal begins behind it. Reads headers only. */
  static readonly locate: typeof locateRecord = locateRecord

  /**
   * Reads every byte of a journal and reports all damage, not only the first. Takes no lock and changes
   * nothing. Beside a writer the end may look torn, for a commit that is being written.
   *
   * @throws {@link MiniStoreError} `RECORD_TOO_LARGE`, `PATH_NOT_FILE`, `IO`; never for damage
   */
  static readonly verify: typeof verifyJournal = verifyJournal

  /**
   * Mends a damaged journal: `cutAt` ends it before a record, `skipCorrupt` leaves out what does not
   * verify. A dry run unless `dryRun: false`. Every file that is changed is kept as
   * `<file>.broken-<time>`, on the disk before anything is changed; a repair that a crash interrupts is
   * finished by the next one, and until then nobody can open the journal.
   *
   * @throws {@link MiniStoreError} `JOURNAL_LOCKED`, `JOURNAL_HEADER`, `JOURNAL_VERSION`,
   * `JOURNAL_CORRUPT` (damage before `cutAt`), `RECORD_TOO_LARGE`, `PATH_NOT_FILE`, `IO`
   */
  static readonly repair: typeof repairJournal = repairJournal

  /** The oldest record still there; `lastSeq + 1` when there is none. */
  get firstSeq(): number {
    return this.#writer.firstSeq
  }

  /** The newest acknowledged record; 0 in a new journal. */
  get lastSeq(): number {
    return this.#writer.lastSeq
  }

  /** The newest synced record; behind `lastSeq` only with durability `'os'`. */
  get durableSeq(): number {
    return this.#writer.durableSeq
  }

  /** The first record of the commit that is still being formed; every one before it is in a commit of its own. */
  get formingSeq(): number {
    return this.#queue.formingSeq
  }

  /** The highest number ever dropped; 0 for none. */
  get droppedThroughSeq(): number {
    return this.#writer.firstSeq - 1
  }

  /** Where the store is in its life. */
  get status(): StoreStatus {
    if (this.#lifecycle !== 'open') return this.#lifecycle
    return this.#writer.failure === undefined ? 'open' : 'failed'
  }

  /** The first error that left the disk unknown, when `status` is `'failed'`. */
  get failure(): MiniStoreError | undefined {
    return this.#writer.failure
  }

  /** The journal's files, older first, the active one last. */
  get segments(): readonly SegmentInfo[] {
    return this.#writer.segments.map(({ firstSeq, sizeBytes }) => ({ firstSeq, sizeBytes }))
  }

  /** Figures of this writer and of the journal's files. */
  stats(): StoreStats {
    return statsOf(this.#writer, this.#queue)
  }

  /**
   * Appends one record. Resolves to its sequence number when it is on the disk (durability `'os'`:
   * when the operating system has it). It is serialised now: changing it later has no effect.
   *
   * @throws {@link MiniStoreError} `RECORD_NOT_SERIALIZABLE`, `RECORD_INVALID`, `RECORD_TOO_LARGE`,
   * `WRONG_EXPECTED_SEQ`, `BACKLOG_FULL`, `WRITE_FAILED`, `SYNC_FAILED`, `FOREIGN_WRITER`,
   * `STORE_FAILED`, `STORE_CLOSED`; `outcome` says whether the record can be there
   */
  append(record: Input, options: AppendOptions = {}): Promise<number> {
    return this.#whenOpen(() => {
      const admitted = this.#admission.one(record)
      return this.#queue.append(admitted, expectedSeqOf(options), (seq) => seq)
    })
  }

  /**
   * Appends records as one commit: after a crash all are there, or none. Otherwise as
   * {@link MiniStore.append}. An empty array is a RangeError.
   */
  appendMany(records: readonly Input[], options: AppendOptions = {}): Promise<AppendedRange> {
    return this.#whenOpen(() => {
      const admitted = this.#admission.many(records)
      return this.#queue.append(admitted, expectedSeqOf(options), (first) => {
        return { first, last: first + admitted.lines.length - 1 }
      })
    })
  }

  /** Resolves when `append` has room for more; see `BACKLOG_FULL`. */
  ready(): Promise<void> {
    return this.#queue.ready()
  }

  /**
   * Resolves when everything acknowledged or queued before is on the disk. With durability `'disk'`
   * that is when the queued appends have settled.
   */
  flush(): Promise<void> {
    return this.#task(() => this.#writer.flush())
  }

  /** Archives the active segment and starts a new one, durably; does nothing when it holds no record. */
  rotate(): Promise<void> {
    return this.#task(() => this.#writer.rotate())
  }

  /**
   * Deletes whole segments whose records all lie before `seq`; rotates first when that lets the active
   * one go. Each deletion is durable before the next.
   */
  dropBefore(seq: number): Promise<DropReport> {
    return this.#whenOpen(() => {
      assertInteger('seq', seq, 1)
      return this.#queue.run(() => this.#writer.dropBefore(seq))
    })
  }

  /**
   * One record, or undefined when it is not durable yet. Its seal is checked on the way.
   *
   * @throws {@link MiniStoreError} `SEQ_DROPPED`, and what {@link MiniStore.replay} throws
   */
  async read(seq: number): Promise<R | undefined> {
    return this.#records.read(seq)
  }

  /** Records up to `durableSeq` as it is now, one by one, in constant memory. */
  entries(range: LogRange = {}): AsyncIterable<Entry<R>> {
    return this.#records.entries(range)
  }

  /** As {@link MiniStore.entries}, in the pieces in which they are read. */
  batches(range: LogRange = {}): AsyncIterable<Batch<R>> {
    return this.#records.batches(range)
  }

  /**
   * Everything durable from `from` on, then what becomes durable, until the signal ends the iteration.
   * Ends with `STORE_CLOSED` when the store is closed and all has been shown.
   */
  follow(
    range: { readonly from?: number; readonly signal?: AbortSignal } = {},
  ): AsyncIterable<Followed<R>> {
    return this.#records.follow(range)
  }

  /**
   * Takes no more appends, settles those that wait, syncs, unlocks. Idempotent; on a failed store it
   * unlocks and resolves.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  /** {@link MiniStore.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    this.#lifecycle = 'closing'
    try {
      await this.#queue.run(() => this.#writer.close())
    } finally {
      try {
        await this.#lock?.release()
      } finally {
        this.#lifecycle = 'closed'
        this.#writer.progress.notify()
      }
    }
  }

  #task<T>(task: () => Promise<T>): Promise<T> {
    return this.#whenOpen(() => this.#queue.run(task))
  }

  /** What a caller did wrong, and a closed store, are rejections as everything else is. */
  #whenOpen<T>(call: () => Promise<T>): Promise<T> {
    try {
      this.#assertOpen()
      return call()
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  #assertNotClosed(): void {
    if (this.#lifecycle === 'closed') this.#assertOpen()
  }

  #assertOpen(): void {
    if (this.#lifecycle === 'open') return
    throw new MiniStoreError('STORE_CLOSED', `${this.path}: the store is closed; open it again`, {
      path: this.path,
      outcome: 'absent',
    })
  }
}
