import { MAX_DEPTH } from '../format/limits.js'

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Whether the JSON text in `[start, end)` nests arrays and objects deeper than {@link MAX_DEPTH}. */
export function nestsTooDeep(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 2 * MAX_DEPTH) return false
  let depth = 0
  let inString = false
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (inString) {
      if (byte === BACKSLASH) at++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > MAX_DEPTH) return true
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return false
}
