import { NEWLINE, SPACE, TAB, isBlank } from './bytes.js'
import { crc32 } from './crc32.js'

/** A tab and 32 symbols, without the newline. */
export const SEAL_BYTES = 33

/** What stands at the end of a line, behind its JSON text. */
export type LineEnd = 'sealed' | 'continued' | 'foreign' | 'malformed'

/** Writes tab, symbols and newline at `offset`: the seal for a file whose bytes so far have this CRC. */
export function writeSeal(into: Uint8Array, offset: number, crc: number): void {
  into[offset] = TAB
  for (let bit = 0; bit < 32; bit++) {
    into[offset + 1 + bit] = (crc >>> (31 - bit)) & 1 ? TAB : SPACE
  }
  into[offset + SEAL_BYTES] = NEWLINE
}

/** The number in the seal whose tab stands at `offset`, or undefined when it is not a legible seal. */
export function readSeal(bytes: Uint8Array, offset: number): number | undefined {
  if (offset < 0 || offset + SEAL_BYTES > bytes.length || bytes[offset] !== TAB) return undefined
  let crc = 0
  for (let at = offset + 1; at < offset + SEAL_BYTES; at++) {
    const byte = bytes[at]
    if (byte !== TAB && byte !== SPACE) return undefined
    crc = (crc << 1) | (byte === TAB ? 1 : 0)
  }
  return crc >>> 0
}

/** The CRC run on through the seal's own bytes: where the next block starts from. */
export function crcAfterSeal(crc: number): number {
  const seal = new Uint8Array(SEAL_BYTES + 1)
  writeSeal(seal, 0, crc)
  return crc32(seal, crc)
}

/** Whether the seal whose tab stands at `sealOffset` says that the commit before it may not have been synced. */
export function isUnorderedSeal(bytes: Uint8Array, sealOffset: number): boolean {
  return bytes[sealOffset - 1] === SPACE
}

/** Classifies the line `[start, newline)`. */
export function lineEndOf(bytes: Uint8Array, start: number, newline: number): LineEnd {
  if (newline === start || !isBlank(bytes[newline - 1])) return 'foreign'
  if (newline - SEAL_BYTES > start && readSeal(bytes, newline - SEAL_BYTES) !== undefined) {
    return 'sealed'
  }
  const onlyTab = bytes[newline - 1] === TAB && newline - 1 > start && !isBlank(bytes[newline - 2])
  return onlyTab ? 'continued' : 'malformed'
}

/** Whether the line before `newline` is the last of its commit: all others end in exactly one tab. */
export function endsCommit(bytes: Uint8Array, newline: number): boolean {
  return bytes[newline - 1] !== TAB || isBlank(bytes[newline - 2])
}

/** Where the JSON text of the line `[start, newline)` ends, given its classification. */
export function jsonEndOf(bytes: Uint8Array, newline: number, lineEnd: LineEnd): number {
  if (lineEnd === 'continued') return newline - 1
  if (lineEnd !== 'sealed') return newline
  const tab = newline - SEAL_BYTES
  return isUnorderedSeal(bytes, tab) ? tab - 1 : tab
}
