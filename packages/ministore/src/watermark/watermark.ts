import { NEWLINE } from '../format/bytes.js'
import { crc32, formatCrc } from '../format/crc32.js'

/** Size of a slot; a watermark file has two. */
export const SLOT_BYTES = 512

/** Longer boot ids are compared, and kept, up to here, so that a slot always suffices. */
const MAX_BOOT_ID_LENGTH = 128

/** How far a writer has got, as it noted beside its journal. See FORMAT.md, "Watermark". */
export interface Watermark {
  /** Counts the notes: of two slots the higher one is the newer. */
  readonly turn: number
  /** The newest acknowledged record. */
  readonly seq: number
  /** Number of the segment that the offsets are in. */
  readonly segment: number
  /** What was surely synced, and the CRC of the file up to there. */
  readonly durable: { readonly offset: number; readonly crc: number }
  /** What was acknowledged; behind `durable` only with durability `'os'`. */
  readonly written: { readonly offset: number }
  readonly bootId: string | undefined
  /** Written and synced by `close`: nothing was in flight. */
  readonly clean: boolean
}

/** What {@link Watermark.bootId} holds for a boot id of any length. */
export function toBootId(bootId: string | undefined): string | undefined {
  return bootId?.slice(0, MAX_BOOT_ID_LENGTH)
}

/**
 * Makes `slot`, of {@link SLOT_BYTES}, a JSON line, padded with spaces, whose last member is the CRC of
 * the text before it. `bootIdJson`: the boot id as JSON. By hand, for it is done after every sync.
 */
export function writeSlot(
  slot: Buffer,
  { turn, seq, segment, durable, written, clean }: Omit<Watermark, 'bootId'>,
  bootIdJson: string,
): void {
  const durableText = `{"offset":${durable.offset},"crc":"${formatCrc(durable.crc)}"}`
  const text = `{"turn":${turn},"seq":${seq},"segment":${segment},"durable":${durableText},"written":{"offset":${written.offset}},"bootId":${bootIdJson},"clean":${clean}`
  const length = slot.write(text)
  const crc = formatCrc(crc32(slot.subarray(0, length)))
  slot.write(`,"crc":"${crc}"}`.padEnd(SLOT_BYTES - 1 - length), length, 'latin1')
  slot[SLOT_BYTES - 1] = NEWLINE
}

/** Undefined for a slot that is empty, torn or damaged: then the file says nothing. */
export function tryParseSlot(slot: Buffer): Watermark | undefined {
  const text = slot.toString('utf8')
  const [line, open, crc] = /^(\{.*),"crc":"([0-9a-f]{8})"\} *\n$/.exec(text) ?? []
  if (line === undefined || open === undefined || crc === undefined) return undefined
  if (formatCrc(crc32(Buffer.from(open))) !== crc) return undefined
  return toWatermark(tryParseJson(`${open}}`))
}

/** The newer of the two slots, of those that can be read. */
export function tryParseWatermark(bytes: Buffer): Watermark | undefined {
  const slots = [0, SLOT_BYTES].map((at) => tryParseSlot(bytes.subarray(at, at + SLOT_BYTES)))
  const found = slots.filter((slot) => slot !== undefined)
  return found.toSorted((a, b) => b.turn - a.turn)[0]
}

function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // not JSON: no watermark
  }
}

function toWatermark(value: unknown): Watermark | undefined {
  if (!isObject(value)) return undefined
  const { turn, seq, segment, durable, written, bootId, clean } = value
  if (!isCount(turn) || !isCount(seq) || !isCount(segment) || typeof clean !== 'boolean') {
    return undefined
  }
  if (!isObject(durable) || !isObject(written)) return undefined
  if (!isCount(durable['offset']) || !isCount(written['offset'])) return undefined
  if (typeof durable['crc'] !== 'string' || !/^[0-9a-f]{8}$/.test(durable['crc'])) return undefined
  return {
    turn,
    seq,
    segment,
    durable: { offset: durable['offset'], crc: Number.parseInt(durable['crc'], 16) },
    written: { offset: written['offset'] },
    bootId: typeof bootId === 'string' ? bootId : undefined,
    clean,
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
