import { crc32 as zlibCrc32 } from '../platform/node.js'

/** CRC-32 as zlib computes it; `start` continues an earlier one. */
export function crc32(bytes: Uint8Array, start = 0): number {
  return zlibCrc32(bytes, start)
}

/** Eight lower-case hexadecimal digits. */
export function formatCrc(crc: number): string {
  return crc.toString(16).padStart(8, '0')
}
