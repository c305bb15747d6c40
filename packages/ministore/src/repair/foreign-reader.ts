import { NEWLINE } from '../format/bytes.js'
import { lineEndOf } from '../format/seal.js'
import type { FileHandle } from '../fs/file-system.js'
import { readFully } from '../fs/write-all.js'
import { type Checkpoint, isValidForeignLine } from '../read/segment-scanner.js'
import { type Piece, lostPiece } from './pieces.js'

const WINDOW_BYTES = 1024 * 1024

/** Where the bytes are that no seal vouches for, and how long a record may be. */
export interface ForeignSource {
  readonly handle: FileHandle
  readonly sizeBytes: number
  readonly maxRecordBytes: number
}

/**
 * Reads, in one pass, what stands behind damage where no block verifies any more: valid foreign lines
 * that begin at or behind `acceptFrom`, and what is damaged between them. What stands before a seal is
 * that seal's to vouch for, so `acceptFrom` is the end of the last one. Returns where the bytes
 * begin that no valid line follows.
 */
export async function* readForeign(
  { handle, sizeBytes, maxRecordBytes }: ForeignSource,
  from: Checkpoint,
  acceptFrom: number,
): AsyncGenerator<Piece, Checkpoint> {
  const walk = new ForeignWalk(from, acceptFrom)
  let window = Buffer.alloc(0)
  let windowOffset = from.offsetBytes
  while (windowOffset + window.length < sizeBytes) {
    const at = windowOffset + window.length
    const fresh = Buffer.allocUnsafe(Math.min(WINDOW_BYTES, sizeBytes - at))
    const count = await readFully(handle, fresh, at)
    if (count === 0) break
    window = Buffer.concat([window, fresh.subarray(0, count)])
    const seen = yield* walk.lines(window, windowOffset)
    // An endless line is no record: its beginning may be forgotten.
    const done = window.length - seen > maxRecordBytes ? window.length : seen
    windowOffset += done
    window = window.subarray(done)
  }
  return walk.end
}

class ForeignWalk {
  // The end of the last valid line, and how many lines stand before the one that is next.
  #end: Checkpoint
  #recordCount: number
  readonly #acceptFrom: number

  constructor(from: Checkpoint, acceptFrom: number) {
    this.#end = from
    this.#recordCount = from.recordCount
    this.#acceptFrom = acceptFrom
  }

  get end(): Checkpoint {
    return this.#end
  }

  /** Yields what the whole lines of the window are; returns where they end in it. */
  *lines(window: Buffer, windowOffset: number): Generator<Piece, number> {
    let start = 0
    let valid: number[] = []
    let validStart = 0
    let newline = window.indexOf(NEWLINE)
    for (; newline !== -1; newline = window.indexOf(NEWLINE, start)) {
      if (windowOffset + start >= this.#acceptFrom && isForeignRecord(window, start, newline)) {
        if (valid.length === 0) {
          yield* this.#damageBefore(windowOffset + start)
          validStart = start
        }
        valid.push(newline)
      } else {
        yield* this.#validLines(window, windowOffset, validStart, valid)
        valid = []
      }
      this.#recordCount++
      start = newline + 1
    }
    yield* this.#validLines(window, windowOffset, validStart, valid)
    return start
  }

  *#damageBefore(offsetBytes: number): Generator<Piece> {
    if (offsetBytes === this.#end.offsetBytes) return
    yield lostPiece('damaged', this.#end, offsetBytes, this.#recordCount)
    this.#end = { offsetBytes, crc: 0, recordCount: this.#recordCount }
  }

  *#validLines(
    bytes: Buffer,
    windowOffset: number,
    start: number,
    newlines: readonly number[],
  ): Generator<Piece> {
    const last = newlines.at(-1)
    if (last === undefined) return
    const { offsetBytes, recordCount } = this.#end
    const sizeBytes = last + 1 - start
    yield {
      kind: 'foreign',
      offsetBytes,
      sizeBytes,
      recordsBefore: recordCount,
      lineCount: newlines.length,
      commitCount: newlines.length,
      lines: { bytes, start, end: last + 1, newlines },
    }
    const end = windowOffset + last + 1
    this.#end = { offsetBytes: end, crc: 0, recordCount: recordCount + newlines.length }
  }
}

function isForeignRecord(bytes: Buffer, start: number, newline: number): boolean {
  return lineEndOf(bytes, start, newline) === 'foreign' && isValidForeignLine(bytes, start, newline)
}
