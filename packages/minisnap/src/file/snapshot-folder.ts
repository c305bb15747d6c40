import { type FileSystem, isHeldOpen, isTemporary, readFully } from '@mini-rs/ministore/fs'
import { type Compression, decompress, unpack } from '../codec/compression.js'
import { errnoOf, ioError, messageOf } from '../errors.js'
import type { SnapshotFile, SnapshotProgress } from '../snapshot-store.js'
import {
  LEGACY_SEQ_NAME,
  LEGACY_STATE_NAME,
  inFolder,
  isSnapshotLeftover,
  parseSnapshotName,
} from './file-names.js'
import { SealCheck, type SealVerdict, type SealedBody, bodyOf, splitSeal } from './sealed-body.js'

/** Bytes of one read. */
const READ_BYTES = 8 * 1024 * 1024

/** Bytes whose CRC is computed in one go while other work goes on. */
const CHECK_BYTES = 1024 * 1024

/** A snapshot in the folder, and how its file is read. */
export interface FolderEntry extends SnapshotFile {
  readonly extension: string
  readonly compression: Compression
  /** The pair of the first Rust crate: no envelope. Why it is none, where one half is missing. */
  readonly legacy: 'no' | 'pair' | { readonly fault: string }
}

/** The content of a file; `gone`: somebody has removed it meanwhile. */
export type FoundBody = SealedBody | { readonly kind: 'gone' }

/** How a file is read. */
export interface BodyOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: SnapshotProgress) => void) | undefined
}

/** The files of one snapshot folder. */
export class SnapshotFolder {
  readonly path: string
  readonly #fileSystem: FileSystem

  constructor(path: string, fileSystem: FileSystem) {
    this.path = path
    this.#fileSystem = fileSystem
  }

  /** Every snapshot by its name, newest first. */
  async list(): Promise<FolderEntry[]> {
    const names = await this.#names()
    const entries: FolderEntry[] = []
    for (const name of names) {
      const parsed = parseSnapshotName(name)
      if (parsed === undefined) continue
      const path = inFolder(this.path, name)
      const stat = await this.#stat(path)
      if (stat === undefined) continue // removed since
      entries.push({ ...parsed, path, sizeBytes: stat.sizeBytes, legacy: 'no' })
    }
    const legacy = names.includes(LEGACY_STATE_NAME) ? await this.#legacy() : undefined
    if (legacy !== undefined) entries.push(legacy)
    // A legacy pair comes last among equals: it is the oldest way to write one.
    return entries.toSorted(
      (a, b) => b.seq - a.seq || Number(b.legacy === 'no') - Number(a.legacy === 'no'),
    )
  }

  /** What stands in front of the seal, decompressed. @throws {@link MiniSnapError} `IO`, `COMPRESSION_UNAVAILABLE` */
  async read(entry: FolderEntry, options: BodyOptions = {}): Promise<FoundBody> {
    const found = await this.#tryRead(entry, options, async () => {
      const { compression } = entry
      if (compression !== 'none') {
        return splitSeal(await decompress(compression, await this.#readFile(entry.path, options)))
      }
      const check = new SealCheck()
      const bytes = await this.#readFile(entry.path, options, (piece) => check.add(piece))
      return bodyOf(bytes, check.verdict())
    })
    return refuseUnsealed(found, entry)
  }

  /**
   * Whether a file fits its seal. It is read a piece at a time, so that neither memory nor the event loop
   * has to bear the whole of it.
   *
   * @throws {@link MiniSnapError} `IO`, `COMPRESSION_UNAVAILABLE`
   */
  async check(entry: FolderEntry): Promise<SealVerdict | { readonly kind: 'gone' }> {
    const found = await this.#tryRead(entry, {}, async () => {
      const check = new SealCheck()
      const pieces = this.#pieces(entry.path)
      const { compression } = entry
      const content = compression === 'none' ? pieces : unpack(compression, pieces)
      for await (const piece of content) check.add(piece)
      return check.verdict()
    })
    return refuseUnsealed(found, entry)
  }

  /**
   * Makes the names that are there durable: a writer that was killed between its rename and its sync has
   * left one that a power cut can still take away.
   */
  async sync(): Promise<void> {
    try {
      await this.#fileSystem.syncDirectory(this.path)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw ioError('syncing the folder', this.path, error)
    }
  }

  /** Removes what crashes have left of snapshots that were being written. */
  async sweep(): Promise<void> {
    const names = (await this.#names()).filter(
      (name) => isSnapshotLeftover(name) && isTemporary(name),
    )
    await this.remove(names.map((name) => inFolder(this.path, name)))
  }

  /** Removes files, durably; resolves to those that went. One that is open elsewhere stays for the next time. */
  async remove(paths: readonly string[]): Promise<string[]> {
    const removed: string[] = []
    for (const path of paths) {
      try {
        await this.#fileSystem.remove(path)
        removed.push(path)
      } catch (error) {
        const isGone = errnoOf(error) === 'ENOENT'
        if (!isGone && !isHeldOpen(error)) throw ioError('removing', path, error)
      }
    }
    if (removed.length > 0) await this.#fileSystem.syncDirectory(this.path)
    return removed
  }

  async #names(): Promise<string[]> {
    try {
      return await this.#fileSystem.list(this.path)
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [] // no folder: nothing was created yet
      throw ioError('listing', this.path, error)
    }
  }

  async #stat(path: string): Promise<{ sizeBytes: number } | undefined> {
    try {
      return await this.#fileSystem.stat(path)
    } catch (error) {
      throw ioError('looking at it', path, error)
    }
  }

  async #legacy(): Promise<FolderEntry | undefined> {
    const path = inFolder(this.path, LEGACY_STATE_NAME)
    const stat = await this.#stat(path)
    if (stat === undefined) return undefined
    const shared = { path, sizeBytes: stat.sizeBytes, extension: 'json' }
    const seqPath = inFolder(this.path, LEGACY_SEQ_NAME)
    const text = await this.#tryReadText(seqPath)
    const seq = Number(text)
    if (text !== undefined && /^\d+\s*$/.test(text) && Number.isSafeInteger(seq)) {
      return { ...shared, compression: 'none', seq, legacy: 'pair' }
    }
    const fault = text === undefined ? `${seqPath} is missing` : `${seqPath} holds no number`
    return { ...shared, compression: 'none', seq: 0, legacy: { fault } }
  }

  async #tryReadText(path: string): Promise<string | undefined> {
    try {
      return Buffer.from(await this.#readFile(path, {})).toString('utf8')
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined
      throw ioError('reading', path, error)
    }
  }

  /** What `read` makes of a file, or why the file cannot count. */
  async #tryRead<F>(
    { path, compression }: FolderEntry,
    { signal }: BodyOptions,
    read: () => Promise<F>,
  ): Promise<
    F | { readonly kind: 'gone' } | { readonly kind: 'damaged'; readonly reason: string }
  > {
    try {
      return await read()
    } catch (error) {
      signal?.throwIfAborted()
      const code = errnoOf(error)
      if (code === 'ENOENT') return { kind: 'gone' }
      if (code === 'EIO') return { kind: 'damaged', reason: 'the disk cannot read it' }
      // What zlib says of the bytes, and not what the disk says of the file.
      if (compression !== 'none' && (code === undefined || /^Z_|^ERR_|^ZSTD_/.test(code))) {
        return { kind: 'damaged', reason: `${compression} cannot unpack it: ${messageOf(error)}` }
      }
      throw ioError('reading', path, error)
    }
  }

  async *#pieces(path: string): AsyncGenerator<Uint8Array> {
    const handle = await this.#fileSystem.open(path, 'read')
    try {
      for (let offset = 0; ;) {
        const piece = Buffer.allocUnsafe(CHECK_BYTES)
        const count = await readFully(handle, piece, offset)
        if (count > 0) yield piece.subarray(0, count)
        if (count < CHECK_BYTES) return
        offset += count
      }
    } finally {
      await handle.close()
    }
  }

  /** `onPiece`: is given all of it, each piece while the next one is read. */
  async #readFile(
    path: string,
    { signal, onProgress }: BodyOptions,
    onPiece?: (piece: Uint8Array) => void,
  ): Promise<Uint8Array> {
    const handle = await this.#fileSystem.open(path, 'read')
    try {
      const totalBytes = handle.sizeSync()
      const bytes = Buffer.allocUnsafeSlow(totalBytes)
      let piece = bytes.subarray(0, 0)
      let doneBytes = 0
      while (doneBytes < totalBytes) {
        signal?.throwIfAborted()
        const next = bytes.subarray(doneBytes, doneBytes + READ_BYTES)
        const reading = readFully(handle, next, doneBytes)
        onPiece?.(piece)
        const count = await reading
        piece = next.subarray(0, count)
        if (count === 0) break // it was cut while we read
        doneBytes += count
        onProgress?.({ doneBytes, totalBytes })
      }
      onPiece?.(piece)
      return bytes.subarray(0, doneBytes)
    } finally {
      await handle.close()
    }
  }
}

/** Nobody else writes compressed ones: without a seal, one of ours was cut. */
function refuseUnsealed<F extends { readonly kind: string }>(
  found: F,
  { compression }: FolderEntry,
): F | { readonly kind: 'damaged'; readonly reason: string } {
  if (found.kind !== 'unsealed' || compression === 'none') return found
  return { kind: 'damaged', reason: 'it has no seal' }
}
