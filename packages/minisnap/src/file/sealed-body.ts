import { SEAL_BYTES, crc32, readSeal, writeSeal } from '@mini-rs/ministore/seal'

/** The seal of a whole file: a tab, the CRC-32 of everything before it in 32 symbols, and a newline. */
const SEAL_LINE_BYTES: number = SEAL_BYTES + 1

const NEWLINE = 10
const PIECE_BYTES = 64 * 1024 * 1024

/** What a seal says of the bytes in front of it; `unsealed`: there is none, nor what is left of one. */
export type SealVerdict =
  | { readonly kind: 'sealed' }
  | { readonly kind: 'unsealed' }
  | { readonly kind: 'damaged'; readonly reason: string }

/** The bytes in front of a seal, or why they cannot be trusted. */
export type SealedBody =
  | { readonly kind: 'sealed' | 'unsealed'; readonly body: Uint8Array }
  | { readonly kind: 'damaged'; readonly reason: string }

/** The bytes of a seal behind content of this CRC. */
export function sealOf(crc: number): Uint8Array {
  const seal = new Uint8Array(SEAL_LINE_BYTES)
  writeSeal(seal, 0, crc)
  return seal
}

/** Holds a file against its seal, piece by piece. */
export class SealCheck {
  // Of all but the last bytes, which may be the seal.
  #crc = 0
  #last: Uint8Array = new Uint8Array()

  add(piece: Uint8Array): void {
    const ahead = this.#last.length + piece.length - SEAL_LINE_BYTES
    if (ahead <= 0) {
      this.#last = Buffer.concat([this.#last, piece])
      return
    }
    const ofLast = Math.min(ahead, this.#last.length)
    this.#crc = crc32(this.#last.subarray(0, ofLast), this.#crc)
    this.#crc = crc32(piece.subarray(0, ahead - ofLast), this.#crc)
    // A copy: whoever read the piece may use its memory again.
    this.#last = Buffer.concat([this.#last.subarray(ofLast), piece.subarray(ahead - ofLast)])
  }

  /**
   * The Rust crate writes no seal, and at most a newline at the end, so any other blank there is what is
   * left of one.
   */
  verdict(): SealVerdict {
    if (this.#last.length === 0) return { kind: 'damaged', reason: 'it is empty' }
    const claimed = this.#last.at(-1) === NEWLINE ? readSeal(this.#last, 0) : undefined
    if (claimed === this.#crc) return { kind: 'sealed' }
    if (claimed !== undefined) return { kind: 'damaged', reason: 'its bytes do not fit its seal' }
    const blanks = /[ \t\r\n]*$/.exec(Buffer.from(this.#last).toString('latin1'))?.[0] ?? ''
    if (/^(\r?\n)?$/.test(blanks)) return { kind: 'unsealed' }
    return { kind: 'damaged', reason: 'its seal is cut or damaged' }
  }
}

/** Takes a file apart that was read whole. */
export function splitSeal(bytes: Uint8Array): SealedBody {
  const check = new SealCheck()
  // In pieces: zlib counts in 32 bits.
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    check.add(bytes.subarray(at, at + PIECE_BYTES))
  }
  return bodyOf(bytes, check.verdict())
}

/** What stands in front of the seal of a file, by what its check has found. */
export function bodyOf(bytes: Uint8Array, verdict: SealVerdict): SealedBody {
  if (verdict.kind === 'damaged') return verdict
  const end = verdict.kind === 'sealed' ? bytes.length - SEAL_LINE_BYTES : bytes.length
  return { kind: verdict.kind, body: bytes.subarray(0, end) }
}
