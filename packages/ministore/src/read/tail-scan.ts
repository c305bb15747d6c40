import { NEWLINE, NUL, isBlank } from '../format/bytes.js'
import { crc32 } from '../format/crc32.js'
import { SEAL_BYTES, crcAfterSeal, isUnorderedSeal, lineEndOf, readSeal } from '../format/seal.js'
import type { FileHandle } from '../fs/file-system.js'
import { readFully } from '../fs/write-all.js'
import type { Checkpoint } from './segment-scanner.js'

const WINDOW_BYTES = 1024 * 1024
const FIRST_WINDOW_BYTES = 64 * 1024
const LOOK_BEHIND_BYTES = SEAL_BYTES + 1

/** What stands behind the valid prefix of a segment: the evidence from which recovery decides. */
export interface TailEvidence {
  readonly sizeBytes: number
  /** A block further on verifies, and its seal says that everything before it had been synced. */
  readonly hasValidBlock: boolean
  /** A newline follows a byte that no sealing writer puts there. */
  readonly hasDamagedForeignLine: boolean
  /** Some sector of the file is all zero, as far as it belongs to the tail. */
  readonly hasZeroSector: boolean
  /** A whole, right seal, then the end of the file or one byte that is not a newline. */
  readonly healableSealEnd: number | undefined
  /** Somewhere stands a seal that can be read, right or wrong. */
  readonly hasLegibleSeal: boolean
  readonly endsWithNewline: boolean
  /** The last line says that its commit goes on. */
  readonly endsInsideCommit: boolean
}

/** Where reading can go on behind damage. */
export interface Resumption {
  /** From here on the next block verifies. */
  readonly resume: Checkpoint
  /** Nothing but the symbols of the one seal before `resume` is damaged: the next seal vouches for all else. */
  readonly isSealOnly: boolean
}

/** What is found behind damage: a place to go on from, or the end of the last seal that can be read. */
export type BehindDamage =
  | (Resumption & { readonly kind: 'block' })
  | { readonly kind: 'none'; readonly lastSealEnd: number }

/** A CRC that is run on from a place whose CRC is known, to be compared with the next seal. */
interface Chain {
  crc: number
  hashedTo: number
  /** What it proves when it fits. */
  readonly proves: Resumption
}

/** Reads a segment from the end of its valid prefix to `sizeBytes`, in bounded memory. */
export async function scanTail(
  handle: FileHandle,
  good: Checkpoint,
  sizeBytes: number,
  sectorBytes: number,
): Promise<TailEvidence> {
  const scan = new TailScan(good, sectorBytes)
  const { window, windowOffset } = await scanWindows(handle, good, sizeBytes, scan, () => false)
  return scan.finish(window, windowOffset)
}

/** Looks behind `good` for the first block that verifies; reads no further than that, in bounded memory. */
export async function findValidBlock(
  handle: FileHandle,
  good: Checkpoint,
  sizeBytes: number,
  sectorBytes: number,
): Promise<BehindDamage> {
  const scan = new TailScan(good, sectorBytes)
  await scanWindows(handle, good, sizeBytes, scan, () => scan.resumption !== undefined)
  const { resumption, lastSealEnd } = scan
  return resumption === undefined ? { kind: 'none', lastSealEnd } : { kind: 'block', ...resumption }
}

async function scanWindows(
  handle: FileHandle,
  good: Checkpoint,
  sizeBytes: number,
  scan: TailScan,
  isDone: () => boolean,
): Promise<{ window: Buffer; windowOffset: number }> {
  let window = Buffer.alloc(0)
  let windowOffset = good.offsetBytes
  let windowBytes = FIRST_WINDOW_BYTES
  while (windowOffset + window.length < sizeBytes && !isDone()) {
    const from = windowOffset + window.length
    const fresh = Buffer.allocUnsafe(Math.min(windowBytes, sizeBytes - from))
    const count = await readFully(handle, fresh, from)
    if (count === 0) break
    window = Buffer.concat([window, fresh.subarray(0, count)])
    scan.feed(window, windowOffset, from)
    const kept = Math.min(window.length, 2 * LOOK_BEHIND_BYTES)
    scan.hashUpTo(window, windowOffset, windowOffset + window.length - LOOK_BEHIND_BYTES)
    windowOffset += window.length - kept
    window = window.subarray(window.length - kept)
    windowBytes = Math.min(2 * windowBytes, WINDOW_BYTES)
  }
  return { window, windowOffset }
}

class TailScan {
  readonly #goodOffset: number
  readonly #sectorBytes: number
  #fromGood: Chain | undefined
  // The bytes since the last legible seal, from the number that it holds.
  #fromSeal: Chain | undefined
  // The bytes since a line whose seal cannot be read, from what its bytes say that the seal must have been.
  #fromComputedSeal: Chain | undefined
  #lineStart: number
  #lineCount: number
  #resumption: Resumption | undefined
  #lastSealEnd: number
  #evidence = { hasValidBlock: false, hasDamagedForeignLine: false, hasLegibleSeal: false }
  #hasZeroSector = false
  #zerosSince: number
  #lastLineEnd: string | undefined

  constructor(good: Checkpoint, sectorBytes: number) {
    this.#sectorBytes = sectorBytes
    this.#goodOffset = good.offsetBytes
    this.#lineStart = good.offsetBytes
    this.#zerosSince = good.offsetBytes
    this.#lineCount = good.recordCount
    this.#lastSealEnd = good.offsetBytes
    const proves = { resume: good, isSealOnly: false }
    this.#fromGood = { crc: good.crc, hashedTo: good.offsetBytes, proves }
  }

  /** Where the first block that verifies begins. */
  get resumption(): Resumption | undefined {
    return this.#resumption
  }

  /** The end of the last legible seal, right or wrong. */
  get lastSealEnd(): number {
    return this.#lastSealEnd
  }

  /** Looks at the bytes of `window` from the file offset `from` on; those before were seen already. */
  feed(window: Buffer, windowOffset: number, from: number): void {
    this.#findZeroSectors(window, windowOffset, from)
    let newline = window.indexOf(NEWLINE, from - windowOffset)
    while (newline !== -1) {
      this.#line(window, windowOffset, newline)
      this.#lineStart = windowOffset + newline + 1
      newline = window.indexOf(NEWLINE, newline + 1)
    }
  }

  /** Brings the running CRCs to `offset`, so that the bytes before it may be forgotten. */
  hashUpTo(window: Buffer, windowOffset: number, offset: number): void {
    for (const chain of [this.#fromGood, this.#fromSeal, this.#fromComputedSeal]) {
      if (chain === undefined || offset <= chain.hashedTo) continue
      const bytes = window.subarray(chain.hashedTo - windowOffset, offset - windowOffset)
      chain.crc = crc32(bytes, chain.crc)
      chain.hashedTo = offset
    }
  }

  #line(window: Buffer, windowOffset: number, newline: number): void {
    this.#lineCount++
    const before = newline === 0 ? NEWLINE : window[newline - 1]
    if (!isBlank(before) && before !== NUL) this.#evidence.hasDamagedForeignLine = true
    const lineStart = Math.max(0, this.#lineStart - windowOffset)
    this.#lastLineEnd = lineEndOf(window, lineStart, newline)
    const tab = newline - SEAL_BYTES
    if (tab < lineStart) return
    const seal = readSeal(window, tab)
    this.hashUpTo(window, windowOffset, windowOffset + tab)
    if (seal === undefined) {
      this.#illegibleSeal(window, windowOffset, newline)
      return
    }
    this.#evidence.hasLegibleSeal = true
    const proof = [this.#fromSeal, this.#fromComputedSeal].find(
      (chain) => chain?.hashedTo === windowOffset + tab && chain.crc === seal,
    )
    if (proof !== undefined && !isUnorderedSeal(window, tab)) this.#evidence.hasValidBlock = true
    this.#resumption ??= proof?.proves
    this.#fromGood = undefined
    this.#fromComputedSeal = undefined
    const end = this.#checkpoint(windowOffset + newline + 1, crcAfterSeal(seal))
    this.#lastSealEnd = end.offsetBytes
    const proves = { resume: end, isSealOnly: false }
    this.#fromSeal = { crc: end.crc, hashedTo: end.offsetBytes, proves }
  }

  #checkpoint(offsetBytes: number, crc: number): Checkpoint {
    return { offsetBytes, crc, recordCount: this.#lineCount }
  }

  #illegibleSeal(window: Buffer, windowOffset: number, newline: number): void {
    const ending = window.subarray(newline - SEAL_BYTES, newline)
    const symbols = ending.reduce((count, byte) => count + (isBlank(byte) ? 1 : 0), 0)
    const chain = this.#fromSeal ?? this.#fromGood
    if (symbols < SEAL_BYTES / 2 || chain?.hashedTo !== windowOffset + newline - SEAL_BYTES) return
    const end = this.#checkpoint(windowOffset + newline + 1, crcAfterSeal(chain.crc))
    // From a seal of its own the block before can be read first: it comes to this very seal again.
    const proves = chain === this.#fromGood ? { resume: end, isSealOnly: true } : chain.proves
    this.#fromComputedSeal = { crc: end.crc, hashedTo: end.offsetBytes, proves }
  }

  #findZeroSectors(window: Buffer, windowOffset: number, from: number): void {
    for (let offset = from; offset < windowOffset + window.length;) {
      const sectorEnd = offset - (offset % this.#sectorBytes) + this.#sectorBytes
      const end = Math.min(sectorEnd, windowOffset + window.length)
      const bytes = window.subarray(offset - windowOffset, end - windowOffset)
      const isZero = bytes[0] === NUL && bytes.every((byte) => byte === NUL)
      if (!isZero) this.#zerosSince = sectorEnd
      else if (end === sectorEnd && this.#zerosSince <= sectorEnd - this.#sectorBytes)
        this.#hasZeroSector = true
      else if (end === sectorEnd && this.#zerosSince === this.#goodOffset)
        this.#hasZeroSector = true
      offset = end
    }
  }

  finish(window: Buffer, windowOffset: number): TailEvidence {
    const sizeBytes = windowOffset + window.length - this.#goodOffset
    const endsWithNewline = window.at(-1) === NEWLINE && sizeBytes > 0
    const endOffset = windowOffset + window.length
    const hasOpenZeroSector = this.#zerosSince < endOffset && window.at(-1) === NUL
    return {
      ...this.#evidence,
      sizeBytes,
      hasZeroSector: this.#hasZeroSector || hasOpenZeroSector,
      healableSealEnd: this.#healableSealEnd(window, windowOffset),
      hasLegibleSeal: this.#evidence.hasLegibleSeal || hasSealWithoutNewline(window),
      endsWithNewline,
      endsInsideCommit: endsWithNewline && this.#lastLineEnd === 'continued',
    }
  }

  #healableSealEnd(window: Buffer, windowOffset: number): number | undefined {
    for (const end of [window.length, window.length - 1]) {
      const tab = end - SEAL_BYTES
      const seal = readSeal(window, tab)
      if (seal === undefined || window[end] === NEWLINE || this.#fromGood === undefined) continue
      if (this.#fromGood.hashedTo > windowOffset + tab) continue
      const { crc, hashedTo } = this.#fromGood
      if (crc32(window.subarray(hashedTo - windowOffset, tab), crc) === seal) {
        return windowOffset + end
      }
    }
    return undefined
  }
}

function hasSealWithoutNewline(window: Buffer): boolean {
  return [window.length, window.length - 1].some(
    (end) => readSeal(window, end - SEAL_BYTES) !== undefined && window[end] !== NEWLINE,
  )
}
