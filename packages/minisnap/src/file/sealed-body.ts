import { SEAL_BYTES, crc32, readSeal, writeSeal } from '@mini-rs/ministore/seal'

/** The seal of a whole file: a tab, the CRC-32 of everything before it in 32 symbols, and a newline. */
export const SEAL_LINE_BYTES: number = SEAL_BYTES + 1

const NEWLINE = 10
const PIECE_BYTES = 64 * 1024 * 1024

/** The bytes in front of a seal, or why they cannot be trusted. */
export type SealedBody =
  | { readonly kind: 'sealed'; readonly body: Uint8Array }
  | { readonly kind: 'unsealed'; readonly body: Uint8Array }
  | { readonly kind: 'damaged'; readonly reason: string }

/** The bytes of a seal behind content of this CRC. */
export function sealOf(crc: number): Uint8Array {
  const seal = new Uint8Array(SEAL_LINE_BYTES)
  writeSeal(seal, 0, crc)
  return seal
}

/**
 * Takes a file apart. The Rust crate writes no seal, and at most a newline at the end, so any other
 * blank there is what is left of one.
 */
export function splitSeal(bytes: Uint8Array): SealedBody {
  if (bytes.length === 0) return { kind: 'damaged', reason: 'it is empty' }
  const sealAt = bytes.length - SEAL_LINE_BYTES
  const claimed = bytes.at(-1) === NEWLINE ? readSeal(bytes, sealAt) : undefined
  if (claimed === undefined) return splitUnsealed(bytes)
  const body = bytes.subarray(0, sealAt)
  if (crcOf(body) === claimed) return { kind: 'sealed', body }
  return { kind: 'damaged', reason: 'its bytes do not fit its seal' }
}

function splitUnsealed(bytes: Uint8Array): SealedBody {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tail = text.toString('latin1', Math.max(0, text.length - SEAL_LINE_BYTES))
  const blanks = /[ \t\r\n]*$/.exec(tail)?.[0] ?? ''
  if (/^(\r?\n)?$/.test(blanks)) return { kind: 'unsealed', body: bytes }
  return { kind: 'damaged', reason: 'its seal is cut or damaged' }
}

function crcOf(bytes: Uint8Array): number {
  let crc = 0
  // In pieces: zlib counts in 32 bits.
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    crc = crc32(bytes.subarray(at, at + PIECE_BYTES), crc)
  }
  return crc
}
