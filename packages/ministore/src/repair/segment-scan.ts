import { crc32 } from '../format/crc32.js'
import { NEWLINE } from '../format/bytes.js'
import {
  MAX_HEADER_BYTES,
  type ParsedHeader,
  REPAIRING_VERSION,
  type SegmentLink,
  formatHeader,
} from '../format/header.js'
import type { FileHandle, FileSystem } from '../fs/file-system.js'
import { readFully } from '../fs/write-all.js'
import { readHeader } from '../read/segment-chain.js'
import { type Checkpoint, SegmentScanner } from '../read/segment-scanner.js'
import { PieceReader } from './piece-reader.js'
import { type Piece, isDamage, isKept, lostPiece } from './pieces.js'

/** A file of the journal, in its place. */
export interface SegmentFile {
  readonly path: string
  /** As its name tells; undefined for the active one. */
  readonly number: number | undefined
}

/** What the segments before say that this one's header must be. */
export interface ExpectedLink {
  readonly segment: number
  readonly firstSeq: number
  /** Undefined where damage hides it. */
  readonly prevCrc: number | undefined
  /** False: damage may have made or destroyed newlines, so `firstSeq` is a guess. */
  readonly isCounted: boolean
}

/** Reads every byte. The caller judges the pieces as they come. */
export interface SegmentScanOptions {
  readonly fileSystem: FileSystem
  readonly maxRecordBytes: number
  readonly signal: AbortSignal | undefined
  /** What the watermark says of the last writer: torn and ambiguous tails are told apart by it. */
  readonly isSameBootUnclean?: boolean
  readonly onPiece: (piece: Piece, firstSeq: number) => void | Promise<void>
}

/** A segment that was read whole. */
export interface ScannedSegment {
  readonly path: string
  readonly isActive: boolean
  readonly number: number
  readonly firstSeq: number
  readonly sizeBytes: number
  readonly header: ParsedHeader
  /** What is wrong with its header or its place. */
  readonly fault: string | undefined
  /** Damage or a fault: recovery or a reader refuses it, or would if it looked. */
  readonly isDamaged: boolean
  /** Lines, readable or not. */
  readonly lineCount: number
  readonly records: number
  readonly commits: number
  readonly unverifiedRecords: number
  /** What the header behind it must say. */
  readonly next: ExpectedLink
}

/** Reads one segment whole. Rejects with `ENOENT` when it is not there. */
export async function scanSegment(
  file: SegmentFile,
  expected: ExpectedLink | undefined,
  options: SegmentScanOptions,
): Promise<ScannedSegment> {
  const handle = await options.fileSystem.open(file.path, 'read')
  try {
    const { header, start } = await readHeader(handle)
    const sizeBytes = handle.sizeSync()
    const link = header.kind === 'header' ? header.link : undefined
    const number = file.number ?? link?.segment ?? expected?.segment ?? 1
    const firstSeq = link?.firstSeq ?? expected?.firstSeq ?? 1
    const fault = faultOf(file, header, expected)
    const tally = new Tally()
    const take = async (piece: Piece): Promise<void> => {
      options.signal?.throwIfAborted()
      tally.add(piece)
      await options.onPiece(piece, firstSeq)
    }
    const isActive = file.number === undefined
    const { sectorBytes } = options.fileSystem
    const source = { handle, path: file.path, sizeBytes, isActive, sectorBytes, ...options }
    const end = await readPieces({ ...source, start }, header, expected, take)
    const segment = { path: file.path, isActive, number, firstSeq, sizeBytes, header, fault }
    return {
      ...segment,
      ...tally.sums(),
      isDamaged: fault !== undefined || tally.hasDamage,
      lineCount: end.recordCount,
      next: {
        segment: number + 1,
        firstSeq: firstSeq + end.recordCount,
        prevCrc: end.crc,
        isCounted: !tally.hasDamage,
      },
    }
  } finally {
    await handle.close()
  }
}

class Tally {
  #records = 0
  #commits = 0
  #unverifiedRecords = 0
  hasDamage = false

  add({ kind, lineCount, commitCount }: Piece): void {
    if (isDamage(kind)) this.hasDamage = true
    if (!isKept(kind)) return
    this.#records += lineCount
    this.#commits += commitCount
    if (kind === 'foreign') this.#unverifiedRecords += lineCount
  }

  sums(): Pick<ScannedSegment, 'records' | 'commits' | 'unverifiedRecords'> {
    const unverifiedRecords = this.#unverifiedRecords
    return { records: this.#records, commits: this.#commits, unverifiedRecords }
  }
}

interface Source {
  readonly handle: FileHandle
  readonly path: string
  readonly sizeBytes: number
  readonly isActive: boolean
  readonly maxRecordBytes: number
  readonly sectorBytes: number
  readonly start: Checkpoint
}

async function readPieces(
  source: Source,
  header: ParsedHeader,
  expected: ExpectedLink | undefined,
  take: (piece: Piece) => Promise<void>,
): Promise<{ recordCount: number; crc: number | undefined }> {
  const nothing: Checkpoint = { offsetBytes: 0, crc: 0, recordCount: 0 }
  const { sizeBytes, isActive } = source
  let { start } = source
  if (header.kind === 'fragment' && isActive) {
    if (sizeBytes > 0) await take(lostPiece('torn', nothing, sizeBytes, 0))
    return { recordCount: 0, crc: undefined }
  }
  if (header.kind !== 'header') {
    const found = await behindDamagedHeader(source, expected)
    if (found === undefined && header.kind === 'wrongVersion') {
      await take(lostPiece('unreadable', nothing, sizeBytes, 0))
      return { recordCount: 0, crc: undefined }
    }
    if (found !== undefined) await take(lostPiece('damaged', nothing, found.offsetBytes, 0))
    start = found ?? { ...nothing, recordCount: -1 }
  }
  const pieces = new PieceReader({ ...source, start }).pieces()
  for (let step = await pieces.next(); ; step = await pieces.next()) {
    if (step.done === true) return step.value
    await take(step.value)
  }
}

/** If the header that belongs here makes the first seal right, nothing but the header is damaged. */
async function behindDamagedHeader(
  { handle, path, maxRecordBytes }: Source,
  expected: ExpectedLink | undefined,
): Promise<Checkpoint | undefined> {
  const head = new Uint8Array(MAX_HEADER_BYTES)
  const newline = head.subarray(0, await readFully(handle, head, 0)).indexOf(NEWLINE)
  if (newline === -1 || (expected !== undefined && expected.prevCrc === undefined)) return undefined
  const link = expected && { ...expected, prevCrc: expected.prevCrc ?? 0 }
  const crc = crc32(Buffer.from(formatHeader(link)))
  const start = { offsetBytes: newline + 1, crc, recordCount: 0 }
  const scanner = new SegmentScanner(handle, path, start, maxRecordBytes)
  const first = await scanner.next()
  await scanner.settle()
  return first?.isSealed === true ? start : undefined
}

function faultOf(
  file: SegmentFile,
  header: ParsedHeader,
  expected: ExpectedLink | undefined,
): string | undefined {
  if (header.kind === 'wrongVersion') {
    return header.version === REPAIRING_VERSION
      ? 'a repair was interrupted: run the repair again'
      : `it has version v${header.version}, which this release does not read`
  }
  if (header.kind === 'fragment' && file.number === undefined) return undefined
  if (header.kind !== 'header') return 'its header is damaged, or it is no journal'
  return numberFault(file, header.link, expected) ?? linkFault(header.link, expected)
}

function numberFault(
  file: SegmentFile,
  link: SegmentLink | undefined,
  expected: ExpectedLink | undefined,
): string | undefined {
  const number = file.number ?? link?.segment
  if (file.number !== undefined && link !== undefined && link.segment !== file.number) {
    return `the header says segment ${link.segment}, the file name ${file.number}`
  }
  if (number === undefined || expected === undefined || number === expected.segment)
    return undefined
  return number < expected.segment
    ? `segment ${number} is there twice`
    : `segment ${expected.segment} is missing before this one`
}

function linkFault(
  link: SegmentLink | undefined,
  expected: ExpectedLink | undefined,
): string | undefined {
  if (link === undefined || expected === undefined) return undefined
  if (expected.prevCrc !== undefined && link.prevCrc !== expected.prevCrc) {
    return 'prevCrc does not fit the segment before: one of the two was changed or replaced'
  }
  if (link.firstSeq === expected.firstSeq || !expected.isCounted) return undefined
  return `the header says firstSeq ${link.firstSeq}, and ${expected.firstSeq} should follow`
}
