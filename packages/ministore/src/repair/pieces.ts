import type { Checkpoint } from '../read/segment-scanner.js'

/**
 * What a range of a segment is. `sealed`: verified. `foreign`: valid lines that no seal covers.
 * `sealDamaged`: only the symbols of a seal are damaged, and the next seal proves the records.
 * `unterminated`: a whole commit that lacks its last newline. `invalid`: a right seal over lines that
 * are no records. `damaged`: does not verify. `torn`: the end of a commit that was never acknowledged.
 * `ambiguous`: torn, or damage to the last commit. `unreadable`: of a format that this release does
 * not read. `mixed`: several of them, where a table would have become too long.
 */
export type BlockKind =
  | 'sealed'
  | 'foreign'
  | 'sealDamaged'
  | 'unterminated'
  | 'invalid'
  | 'damaged'
  | 'torn'
  | 'ambiguous'
  | 'unreadable'
  | 'mixed'

/** Whole lines; `[start, end)` of `bytes` is the receiver's until it answers. */
export interface Lines {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly newlines: readonly number[]
}

/** A range of a segment. */
export interface Piece {
  readonly kind: BlockKind
  readonly offsetBytes: number
  readonly sizeBytes: number
  /** How many records of the segment stand before it. */
  readonly recordsBefore: number
  /** A line that the end of the file cuts counts as one. */
  readonly lineCount: number
  /** Ends of commits; a foreign line is its own. */
  readonly commitCount: number
  /** Where its records can be kept. */
  readonly lines: Lines | undefined
}

const KEPT: ReadonlySet<BlockKind> = new Set(['sealed', 'foreign', 'sealDamaged', 'unterminated'])
const DAMAGE: ReadonlySet<BlockKind> = new Set([
  'sealDamaged',
  'invalid',
  'damaged',
  'ambiguous',
  'unreadable',
])

/** Whether the records of such a range are proven, or at least valid. */
export function isKept(kind: BlockKind): boolean {
  return KEPT.has(kind)
}

/** Whether such a range is, or may be, damage to what had been acknowledged. */
export function isDamage(kind: BlockKind): boolean {
  return DAMAGE.has(kind)
}

/** A range whose records are lost. */
export function lostPiece(
  kind: BlockKind,
  from: Checkpoint,
  toOffset: number,
  toRecordCount: number,
): Piece {
  return {
    kind,
    offsetBytes: from.offsetBytes,
    sizeBytes: toOffset - from.offsetBytes,
    recordsBefore: Math.max(0, from.recordCount),
    lineCount: toRecordCount - Math.max(0, from.recordCount),
    commitCount: 0,
    lines: undefined,
  }
}
