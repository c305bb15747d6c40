import { NEWLINE } from './bytes.js'
import { formatCrc } from './crc32.js'

const MAGIC = '// MINISTORE JOURNAL v'
const FIRST_HEADER = `${MAGIC}0.1.0`

/** A longer first line is no header. */
export const MAX_HEADER_BYTES = 512

/** What the header of a later segment says about the one before it. */
export interface SegmentLink {
  /** The number that this segment takes when it is archived. */
  readonly segment: number
  /** Sequence number of its first record. */
  readonly firstSeq: number
  /** CRC of all bytes of the segment before it; undefined when there is none to certify. */
  readonly prevCrc: number
}

/**
 * The version in the header of a marker that a repair puts in the place of the active segment while
 * it gives the repaired files their names. No release reads it, so nobody opens what is half repaired.
 */
export const REPAIRING_VERSION = '0.0.78'

/** What is left to do of a repair. */
export interface RepairMarker {
  /** Archived segments from this number on are replaced or removed. */
  readonly fromSegment: number
  /** The number of the repaired active segment. */
  readonly activeSegment: number
  /** Digits in the names of archived segments. */
  readonly digits: number
}

/** The only line of a marker. */
export function formatRepairMarker(marker: RepairMarker): string {
  return `${MAGIC}${REPAIRING_VERSION} ${JSON.stringify({ repair: marker })}\n`
}

/** Reads a marker; undefined when the file is none. */
export function tryParseRepairMarker(bytes: Uint8Array): RepairMarker | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const start = `${MAGIC}${REPAIRING_VERSION} `
  if (!text.startsWith(start) || !text.endsWith('\n')) return undefined
  const { repair } = (tryParseJson(text.slice(start.length)) ?? {}) as Record<string, unknown>
  if (typeof repair !== 'object' || repair === null) return undefined
  const { fromSegment, activeSegment, digits } = repair as Record<string, unknown>
  if (!isPositiveInteger(fromSegment) || !isPositiveInteger(activeSegment)) return undefined
  return isPositiveInteger(digits) ? { fromSegment, activeSegment, digits } : undefined
}

/** A first line, read. */
export type ParsedHeader =
  | { readonly kind: 'header'; readonly sizeBytes: number; readonly link: SegmentLink | undefined }
  /** Nothing, only NULs, or the beginning of a header: a segment that was being created. */
  | { readonly kind: 'fragment' }
  | { readonly kind: 'wrongVersion'; readonly version: string }
  | { readonly kind: 'wrongHeader' }

/** The header line, newline included. The first segment of a journal has no link. */
export function formatHeader(link: SegmentLink | undefined): string {
  if (link === undefined) return `${FIRST_HEADER}\n`
  const { segment, firstSeq, prevCrc } = link
  return `${FIRST_HEADER} ${JSON.stringify({ segment, firstSeq, prevCrc: formatCrc(prevCrc) })}\n`
}

/** Reads the header from the first bytes of a file; `bytes` holds the whole file or at least {@link MAX_HEADER_BYTES}. */
export function parseHeader(bytes: Uint8Array): ParsedHeader {
  const newline = bytes.subarray(0, MAX_HEADER_BYTES).indexOf(NEWLINE)
  if (newline === -1) return { kind: isFragment(bytes) ? 'fragment' : 'wrongHeader' }
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, newline).toString('latin1')
  const match = /^\/\/ MINISTORE JOURNAL v(\d+)\.(\d+)\.(\d+)(?: (\{.*\}))?$/.exec(line)
  if (match === null) return { kind: 'wrongHeader' }
  const [, major, minor, patch, object] = match
  if (major !== '0' || minor !== '1') {
    return { kind: 'wrongVersion', version: `${major}.${minor}.${patch}` }
  }
  if (object === undefined) return { kind: 'header', sizeBytes: newline + 1, link: undefined }
  const link = tryParseLink(object)
  return link === undefined
    ? { kind: 'wrongHeader' }
    : { kind: 'header', sizeBytes: newline + 1, link }
}

function isFragment(bytes: Uint8Array): boolean {
  if (bytes.every((byte) => byte === 0)) return true
  if (bytes.length >= MAX_HEADER_BYTES) return false
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  if (FIRST_HEADER.startsWith(text)) return true
  return /^\/\/ MINISTORE JOURNAL v0\.1\.\d+( (\{[^}]*\}?)?)?$/.test(text)
}

function tryParseLink(text: string): SegmentLink | undefined {
  const value = tryParseJson(text)
  if (typeof value !== 'object' || value === null) return undefined
  const { segment, firstSeq, prevCrc } = value as Record<string, unknown>
  if (!isPositiveInteger(segment) || !isPositiveInteger(firstSeq)) return undefined
  if (typeof prevCrc !== 'string' || !/^[0-9a-f]{8}$/.test(prevCrc)) return undefined
  return { segment, firstSeq, prevCrc: Number.parseInt(prevCrc, 16) }
}

function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not JSON: the caller refuses the header by name
  }
}

function isPositiveInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1
}
