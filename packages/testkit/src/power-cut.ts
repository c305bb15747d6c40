import { Bytes } from './bytes.js'
import type { Choices } from './choices.js'
import type { DiskOperation } from './disk-model.js'

/** What a disk may do at a power cut. */
export interface PowerCutRules {
  /** The unit that is written whole or not at all. */
  readonly sectorBytes: number
  /** What stands where nothing was written: zeros, as file systems promise, or bytes of before. */
  readonly gaps: 'zero' | 'stale'
  /** Choose a pattern first, so that not every large write is torn at its beginning. Off: every sector for itself. */
  readonly hasPatterns: boolean
  /** Files of which all is kept or all that was not synced is lost, where every combination is to be counted. */
  readonly isWhole?: (path: string) => boolean
}

/** A change of a file that waits for a sync. */
export type Pending = Extract<DiskOperation, { kind: 'write' | 'truncate' }>

/** A file between two syncs. */
export interface UnsyncedFile {
  readonly durable: Bytes
  readonly pending: readonly Pending[]
}

/** Brings a change into the bytes of a file. */
export function applyPending(bytes: Bytes, operation: Pending): void {
  if (operation.kind === 'truncate') bytes.resize(operation.sizeBytes)
  else bytes.write(operation.offsetBytes, operation.bytes)
}

/** What one write does to one sector. */
export interface Part {
  readonly sector: number
  readonly offsetBytes: number
  readonly bytes: Buffer
}

/** What a change does, sector by sector. `sizeBytes`: of the file before it. */
export function partsOf(operation: Pending, sizeBytes: number, sectorBytes: number): Part[] {
  const offsetBytes = operation.kind === 'truncate' ? operation.sizeBytes : operation.offsetBytes
  // What a truncation takes away reads as zeros from then on.
  const bytes =
    operation.kind === 'truncate'
      ? Buffer.alloc(Math.max(0, sizeBytes - offsetBytes))
      : operation.bytes
  const parts: Part[] = []
  for (let at = 0; at < bytes.length;) {
    const from = offsetBytes + at
    const length = Math.min(bytes.length - at, sectorBytes - (from % sectorBytes))
    const sector = Math.floor(from / sectorBytes)
    parts.push({ sector, offsetBytes: from, bytes: bytes.subarray(at, at + length) })
    at += length
  }
  return parts
}

/** What a power cut leaves of a file: any size in between, and of each sector any state that it had since the last sync. */
export function remains(
  { pending, durable }: UnsyncedFile,
  choices: Choices,
  rules: PowerCutRules,
): Bytes {
  const left = durable.clone()
  if (pending.length === 0) return left
  const sizes = sizesOnTheWay(durable.sizeBytes, pending)
  const largest = Math.max(...sizes)
  fillGap(left, largest, rules)
  const parts = pending.flatMap((one, index) => partsOf(one, sizes[index] ?? 0, rules.sectorBytes))
  for (const part of surviving(parts, choices, rules)) left.write(part.offsetBytes, part.bytes)
  const last = sizes.at(-1) ?? largest
  const step = choices.choose(largest - Math.min(...sizes) + 1)
  // 0 keeps the last size; the other answers count down from the largest.
  const other = largest - step + 1
  left.resize(step === 0 ? last : other <= last ? other - 1 : other)
  return left
}

function sizesOnTheWay(sizeBytes: number, pending: readonly Pending[]): number[] {
  const sizes = [sizeBytes]
  for (const one of pending) {
    const before = sizes.at(-1) ?? sizeBytes
    sizes.push(
      one.kind === 'truncate'
        ? one.sizeBytes
        : Math.max(before, one.offsetBytes + one.bytes.length),
    )
  }
  return sizes
}

function fillGap(bytes: Bytes, sizeBytes: number, { gaps }: PowerCutRules): void {
  const from = bytes.sizeBytes
  bytes.resize(sizeBytes)
  if (gaps === 'zero') return
  const view = bytes.view()
  for (let at = from; at < sizeBytes; at++) view[at] = STALE[at % STALE.length] ?? 0
}

/** Text of another file that stood there before. */
const STALE: Buffer = Buffer.from('stale bytes of another file ')

/** The writes that reached the disk: of each sector the first few, for it is always written as a whole. */
function surviving(parts: readonly Part[], choices: Choices, rules: PowerCutRules): Part[] {
  const bySector = new Map<number, Part[]>()
  for (const part of parts) bySector.set(part.sector, [...(bySector.get(part.sector) ?? []), part])
  const eachForItself = (): Part[] =>
    [...bySector.values()].flatMap((own) =>
      own.slice(0, own.length - choices.choose(own.length + 1)),
    )
  if (!rules.hasPatterns) return eachForItself()
  switch (choices.choose(5)) {
    case 0:
      return [...parts]
    case 1:
      return []
    case 2:
      return parts.slice(0, choices.choose(parts.length + 1))
    case 3: {
      const lost = [...bySector.keys()][choices.choose(bySector.size)]
      return parts.filter(({ sector }) => sector !== lost)
    }
    default:
      return eachForItself()
  }
}
