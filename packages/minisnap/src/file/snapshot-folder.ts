import { type FileSystem, isHeldOpen, isTemporary, readFully } from '@mini-rs/ministore/fs'
import { type Compression, decompress } from '../codec/compression.js'
import { MiniSnapError, errnoOf, ioError, messageOf } from '../errors.js'
import type { SnapshotFile, SnapshotProgress } from '../snapshot-store.js'
import {
  LEGACY_SEQ_NAME,
  LEGACY_STATE_NAME,
  inFolder,
  isSnapshotLeftover,
  parseSnapshotName,
} from './file-names.js'
import { type SealedBody, splitSeal } from './sealed-body.js'

/** Bytes of one read. */
const READ_BYTES = 8 * 1024 * 1024

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
  async read({ path, compression }: FolderEntry, options: BodyOptions = {}): Promise<FoundBody> {
    let bytes: Uint8Array
    try {
      bytes = await this.#readFile(path, options)
    } catch (error) {
      options.signal?.throwIfAborted()
      if (errnoOf(error) === 'ENOENT') return { kind: 'gone' }
      if (errnoOf(error) === 'EIO') return { kind: 'damaged', reason: 'the disk cannot read it' }
      throw ioError('reading', path, error)
    }
    if (compression === 'none') return splitSeal(bytes)
    const found = await tryDecompress(compression, bytes)
    if (!(found instanceof Uint8Array)) return { kind: 'damaged', reason: found.reason }
    const body = splitSeal(found)
    // Nobody else writes compressed ones: without a seal, one of ours was cut.
    return body.kind === 'unsealed' ? { kind: 'damaged', reason: 'it has no seal' } : body
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

  async #readFile(path: string, { signal, onProgress }: BodyOptions): Promise<Uint8Array> {
    const handle = await this.#fileSystem.open(path, 'read')
    try {
      const totalBytes = handle.sizeSync()
      const bytes = Buffer.allocUnsafeSlow(totalBytes)
      let doneBytes = 0
      while (doneBytes < totalBytes) {
        signal?.throwIfAborted()
        const count = await readFully(
          handle,
          bytes.subarray(doneBytes, doneBytes + READ_BYTES),
          doneBytes,
        )
        if (count === 0) break // it was cut while we read
        doneBytes += count
        onProgress?.({ doneBytes, totalBytes })
      }
      return bytes.subarray(0, doneBytes)
    } finally {
      await handle.close()
    }
  }
}

async function tryDecompress(
  kind: Exclude<Compression, 'none'>,
  bytes: Uint8Array,
): Promise<Uint8Array | { readonly reason: string }> {
  try {
    return await decompress(kind, bytes)
  } catch (error) {
    if (MiniSnapError.is(error)) throw error // this Node.js cannot unpack any such file
    return { reason: `${kind} cannot unpack it: ${messageOf(error)}` }
  }
}
