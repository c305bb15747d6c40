import { MiniStoreError, errnoOf } from '../errors.js'
import { type ArchivedFile, archivedAmong, journalFiles } from '../format/file-names.js'
import { crcAfterSeal, readSeal, SEAL_BYTES } from '../format/seal.js'
import { NEWLINE, NUL } from '../format/bytes.js'
import {
  MAX_HEADER_BYTES,
  type ParsedHeader,
  REPAIRING_VERSION,
  parseHeader,
} from '../format/header.js'
import { crc32 } from '../format/crc32.js'
import { readFully } from '../fs/write-all.js'
import type { FileHandle, FileSystem } from '../fs/file-system.js'
import { type Checkpoint, SegmentScanner } from './segment-scanner.js'

/** A segment whose place in the journal is known. */
export interface Segment {
  readonly number: number
  readonly path: string
  readonly firstSeq: number
  readonly headerBytes: number
  readonly sizeBytes: number
  /** Undefined for the active segment, whose records come and go. */
  readonly recordCount: number | undefined
}

/** The archived segments of the journal at `base`, older first; [] where the folder is missing. */
export async function listArchived(fileSystem: FileSystem, base: string): Promise<ArchivedFile[]> {
  try {
    return archivedAmong(base, await fileSystem.list(journalFiles(base).directory))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [] // no folder, no journal
    throw error
  }
}

/** The header of an open segment, and the checkpoint behind it. */
export async function readHeader(
  handle: FileHandle,
): Promise<{ header: ParsedHeader; start: Checkpoint }> {
  const bytes = new Uint8Array(MAX_HEADER_BYTES)
  const count = await readFully(handle, bytes, 0)
  const head = bytes.subarray(0, count)
  const parsed = parseHeader(head)
  const isPlausible = parsed.kind !== 'fragment' || (await hasOnlyNulsBehind(handle, count))
  const header: ParsedHeader = isPlausible ? parsed : { kind: 'wrongHeader' }
  const sizeBytes = header.kind === 'header' ? header.sizeBytes : 0
  const start = {
    offsetBytes: sizeBytes,
    crc: crc32(head.subarray(0, sizeBytes)),
    recordCount: 0,
  }
  return { header, start }
}

/** A fragment is a whole file: behind NULs that fill the place of a header only NULs may follow. */
async function hasOnlyNulsBehind(handle: FileHandle, offsetBytes: number): Promise<boolean> {
  const chunk = new Uint8Array(64 * 1024)
  for (let offset = offsetBytes; ; offset += chunk.length) {
    const count = await readFully(handle, chunk, offset)
    if (!chunk.subarray(0, count).every((byte) => byte === NUL)) return false
    if (count < chunk.length) return true
  }
}

/** A header that must be one. @throws {@link MiniStoreError} `JOURNAL_HEADER`, `JOURNAL_VERSION` */
export function requireHeader(
  header: ParsedHeader,
  path: string,
): Extract<ParsedHeader, { kind: 'header' }> {
  if (header.kind === 'header') return header
  if (header.kind === 'wrongVersion') throw versionError(path, header.version)
  throw headerError(path)
}

export function headerError(path: string): MiniStoreError {
  return new MiniStoreError(
    'JOURNAL_HEADER',
    `${path}:1: this is not a journal: its first line is not "// MINISTORE JOURNAL v0.1.x". Nothing was changed; choose another path`,
    { path, line: 1, offsetBytes: 0 },
  )
}

export function versionError(path: string, version: string): MiniStoreError {
  if (version === REPAIRING_VERSION) {
    return new MiniStoreError(
      'JOURNAL_CORRUPT',
      `${path}: a repair of this journal was interrupted; run the repair again to finish it`,
      { path },
    )
  }
  return new MiniStoreError(
    'JOURNAL_VERSION',
    `${path}:1: the journal has version v${version}, and this package reads v0.1.x. Nothing was changed; use the release that wrote it`,
    { path, line: 1, offsetBytes: 0 },
  )
}

/** CRC of a whole archived segment as its last seal tells it; undefined when it does not end in a seal. */
export async function crcByLastSeal(
  handle: FileHandle,
  sizeBytes: number,
): Promise<number | undefined> {
  const end = new Uint8Array(SEAL_BYTES + 1)
  if (sizeBytes < end.length) return undefined
  await readFully(handle, end, sizeBytes - end.length)
  const seal = readSeal(end, 0)
  if (seal === undefined || end[SEAL_BYTES] !== NEWLINE) return undefined
  return crcAfterSeal(seal)
}

/** Reads a segment to the end of its valid prefix, and says where that is. */
export async function scanToEnd(
  handle: FileHandle,
  path: string,
  start: Checkpoint,
  maxRecordBytes: number,
): Promise<SegmentScanner> {
  const scanner = new SegmentScanner(handle, path, start, maxRecordBytes)
  while ((await scanner.next()) !== undefined);
  return scanner
}

/** Damage that proves that acknowledged data is gone or changed. */
export function corruptError(
  path: string,
  what: string,
  details: { offsetBytes?: number; sizeBytes?: number; line?: number; lastSeq?: number } = {},
): MiniStoreError {
  const line = details.line === undefined ? '' : `:${details.line}`
  const at = details.offsetBytes === undefined ? '' : ` at byte ${details.offsetBytes}`
  const good = details.lastSeq === undefined ? '' : ` (the last good record is ${details.lastSeq})`
  return new MiniStoreError(
    'JOURNAL_CORRUPT',
    `${path}${line}: ${what}${at}${good}. Nothing was changed; keep a copy of all files before any repair`,
    { path, firstSeq: details.lastSeq === undefined ? undefined : details.lastSeq + 1, ...details },
  )
}
