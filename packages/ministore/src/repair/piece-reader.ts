import { MiniStoreError } from '../errors.js'
import { NEWLINE } from '../format/bytes.js'
import { SEAL_BYTES, endsCommit, writeSeal } from '../format/seal.js'
import type { FileHandle } from '../fs/file-system.js'
import { readFully } from '../fs/write-all.js'
import { decodeRun } from '../read/run-decoder.js'
import { scanToEnd } from '../read/segment-chain.js'
import { type Checkpoint, type Run, SegmentScanner, findNewlines } from '../read/segment-scanner.js'
import { findValidBlock, scanTail } from '../read/tail-scan.js'
import { condense, decide } from '../recovery/decide.js'
import { readForeign } from './foreign-reader.js'
import { type BlockKind, type Piece, lostPiece } from './pieces.js'

/** A segment that is open for reading, and how far to read it. */
export interface PieceSource {
  readonly handle: FileHandle
  readonly path: string
  /** Behind the header; at byte 0 with record count -1 where the header cannot be read. */
  readonly start: Checkpoint
  readonly sizeBytes: number
  readonly isActive: boolean
  readonly maxRecordBytes: number
  /** The unit in which the disk loses bytes. */
  readonly sectorBytes: number
  /** What the watermark says of the last writer; it decides between torn and ambiguous. */
  readonly isSameBootUnclean?: boolean
}

/** Where a segment ends. */
export interface PiecesEnd {
  readonly recordCount: number
  /** CRC of the whole file as its writer left it; undefined where damage hides it. */
  readonly crc: number | undefined
}

/** Reads a segment whole, damage and all: what verifies, what does not, and what verifies again behind it. */
export class PieceReader {
  readonly #source: PieceSource

  constructor(source: PieceSource) {
    this.#source = source
  }

  /** All pieces, in order, without gaps. */
  async *pieces(): AsyncGenerator<Piece, PiecesEnd> {
    const { start, sizeBytes, sectorBytes } = this.#source
    let good: Checkpoint = yield* this.#validRuns(start)
    while (good.offsetBytes < sizeBytes) {
      const behind = await findValidBlock(this.#source.handle, good, sizeBytes, sectorBytes)
      if (behind.kind === 'none') {
        const acceptFrom = Math.max(behind.lastSealEnd, good.offsetBytes + 1)
        const end = yield* readForeign(this.#source, good, acceptFrom)
        const lineCount = end.offsetBytes < sizeBytes ? yield* this.#tail(end) : 0
        return { recordCount: Math.max(0, end.recordCount) + lineCount, crc: undefined }
      }
      const { resume, isSealOnly } = behind
      if (isSealOnly) yield await this.#sealDamaged(good, resume)
      else yield lostPiece('damaged', good, resume.offsetBytes, resume.recordCount)
      good = yield* this.#validRuns(resume)
    }
    return { recordCount: Math.max(0, good.recordCount), crc: good.crc }
  }

  async *#validRuns(from: Checkpoint): AsyncGenerator<Piece, Checkpoint> {
    if (from.recordCount < 0) return from
    const { handle, path, maxRecordBytes } = this.#source
    const scanner = new SegmentScanner(handle, path, from, maxRecordBytes)
    let prefixEnd: number | undefined
    let end = from
    try {
      for (let run = await scanner.next(); run !== undefined; run = await scanner.next()) {
        // A wrong seal takes back the foreign lines before it, so they are looked past before they count.
        if (!run.isSealed) prefixEnd ??= await this.#endOfPrefix(run.from)
        if (!run.isSealed && (prefixEnd ?? 0) <= run.from.offsetBytes) break
        yield* this.#piecesOf(run)
        end = scanner.good
      }
    } finally {
      await scanner.settle()
    }
    return end
  }

  async #endOfPrefix(from: Checkpoint): Promise<number> {
    const { handle, path, maxRecordBytes } = this.#source
    const { good } = await scanToEnd(handle, path, from, maxRecordBytes)
    return good.offsetBytes
  }

  *#piecesOf(run: Run): Generator<Piece> {
    if (this.#isCommitsOfRecords(run)) {
      yield keptPiece(run, run.isSealed ? 'sealed' : 'foreign')
      return
    }
    for (const commit of commitsOf(run)) {
      const isValid = this.#isCommitsOfRecords({ ...commit, isSealed: false })
      if (isValid) yield keptPiece(commit, run.isSealed ? 'sealed' : 'foreign')
      else yield { ...keptPiece(commit, 'invalid'), lines: undefined }
    }
  }

  #isCommitsOfRecords(run: Run): boolean {
    const { path, maxRecordBytes } = this.#source
    try {
      decodeRun(run, { path, firstSeq: run.from.recordCount + 1, maxRecordBytes })
      return true
    } catch (error) {
      // A record that is only too large is no damage: the caller has to allow it.
      if (!MiniStoreError.is(error) || error.code === 'RECORD_TOO_LARGE') throw error
      return false
    } finally {
      for (const newline of run.newlines) run.bytes[newline] = NEWLINE // the decoder puts commas there
    }
  }

  /** The lines before `end`, with a seal that can be read; whoever writes them computes it anew. */
  async #sealDamaged(good: Checkpoint, end: Checkpoint): Promise<Piece> {
    const bytes = await this.#read(good.offsetBytes, end.offsetBytes)
    writeSeal(bytes, bytes.length - 1 - SEAL_BYTES, 0)
    return wholePiece(bytes, good, 'sealDamaged')
  }

  /** Yields what no block follows, judged as recovery judges it; returns how many lines it has. */
  async *#tail(good: Checkpoint): AsyncGenerator<Piece, number> {
    const { handle, sizeBytes, sectorBytes, isActive, isSameBootUnclean = false } = this.#source
    const evidence = await scanTail(handle, good, sizeBytes, sectorBytes)
    const { decision } = decide({
      active: 'segment',
      archivedHeader: 'right',
      hasArchived: false,
      isChainBroken: !isActive || good.recordCount < 0,
      isBeforeWatermark: false,
      isSameBootUnclean,
      tail: condense(evidence, false),
    })
    if (decision === 'heal' && evidence.healableSealEnd !== undefined) {
      const bytes = await this.#read(good.offsetBytes, evidence.healableSealEnd)
      const piece = wholePiece(Buffer.concat([bytes, Buffer.of(NEWLINE)]), good, 'unterminated')
      yield { ...piece, sizeBytes: sizeBytes - good.offsetBytes }
      return piece.lineCount
    }
    const kind =
      decision === 'setAside' ? 'torn' : decision === 'refuseAmbiguous' ? 'ambiguous' : 'damaged'
    const lineCount = await this.#countLines(good)
    const recordCount = Math.max(0, good.recordCount + lineCount)
    yield lostPiece(kind, good, sizeBytes, recordCount)
    // What was never acknowledged has no numbers.
    return kind === 'torn' ? 0 : recordCount - Math.max(0, good.recordCount)
  }

  async #countLines({ offsetBytes }: Checkpoint): Promise<number> {
    const { handle, sizeBytes } = this.#source
    const window = Buffer.allocUnsafe(Math.min(1024 * 1024, sizeBytes - offsetBytes))
    let count = 0
    let last: number | undefined
    for (let at = offsetBytes; at < sizeBytes;) {
      const read = await readFully(handle, window.subarray(0, sizeBytes - at), at)
      if (read === 0) break
      count += findNewlines(window, 0, read).length
      last = window[read - 1]
      at += read
    }
    return last === NEWLINE ? count : count + 1
  }

  async #read(from: number, to: number): Promise<Buffer> {
    const bytes = Buffer.alloc(to - from)
    const count = await readFully(this.#source.handle, bytes, from)
    if (count === bytes.length) return bytes
    throw new MiniStoreError(
      'IO',
      `${this.#source.path} became shorter while it was read; stop whoever changes it`,
      { path: this.#source.path },
    )
  }
}

function keptPiece(run: Run, kind: BlockKind): Piece {
  const { bytes, start, end, newlines, from } = run
  return {
    kind,
    offsetBytes: from.offsetBytes,
    sizeBytes: end - start,
    recordsBefore: from.recordCount,
    lineCount: newlines.length,
    commitCount: newlines.reduce((sum, newline) => sum + (endsCommit(bytes, newline) ? 1 : 0), 0),
    lines: { bytes, start, end, newlines },
  }
}

function wholePiece(bytes: Buffer, from: Checkpoint, kind: BlockKind): Piece {
  const newlines = findNewlines(bytes, 0, bytes.length)
  return keptPiece({ bytes, start: 0, end: bytes.length, newlines, from, isSealed: false }, kind)
}

function* commitsOf(run: Run): Generator<Run> {
  let start = run.start
  let first = 0
  for (const [index, newline] of run.newlines.entries()) {
    if (!endsCommit(run.bytes, newline)) continue
    const from = {
      offsetBytes: run.from.offsetBytes + (start - run.start),
      crc: run.from.crc,
      recordCount: run.from.recordCount + first,
    }
    const newlines = run.newlines.slice(first, index + 1)
    yield { bytes: run.bytes, start, end: newline + 1, newlines, from, isSealed: run.isSealed }
    start = newline + 1
    first = index + 1
  }
}
