import { NEWLINE, NUL, isBlank } from '../format/bytes.js'
import { crc32 } from '../format/crc32.js'
import { SEAL_BYTES, crcAfterSeal, isUnorderedSeal, lineEndOf, readSeal } from '../format/seal.js'
import type { FileHandle } from '../fs/file-system.js'
import { readFully } from '../fs/write-all.js'
import type { Checkpoint } from './segment-scanner.js'

const WINDOW_BYTES = 1024 * 1024

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

/** A CRC that is run on from a place whose CRC is known, to be compared with the next seal. */
interface Chain {
  crc: number
  hashedTo: number
}

/** Reads a segment from the end of its valid prefix to `sizeBytes`, in bounded memory. */
export async function scanTail(
  handle: FileHandle,
  good: Checkpoint,
  sizeBytes: number,
  sectorBytes: number,
): Promise<TailEvidence> {
  const scan = new TailScan(good, sectorBytes)
  const lookBehindBytes = SEAL_BYTES + 1
  let window = Buffer.alloc(0)
  let windowOffset = good.offsetBytes
  while (windowOffset + window.length < sizeBytes) {
    const from = windowOffset + window.length
    const fresh = Buffer.allocUnsafe(Math.min(WINDOW_BYTES, sizeBytes - from))
    const count = await readFully(handle, fresh, from)
    if (count === 0) break
    window = Buffer.concat([window, fresh.subarray(0, count)])
    scan.feed(window, windowOffset, from)
    const kept = Math.min(window.length, 2 * lookBehindBytes)
    scan.hashUpTo(window, windowOffset, windowOffset + window.length - lookBehindBytes)
    windowOffset += window.length - kept
    window = window.subarray(window.length - kept)
  }
  return scan.finish(window, windowOffset)
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
  #evidence = { hasValidBlock: false, hasDamagedForeignLine: false, hasLegibleSeal: false }
  #hasZeroSector = false
  #zerosSince: number
  #lastLineEnd: string | undefined

  constructor(good: Checkpoint, sectorBytes: number) {
    this.#sectorBytes = sectorBytes
    this.#goodOffset = good.offsetBytes
    this.#lineStart = good.offsetBytes
    this.#zerosSince = good.offsetBytes
    this.#fromGood = { crc: good.crc, hashedTo: good.offsetBytes }
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
    const isProof = [this.#fromSeal, this.#fromComputedSeal].some(
      (chain) => chain?.hashedTo === windowOffset + tab && chain.crc === seal,
    )
    if (isProof && !isUnorderedSeal(window, tab)) this.#evidence.hasValidBlock = true
    this.#fromGood = undefined
    this.#fromComputedSeal = undefined
    this.#fromSeal = { crc: crcAfterSeal(seal), hashedTo: windowOffset + newline + 1 }
  }

  #illegibleSeal(window: Buffer, windowOffset: number, newline: number): void {
    const end = window.subarray(newline - SEAL_BYTES, newline)
    const symbols = end.reduce((count, byte) => count + (isBlank(byte) ? 1 : 0), 0)
    const chain = this.#fromSeal ?? this.#fromGood
    if (symbols < SEAL_BYTES / 2 || chain?.hashedTo !== windowOffset + newline - SEAL_BYTES) return
    this.#fromComputedSeal = {
      crc: crcAfterSeal(chain.crc),
      hashedTo: windowOffset + newline + 1,
    }
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
