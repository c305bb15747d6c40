import type { SnapshotCodec } from '../codec/codec.js'
import { readJson } from '../codec/json-reader.js'
import { MiniSnapError, messageOf } from '../errors.js'
import type { CheckedSnapshot } from '../snapshot-store.js'
import { type FoundEnvelope, parseEnvelope } from './envelope.js'
import type { BodyOptions, FolderEntry, SnapshotFolder } from './snapshot-folder.js'

/** A snapshot that counts. */
export interface DecodedSnapshot {
  readonly kind: 'whole'
  readonly envelope: FoundEnvelope
  readonly isVerified: boolean
}

/** What a file came to; `gone`: it was removed while we read. */
export type Decoded =
  | DecodedSnapshot
  | { readonly kind: 'damaged'; readonly reason: string }
  | { readonly kind: 'gone' }

/** Reads snapshots with one codec, and says which of them count. */
export class SnapshotReader {
  readonly #folder: SnapshotFolder
  readonly #codec: SnapshotCodec

  constructor(folder: SnapshotFolder, codec: SnapshotCodec) {
    this.#folder = folder
    this.#codec = codec
  }

  /** The content of a snapshot. @throws {@link MiniSnapError} `SNAPSHOT_WRONG_CODEC`, `IO`, `COMPRESSION_UNAVAILABLE` */
  async decode(entry: FolderEntry, options: BodyOptions = {}): Promise<Decoded> {
    if (typeof entry.legacy === 'object') return { kind: 'damaged', reason: entry.legacy.fault }
    const found = await this.#folder.read(entry, options)
    if (found.kind === 'gone' || found.kind === 'damaged') return found
    if (entry.legacy === 'pair') return decodeLegacy(found.body)
    if (entry.extension !== this.#codec.extension) throw this.#wrongCodec(entry, entry.extension)
    return this.#decodeBody(entry, found.body, found.kind === 'sealed')
  }

  /** Whether a snapshot can be trusted; a seal is enough, its content is not decoded. Undefined: it was removed while we read. */
  async check(entry: FolderEntry): Promise<Pick<CheckedSnapshot, 'status' | 'reason'> | undefined> {
    if (typeof entry.legacy === 'object') return { status: 'damaged', reason: entry.legacy.fault }
    const checked = await this.#folder.check(entry)
    if (checked.kind === 'gone') return undefined
    if (checked.kind === 'damaged') return { status: 'damaged', reason: checked.reason }
    if (checked.kind === 'sealed') return { status: 'whole', reason: undefined }
    if (entry.legacy === 'no' && entry.extension !== this.#codec.extension) {
      return { status: 'unverified', reason: 'it has no seal, and is of another codec' }
    }
    const found = await this.#folder.read(entry)
    if (found.kind === 'gone') return undefined
    if (found.kind === 'damaged') return { status: 'damaged', reason: found.reason }
    const decoded =
      entry.legacy === 'pair'
        ? decodeLegacy(found.body)
        : this.#decodeBody(entry, found.body, false)
    if (decoded.kind === 'damaged') return { status: 'damaged', reason: decoded.reason }
    return { status: 'unverified', reason: 'it has no seal' }
  }

  #decodeBody(
    entry: FolderEntry,
    body: Uint8Array,
    isVerified: boolean,
  ): Exclude<Decoded, { kind: 'gone' }> {
    let envelope: FoundEnvelope
    try {
      envelope = parseEnvelope(this.#codec.decode(body), entry.seq)
    } catch (error) {
      const sealed = isVerified ? 'its seal is right, and ' : ''
      return { kind: 'damaged', reason: `${sealed}it cannot be decoded: ${messageOf(error)}` }
    }
    if (!isVerified && envelope.createdAt !== undefined) {
      return { kind: 'damaged', reason: 'its seal is missing' } // the Rust crate writes no createdAt, we always do
    }
    if (!this.#codec.reads.includes(envelope.codec)) throw this.#wrongCodec(entry, envelope.codec)
    return { kind: 'whole', envelope, isVerified }
  }

  #wrongCodec({ path, seq }: FolderEntry, written: string): MiniSnapError {
    return new MiniSnapError(
      'SNAPSHOT_WRONG_CODEC',
      `${path} was written by the codec ${written}, and this store reads ${this.#codec.reads.join(' and ')}: pass the codec that wrote it`,
      { path, seq },
    )
  }
}

function decodeLegacy(body: Uint8Array): Exclude<Decoded, { kind: 'gone' }> {
  try {
    const head = { version: 1, createdAt: undefined, codec: 'json', notes: undefined }
    return { kind: 'whole', envelope: { ...head, state: readJson(body) }, isVerified: false }
  } catch (error) {
    return { kind: 'damaged', reason: `it is no JSON: ${messageOf(error)}` }
  }
}
