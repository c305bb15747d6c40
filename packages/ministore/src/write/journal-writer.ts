import { MiniStoreError, messageOf } from '../errors.js'
import { type JournalFiles, journalFiles } from '../format/file-names.js'
import { closeQuietly } from '../fs/close-quietly.js'
import type { FileHandle, FileStat } from '../fs/file-system.js'
import { writeAll, writeAllSync } from '../fs/write-all.js'
import type { Settings } from '../options.js'
import { type KnownPlace, KnownPlaces } from '../read/known-places.js'
import type { Segment } from '../read/segment-chain.js'
import type { Checkpoint } from '../read/segment-scanner.js'
import type { OpenedJournal } from '../recovery/recover.js'
import { type Mark, type WatermarkFile, markOf } from '../watermark/watermark-file.js'
import { CommitEncoder } from './commit-encoder.js'
import { ChangeSignal } from './change-signal.js'
import { type DropReport, dropOldest, rotateFiles } from './rotation.js'
import { SyncStats } from './sync-stats.js'

/** Up to this size a commit is copied to the page cache on the calling thread: cheaper than a change of threads. */
const WRITE_INLINE_BYTES = 64 * 1024

/**
 * The one writer of a journal's files. Its methods never overlap: the commit queue calls them one
 * after the other. After a failure that leaves the disk unknown, `failure` is set and stays.
 */
export class JournalWriter {
  readonly #settings: Settings
  readonly #files: JournalFiles
  readonly #encoder: CommitEncoder
  readonly #syncs: SyncStats = new SyncStats()
  /** Moves on when more has become durable. */
  readonly progress: ChangeSignal = new ChangeSignal()
  #handle: FileHandle
  #inode: bigint
  #device: bigint
  readonly #places = new KnownPlaces()
  #archived: Segment[]
  #active: Segment
  // Where the last acknowledged commit ends. Moves only after its write, and with 'disk' its sync, has succeeded.
  #end: Checkpoint
  // Where the last synced commit ends; behind #end only with durability 'os'.
  #durableEnd: Checkpoint
  readonly #watermark: WatermarkFile
  #failure: MiniStoreError | undefined
  #retentionFailure: unknown
  #commitCount = 0
  #recordCount = 0
  #byteCount = 0

  constructor(base: string, settings: Settings, recovered: OpenedJournal) {
    this.#settings = settings
    this.#files = journalFiles(base)
    this.#encoder = new CommitEncoder(settings.seal)
    this.#handle = recovered.handle
    this.#archived = [...recovered.archived]
    this.#active = recovered.active
    this.#end = recovered.end
    for (const place of recovered.checkpoints) this.#places.note(this.#active.number, place)
    this.#durableEnd = recovered.end
    this.#watermark = recovered.watermark
    const { inode, device } = this.#handle.statSync()
    this.#inode = inode
    this.#device = device
  }

  get failure(): MiniStoreError | undefined {
    return this.#failure
  }

  get firstSeq(): number {
    return (this.#archived[0] ?? this.#active).firstSeq
  }

  /** The newest acknowledged record. */
  get lastSeq(): number {
    return this.#active.firstSeq + this.#end.recordCount - 1
  }

  get durableSeq(): number {
    return this.#active.firstSeq + this.#durableEnd.recordCount - 1
  }

  get segments(): readonly Segment[] {
    return [...this.#archived, { ...this.#active, sizeBytes: this.#end.offsetBytes }]
  }

  get commitCount(): number {
    return this.#commitCount
  }

  /** Records in the commits of this writer. */
  get recordCount(): number {
    return this.#recordCount
  }

  get byteCount(): number {
    return this.#byteCount
  }

  /** Why the last retention by `maxSegments` did not finish. */
  get retentionFailure(): unknown {
    return this.#retentionFailure
  }

  get syncs(): SyncStats {
    return this.#syncs
  }

  /** The last known place at or before `seq`. */
  placeBefore(seq: number): KnownPlace | undefined {
    const segment =
      seq < this.#active.firstSeq
        ? this.#archived.findLast(({ firstSeq }) => firstSeq <= seq)
        : this.#active
    const checkpoint = segment && this.#places.before(segment.number, seq - segment.firstSeq)
    return checkpoint && { segment: segment.number, path: segment.path, checkpoint }
  }

  /** A reading has come to that place. */
  notePlace({ segment, checkpoint }: KnownPlace): void {
    this.#places.note(segment, checkpoint)
  }

  /**
   * Writes the lines as one commit, and syncs it unless durability is `'os'`. Rotates before it when
   * it would take the segment past its size.
   */
  async commit(lines: readonly string[], textBytes: number, isInline: boolean): Promise<void> {
    const { maxSegmentBytes, durability } = this.#settings
    // A rotation or a flush may have failed before it in the queue, and what is written to is not known any more.
    this.#assertUsable()
    if (this.#end.offsetBytes + textBytes > maxSegmentBytes) await this.rotate()
    const isUnordered = this.#durableEnd !== this.#end
    const commit = this.#encoder.encode(lines, textBytes, this.#end, isUnordered)
    this.#assertOwnSize()
    const { bytes } = commit
    // Awaited only where there is something to wait for: each turn before the sync is latency of the append.
    const writing = this.#write(bytes, isInline)
    if (writing !== undefined) await writing
    const syncing = durability === 'disk' ? this.#sync(isInline) : undefined
    const end = commit.end()
    // The fence behind the write, while the sync runs: the path still names this file, and it ends where the commit does.
    const isOwn = this.#isOwnFile(end.offsetBytes)
    await syncing
    if (!isOwn) throw this.#fail(this.#foreignWriter('unknown'))
    this.#end = end
    if (durability === 'disk') this.#durableEnd = end
    this.#commitCount++
    this.#recordCount += lines.length
    this.#byteCount += bytes.length
    this.#places.note(this.#active.number, end)
    if (!this.#watermark.tryNote(this.#mark())) await this.#mendWatermark()
    this.progress.notify()
  }

  /** Makes everything acknowledged durable. */
  async flush(): Promise<void> {
    this.#assertUsable()
    if (this.#durableEnd === this.#end) return
    await this.#sync(false)
    this.#durableEnd = this.#end
    if (!this.#watermark.tryNote(this.#mark())) await this.#mendWatermark()
    this.progress.notify()
  }

  /** Archives the active segment, unless it is empty. */
  async rotate(): Promise<void> {
    this.#assertUsable()
    if (this.#end.recordCount === 0) return
    if (!this.#isOwnFile(this.#end.offsetBytes)) throw this.#fail(this.#foreignWriter('absent'))
    await this.#sync(false)
    this.#durableEnd = this.#end
    const link = {
      segment: this.#active.number + 1,
      firstSeq: this.lastSeq + 1,
      prevCrc: this.#end.crc,
    }
    const rotated = await rotateFiles(this.#files, this.#active.number, link, this.#settings)
    if (rotated.kind === 'failed') throw this.#rotationError(rotated.error, rotated.isUndone)
    const archivedHandle = this.#handle
    this.#archived.push({
      ...this.#active,
      path: rotated.archivedPath,
      sizeBytes: this.#end.offsetBytes,
      recordCount: this.#end.recordCount,
    })
    this.#handle = rotated.handle
    this.#inode = rotated.inode
    this.#device = rotated.device
    const headerBytes = rotated.start.offsetBytes
    this.#active = {
      number: link.segment,
      path: this.#files.active,
      firstSeq: link.firstSeq,
      headerBytes,
      sizeBytes: headerBytes,
      recordCount: undefined,
    }
    this.#end = rotated.start
    this.#durableEnd = rotated.start
    this.#places.note(link.segment, rotated.start)
    await closeQuietly(archivedHandle)
    await this.#dropExcess()
  }

  /** Removes whole archived segments whose records all lie before `seq`, oldest first. */
  async dropBefore(seq: number): Promise<DropReport> {
    this.#assertUsable()
    if (seq > this.lastSeq) await this.rotate()
    return this.#dropOldest(({ firstSeq, recordCount = 0 }) => firstSeq + recordCount <= seq)
  }

  /** Syncs, and marks the journal as left in order, unless the store has failed. */
  async close(): Promise<void> {
    try {
      if (this.#failure === undefined) {
        await this.flush()
        await this.#watermark.finish(this.#mark())
      }
    } finally {
      await this.#watermark.close()
      await this.#handle.close()
    }
  }

  #mark(): Mark {
    return markOf(this.#active, this.#durableEnd, this.#end)
  }

  /** The records are acknowledged either way; but a watermark that can be neither written nor removed would lie about the next ones. */
  async #mendWatermark(): Promise<void> {
    try {
      await this.#watermark.mend(this.#mark())
    } catch (error) {
      this.#fail(this.#watermarkFailed(error))
    }
  }

  #watermarkFailed(cause: unknown): MiniStoreError {
    const path = this.#files.watermark
    return new MiniStoreError(
      'WRITE_FAILED',
      `${path}: the watermark can be neither written nor removed: ${messageOf(cause)}. All acknowledged records are in the journal; close the store, and open it again when the cause is gone`,
      { path, outcome: 'absent', cause },
    )
  }

  async #dropExcess(): Promise<void> {
    const { maxSegments } = this.#settings
    const isExcess = (): boolean => this.#archived.length + 1 > maxSegments
    try {
      const { postponed } = await this.#dropOldest(isExcess)
      this.#retentionFailure = postponed
    } catch (error) {
      // The records that were to be appended are not to blame: reported in stats(), tried again at the next rotation.
      this.#retentionFailure = error
    }
  }

  async #dropOldest(isUnwanted: (segment: Segment) => boolean): Promise<DropReport> {
    try {
      return await dropOldest(this.#files, this.#archived, isUnwanted, this.#settings)
    } finally {
      this.#places.forgetBefore((this.#archived[0] ?? this.#active).number)
    }
  }

  #assertUsable(): void {
    if (this.#failure !== undefined) throw storeFailed(this.#failure)
  }

  /** The fence before a write: nobody has appended to the file. */
  #assertOwnSize(): void {
    let sizeBytes: number
    try {
      sizeBytes = this.#handle.sizeSync()
    } catch (error) {
      throw this.#writeFailed(error, 'absent')
    }
    if (sizeBytes !== this.#end.offsetBytes) throw this.#fail(this.#foreignWriter('absent'))
  }

  #isOwnFile(sizeBytes: number): boolean {
    const stat = this.#tryStat()
    return (
      stat !== undefined &&
      stat.inode === this.#inode &&
      stat.device === this.#device &&
      stat.sizeBytes === sizeBytes
    )
  }

  /** Undefined also where the path can no longer be looked at: then nobody can say that it is ours. */
  #tryStat(): FileStat | undefined {
    try {
      return this.#settings.fileSystem.statSync(this.#files.active)
    } catch {
      return undefined
    }
  }

  #foreignWriter(outcome: 'absent' | 'unknown'): MiniStoreError {
    const path = this.#files.active
    return new MiniStoreError(
      'FOREIGN_WRITER',
      `${path}: another program changed or replaced the file while this writer held it; stop it, and open again`,
      { path, outcome, offsetBytes: this.#end.offsetBytes },
    )
  }

  /** Undefined when the bytes are written already: on the calling thread, as small commits are. */
  #write(bytes: Uint8Array, isInline: boolean): Promise<void> | undefined {
    const { offsetBytes } = this.#end
    const failed = async (error: unknown): Promise<never> => {
      throw await this.#takeBack(error)
    }
    if (!isInline && bytes.length > WRITE_INLINE_BYTES) {
      return writeAll(this.#handle, bytes, offsetBytes).catch(failed)
    }
    try {
      writeAllSync(this.#handle, bytes, offsetBytes)
      return undefined
    } catch (error) {
      return failed(error)
    }
  }

  /** Cuts a commit that could not be written whole; what was acknowledged before it stays. */
  async #takeBack(error: unknown): Promise<MiniStoreError> {
    try {
      await this.#handle.truncate(this.#end.offsetBytes)
      await this.#handle.sync()
      return this.#writeFailed(error, 'absent')
    } catch (truncateError) {
      const cause = new AggregateError([error, truncateError], messageOf(error))
      return this.#fail(this.#writeFailed(cause, 'unknown'))
    }
  }

  #writeFailed(cause: unknown, outcome: 'absent' | 'unknown'): MiniStoreError {
    const path = this.#files.active
    const next =
      outcome === 'absent'
        ? 'Nothing of it is in the journal; append again when the cause is gone'
        : 'Close the store and open it again to learn what is in the journal'
    return new MiniStoreError(
      'WRITE_FAILED',
      `${path}: writing at byte ${this.#end.offsetBytes} failed: ${messageOf(cause)}. ${next}`,
      { path, outcome, offsetBytes: this.#end.offsetBytes, cause },
    )
  }

  #rotationError(error: unknown, isUndone: boolean): MiniStoreError {
    const failure = this.#writeFailed(error, isUndone ? 'absent' : 'unknown')
    return isUndone ? failure : this.#fail(failure)
  }

  async #sync(isInline: boolean): Promise<void> {
    const { clock } = this.#settings
    const startMs = clock.monotonicMs()
    try {
      if (isInline) this.#handle.syncSync()
      else await this.#handle.sync()
    } catch (error) {
      const path = this.#files.active
      throw this.#fail(
        new MiniStoreError(
          'SYNC_FAILED',
          `${path}: the disk did not confirm a sync: ${messageOf(error)}. What it holds is unknown; close the store and open it again`,
          { path, outcome: 'unknown', cause: error },
        ),
      )
    }
    this.#syncs.add(clock.monotonicMs() - startMs)
  }

  #fail(failure: MiniStoreError): MiniStoreError {
    this.#failure ??= failure
    return failure
  }
}

/** What every write to a failed store rejects with. */
export function storeFailed(failure: MiniStoreError): MiniStoreError {
  return new MiniStoreError(
    'STORE_FAILED',
    `${failure.path ?? 'the journal'}: the store has failed (${failure.code}) and takes no more writes; close it and open it again`,
    { path: failure.path, outcome: 'absent', cause: failure },
  )
}
