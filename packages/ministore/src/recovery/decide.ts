import type { TailEvidence } from '../read/tail-scan.js'

/** Everything that recovery looked at, and nothing else decides. */
export interface Findings {
  /** `fragment`: empty, only NULs, or the beginning of a header. */
  readonly active: 'missing' | 'fragment' | 'wrongHeader' | 'wrongVersion' | 'segment'
  readonly archivedHeader: 'right' | 'wrongHeader' | 'wrongVersion'
  readonly hasArchived: boolean
  /** A gap, a double, a link that does not fit, or an archived segment that is not whole. */
  readonly isChainBroken: boolean
  /** The valid prefix ends before what the watermark says was synced. */
  readonly isBeforeWatermark: boolean
  /** The watermark is of this boot and no clean close has followed it. */
  readonly isSameBootUnclean: boolean
  readonly tail: TailFindings
}

/** {@link TailEvidence}, condensed to what the rows ask. */
export interface TailFindings {
  readonly isEmpty: boolean
  readonly hasValidBlock: boolean
  readonly hasDamagedForeignLine: boolean
  readonly isHealable: boolean
  readonly hasZeroSector: boolean
  /** It ends in the middle of the one commit that was being written. */
  readonly isUnfinished: boolean
}

/** What `open` does with a journal. */
export type Decision =
  | 'refuseHeader'
  | 'refuseVersion'
  | 'refuseCorrupt'
  | 'create'
  | 'finishRotation'
  | 'openClean'
  | 'heal'
  | 'setAside'
  | 'refuseAmbiguous'

/** A row of the table in FORMAT.md, "Recovery". */
export interface DecisionRow {
  readonly row: number
  readonly when: string
  readonly applies: (found: Findings) => boolean
  readonly decision: (found: Findings) => Decision
}

/** The table. The rows are tried in order, and the first that applies decides. */
export const DECISION_TABLE: readonly DecisionRow[] = Object.freeze([
  {
    row: 1,
    when: 'a wrong header or version',
    applies: (found) => wrongHeader(found) || wrongVersion(found),
    decision: (found) => (wrongHeader(found) ? 'refuseHeader' : 'refuseVersion'),
  },
  {
    row: 2,
    when: 'a broken chain of segments',
    applies: (found) => found.isChainBroken,
    decision: () => 'refuseCorrupt',
  },
  {
    row: 3,
    when: 'the valid prefix ends before the watermark',
    applies: (found) => found.isBeforeWatermark,
    decision: () => 'refuseCorrupt',
  },
  {
    row: 4,
    when: 'a valid block behind the valid prefix',
    applies: (found) => isSegment(found) && found.tail.hasValidBlock,
    decision: () => 'refuseCorrupt',
  },
  {
    row: 5,
    when: 'a damaged foreign line behind the valid prefix',
    applies: (found) => isSegment(found) && found.tail.hasDamagedForeignLine,
    decision: () => 'refuseCorrupt',
  },
  {
    row: 6,
    when: 'no active segment, or one that was being created',
    applies: (found) => !isSegment(found),
    decision: (found) => (found.hasArchived ? 'finishRotation' : 'create'),
  },
  {
    row: 7,
    when: 'the file ends with the valid prefix',
    applies: (found) => found.tail.isEmpty,
    decision: () => 'openClean',
  },
  {
    row: 8,
    when: 'only the last newline is missing',
    applies: (found) => found.tail.isHealable,
    decision: () => 'heal',
  },
  {
    row: 9,
    when: 'a commit that was never acknowledged',
    applies: (found) =>
      found.tail.hasZeroSector || found.tail.isUnfinished || found.isSameBootUnclean,
    decision: () => 'setAside',
  },
  {
    row: 10,
    when: 'anything else: a torn commit, or damage to the very last one',
    applies: () => true,
    decision: () => 'refuseAmbiguous',
  },
] satisfies DecisionRow[])

/** The row that decides. Pure: no I/O, no clock. */
export function decide(found: Findings): { row: number; decision: Decision } {
  for (const { row, applies, decision } of DECISION_TABLE) {
    if (applies(found)) return { row, decision: decision(found) }
  }
  throw new Error('unreachable: the last row applies to everything')
}

function isSegment(found: Findings): boolean {
  return found.active === 'segment'
}

function wrongHeader(found: Findings): boolean {
  return found.active === 'wrongHeader' || found.archivedHeader === 'wrongHeader'
}

function wrongVersion(found: Findings): boolean {
  return found.active === 'wrongVersion' || found.archivedHeader === 'wrongVersion'
}

/** `isHealableLine`: the store writes lines without seals, and the last one is whole but for its newline. */
export function condense(evidence: TailEvidence, isHealableLine: boolean): TailFindings {
  return {
    isEmpty: evidence.sizeBytes === 0,
    hasValidBlock: evidence.hasValidBlock,
    hasDamagedForeignLine: evidence.hasDamagedForeignLine,
    isHealable: evidence.healableSealEnd !== undefined || isHealableLine,
    hasZeroSector: evidence.hasZeroSector,
    // A legible seal further on is the end of a commit, so more than the last one is damaged.
    isUnfinished:
      !evidence.hasLegibleSeal && (!evidence.endsWithNewline || evidence.endsInsideCommit),
  }
}

/** The tail of a file that ends with its valid prefix. */
export const EMPTY_TAIL: TailFindings = Object.freeze({
  isEmpty: true,
  hasValidBlock: false,
  hasDamagedForeignLine: false,
  isHealable: false,
  hasZeroSector: false,
  isUnfinished: false,
})
