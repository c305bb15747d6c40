import { MiniStoreError } from '../errors.js'
import { NEWLINE } from '../format/bytes.js'
import { crc32 } from '../format/crc32.js'
import { MAX_COMMIT_BYTES } from '../format/limits.js'
import { SEAL_BYTES, lineEndOf, readSeal } from '../format/seal.js'
import type { FileHandle } from '../fs/file-system.js'
import { isUtf8 } from '../platform/node.js'
import { nestsTooDeep } from '../record/json-depth.js'
import { ReadAhead } from './read-ahead.js'

const CHUNK_BYTES = 128 * 1024

/** From how many bytes without any seal on foreign lines are handed out before a seal was looked for further on. */
const FOREIGN_WINDOW_BYTES = 1024 * 1024

/** A place between two lines, with all that is needed to go on reading from there. */
export interface Checkpoint {
  readonly offsetBytes: number
  /** CRC of all bytes of the file before it. */
  readonly crc: number
  /** How many records of the segment stand before it. */
  readonly recordCount: number
}

/** Whole valid lines, `[start, end)` of `bytes`. They are the caller's, to change, until the next call of `next`. */
export interface Run {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  /** Where its lines end. */
  readonly newlines: readonly number[]
  /** Where the run begins in the file. */
  readonly from: Checkpoint
  /** False: foreign lines that no seal covers yet. */
  readonly isSealed: boolean
}

/**
 * Reads the longest valid prefix of a segment, run by run, checking every seal with one CRC a chunk.
 * The file may be appended to meanwhile. What stands behind the prefix is {@link scanTail}'s to judge.
 */
export class SegmentScanner {
  readonly #source: ReadAhead
  readonly #path: string
  readonly #maxRecordBytes: number
  #buffer: Buffer = Buffer.allocUnsafe(1 + CHUNK_BYTES)
  // Unjudged bytes are [#start, #end) of the buffer; #start is never 0, so that a reader may overwrite the byte before a run.
  #start = 1
  #end = 1
  #position: Checkpoint
  #sealedEnd: Checkpoint
  #atEndOfFile = false
  #isDone = false

  constructor(handle: FileHandle, path: string, from: Checkpoint, maxRecordBytes: number) {
    this.#source = new ReadAhead(handle, CHUNK_BYTES)
    this.#path = path
    this.#maxRecordBytes = maxRecordBytes
    this.#position = from
    this.#sealedEnd = from
  }

  /** The end of what was handed out, and of the valid prefix once `next` has answered undefined. */
  get good(): Checkpoint {
    return this.#position
  }

  /** The end of the last verified seal. */
  get sealedEnd(): Checkpoint {
    return this.#sealedEnd
  }

  /** To be awaited before the file is closed in the middle. */
  settle(): Promise<void> {
    return this.#source.settle()
  }

  /** The next run, or undefined at the end of the valid prefix. */
  async next(): Promise<Run | undefined> {
    while (!this.#isDone) {
      const sealed = this.#takeSealedRun()
      if (sealed !== undefined) return sealed
      if (this.#isDone) break
      const pending = this.#end - this.#start
      if (this.#atEndOfFile || pending >= FOREIGN_WINDOW_BYTES) {
        const foreign = this.#takeForeignRun()
        if (foreign !== undefined) return foreign
        if (this.#atEndOfFile || pending >= MAX_COMMIT_BYTES) this.#isDone = true
      }
      if (!this.#isDone) await this.#fill()
    }
    await this.settle()
    return undefined
  }

  async #fill(): Promise<void> {
    const pending = this.#end - this.#start
    this.#refuseEndlessLine(pending)
    const isFull = 1 + pending + CHUNK_BYTES > this.#buffer.length
    const target = isFull ? Buffer.allocUnsafe(1 + 2 * pending + CHUNK_BYTES) : this.#buffer
    this.#buffer.copy(target, 1, this.#start, this.#end)
    this.#buffer = target
    this.#start = 1
    this.#end = 1 + pending
    const room = target.subarray(this.#end, this.#end + Math.max(CHUNK_BYTES, pending))
    const count = await this.#source.read(room, this.#position.offsetBytes + pending)
    this.#end += count
    this.#atEndOfFile = count < room.length
  }

  #refuseEndlessLine(pending: number): void {
    const longest = this.#maxRecordBytes + SEAL_BYTES + 2
    if (pending <= longest) return
    const lineStart = this.#buffer.lastIndexOf(NEWLINE, this.#end - 1) + 1
    if (this.#end - Math.max(lineStart, this.#start) <= longest) return
    throw new MiniStoreError(
      'RECORD_TOO_LARGE',
      `${this.#path}: a line is longer than maxRecordBytes (${this.#maxRecordBytes}); pass a larger maxRecordBytes if it is meant to be there`,
      { path: this.#path, offsetBytes: this.#position.offsetBytes },
    )
  }

  #takeSealedRun(): Run | undefined {
    const last = lastSealNewline(this.#buffer, this.#start, this.#end)
    if (last === undefined) return undefined
    if (this.#isVerified(last)) return this.#handOutSealed(last)
    const verified = this.#lastVerifiedSealNewline()
    if (verified !== undefined) return this.#handOutSealed(verified)
    // A seal that is there must be right: what stands between it and the seal before it is not to be trusted.
    this.#position = this.#sealedEnd
    this.#isDone = true
    return undefined
  }

  /** The last seal before the first one that is wrong. */
  #lastVerifiedSealNewline(): number | undefined {
    let verified: number | undefined
    let { crc } = this.#position
    let hashedTo = this.#start
    for (const newline of findNewlines(this.#buffer, this.#start, this.#end)) {
      const tab = newline - SEAL_BYTES
      const seal = tab < this.#start ? undefined : readSeal(this.#buffer, tab)
      if (seal === undefined) continue
      if (crc32(this.#buffer.subarray(hashedTo, tab), crc) !== seal) return verified
      crc = crc32(this.#buffer.subarray(tab, newline + 1), seal)
      hashedTo = newline + 1
      verified = newline
    }
    return verified
  }

  #isVerified(newline: number): boolean {
    const tab = newline - SEAL_BYTES
    const crc = crc32(this.#buffer.subarray(this.#start, tab), this.#position.crc)
    return crc === readSeal(this.#buffer, tab)
  }

  #handOutSealed(newline: number): Run {
    const tab = newline - SEAL_BYTES
    const crc = crc32(this.#buffer.subarray(tab, newline + 1), readSeal(this.#buffer, tab) ?? 0)
    const run = this.#handOut(newline + 1, crc, true)
    this.#sealedEnd = this.#position
    return run
  }

  #takeForeignRun(): Run | undefined {
    const end = endOfForeignLines(this.#buffer, this.#start, this.#end)
    if (end === this.#start) return undefined
    const crc = crc32(this.#buffer.subarray(this.#start, end), this.#position.crc)
    return this.#handOut(end, crc, false)
  }

  #handOut(end: number, crc: number, isSealed: boolean): Run {
    const from = this.#position
    const newlines = findNewlines(this.#buffer, this.#start, end)
    const run = { bytes: this.#buffer, start: this.#start, end, newlines, from, isSealed }
    this.#position = {
      offsetBytes: from.offsetBytes + (end - this.#start),
      crc,
      recordCount: from.recordCount + newlines.length,
    }
    this.#start = end
    return run
  }
}

/** CRC of the file up to `offset`, when that lies inside the run or at its end. To be asked before the run's bytes are changed. */
export function crcInRun({ bytes, start, end, from }: Run, offset: number): number | undefined {
  const at = start + offset - from.offsetBytes
  return at > start && at <= end ? crc32(bytes.subarray(start, at), from.crc) : undefined
}

/** The newline of the last line in `[start, end)` that has a legible seal. */
export function lastSealNewline(bytes: Buffer, start: number, end: number): number | undefined {
  let newline = end
  while (newline > start) {
    newline = bytes.lastIndexOf(NEWLINE, newline - 1)
    if (newline < start + SEAL_BYTES) return undefined
    if (readSeal(bytes, newline - SEAL_BYTES) !== undefined) return newline
  }
  return undefined
}

/** Where the newlines in `[start, end)` stand. */
export function findNewlines(bytes: Buffer, start: number, end: number): number[] {
  const newlines: number[] = []
  let at = bytes.indexOf(NEWLINE, start)
  while (at !== -1 && at < end) {
    newlines.push(at)
    at = bytes.indexOf(NEWLINE, at + 1)
  }
  return newlines
}

/** Where the valid foreign lines that begin at `start` end. */
function endOfForeignLines(bytes: Buffer, start: number, end: number): number {
  let lineStart = start
  for (;;) {
    const newline = bytes.indexOf(NEWLINE, lineStart)
    if (newline === -1 || newline >= end) return lineStart
    if (lineEndOf(bytes, lineStart, newline) !== 'foreign') return lineStart
    if (!isValidForeignLine(bytes, lineStart, newline)) return lineStart
    lineStart = newline + 1
  }
}

/** Whether `[start, end)` is a record that somebody else wrote: JSON, in UTF-8, of a depth that every reader takes. */
export function isValidForeignLine(bytes: Buffer, start: number, end: number): boolean {
  const line = bytes.subarray(start, end)
  if (!isUtf8(line) || nestsTooDeep(bytes, start, end)) return false
  try {
    JSON.parse(line.toString('utf8'))
    return true
  } catch {
    return false // not JSON: the caller judges the line
  }
}
