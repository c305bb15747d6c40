import { MiniStoreError } from '../errors.js'
import { endsCommit } from '../format/seal.js'
import { corruptError, headerError, versionError } from '../read/segment-chain.js'
import { type Piece, isDamage, isKept } from './pieces.js'
import type { ScannedSegment } from './segment-scan.js'

/** Lists of ranges that grow past this are cut; the counts beside them stay whole. */
const MAX_RANGES = 1000

/** Sequence numbers of the journal before the repair; both ends inclusive. */
export interface SeqRange {
  readonly firstSeq: number
  readonly lastSeq: number
}

/** Records that keep their content and get another number. */
export interface Renumbered extends SeqRange {
  /** What `firstSeq` is from now on; the others follow. */
  readonly newFirstSeq: number
}

/** Runs of lines of a segment that are kept, and how many lie between: `[kept, lost, kept, …]`. */
interface Stretch {
  readonly isKept: boolean
  readonly lineCount: number
}

/** One segment with what is to become of it. */
export interface PlannedSegment {
  readonly scanned: ScannedSegment
  readonly stretches: readonly Stretch[]
  readonly keptRecords: number
  readonly isChanged: boolean
}

/** What a repair is to do. Nothing when `firstChanged` is undefined. */
export interface RepairPlan {
  readonly segments: readonly PlannedSegment[]
  /** Index of the first segment that is replaced; all behind it are too, for each header certifies the file before. */
  readonly firstChanged: number | undefined
  readonly firstSeq: number
  readonly lastSeq: number
  readonly droppedRecords: number
  readonly dropped: readonly SeqRange[]
  readonly renumbered: readonly Renumbered[]
}

/** Collects what is kept of one segment while it is read. */
export class SegmentPlanner {
  readonly #cutAt: number | undefined
  #stretches: Stretch[] = []
  #isOver = false
  #damageBefore: number | undefined

  constructor(cutAt: number | undefined) {
    this.#cutAt = cutAt
  }

  /** Where damage stands before the cut, as a record of the segment. */
  get damageBefore(): number | undefined {
    return this.#damageBefore
  }

  /** Takes the next piece; `firstSeq` is the segment's. */
  add(piece: Piece, firstSeq: number): void {
    if (piece.kind === 'torn') return // never acknowledged: its records have no numbers
    const wanted = this.#wantedLines(piece, firstSeq)
    this.#push(true, wanted)
    this.#push(false, piece.lineCount - wanted)
  }

  #wantedLines(piece: Piece, firstSeq: number): number {
    if (this.#isOver) return 0
    const pieceFirstSeq = firstSeq + piece.recordsBefore
    if (this.#cutAt !== undefined && pieceFirstSeq >= this.#cutAt) this.#isOver = true
    if (this.#isOver) return 0
    if (!isKept(piece.kind)) {
      if (isDamage(piece.kind)) this.#damageBefore ??= piece.recordsBefore
      return 0
    }
    if (this.#cutAt === undefined) return piece.lineCount
    const wanted = wholeCommits(piece, this.#cutAt - pieceFirstSeq)
    if (wanted < piece.lineCount) this.#isOver = true
    return wanted
  }

  #push(isKeptLine: boolean, lineCount: number): void {
    if (lineCount === 0) return
    const last = this.#stretches.at(-1)
    if (last?.isKept === isKeptLine) {
      this.#stretches[this.#stretches.length - 1] = {
        isKept: isKeptLine,
        lineCount: last.lineCount + lineCount,
      }
    } else this.#stretches.push({ isKept: isKeptLine, lineCount })
  }

  /** What the pieces came to. */
  finish(scanned: ScannedSegment): PlannedSegment {
    const stretches = this.#stretches
    const keptRecords = stretches.reduce((sum, one) => sum + (one.isKept ? one.lineCount : 0), 0)
    // Not by counting records: what stands behind the cut may be damage, which has none that can be read.
    const isChanged = this.#cutAt === undefined ? scanned.isDamaged : this.#isOver
    return { scanned, stretches, keptRecords, isChanged }
  }
}

/** A commit is all or nothing: of at most `lineCount` lines, those of whole commits. */
function wholeCommits({ lines, lineCount }: Piece, limit: number): number {
  if (limit >= lineCount || lines === undefined) return Math.min(limit, lineCount)
  const { bytes, newlines } = lines
  for (let count = limit; count > 0; count--) {
    if (endsCommit(bytes, newlines[count - 1] ?? 0)) return count
  }
  return 0
}

/** Refuses what no repair should touch: files that are no journal, or of another format. */
export function assertRepairable(segments: readonly ScannedSegment[]): void {
  for (const { header, path, records } of segments) {
    if (header.kind === 'wrongVersion' && records === 0) throw versionError(path, header.version)
    if (header.kind === 'wrongHeader' && records === 0) throw headerError(path)
  }
  const twice = segments.find((one, index) => segments[index - 1]?.number === one.number)
  if (twice === undefined || twice.isActive) return
  throw corruptError(
    twice.path,
    `segment ${twice.number} is there twice, and only you can know which is right; move one of the two away`,
  )
}

/** The numbers that follow from what is kept. */
export function toPlan(segments: readonly PlannedSegment[], cutAt: number | undefined): RepairPlan {
  const changed = segments.findIndex((segment) => segment.isChanged)
  const firstChanged = changed === -1 ? undefined : changed
  const firstSeq = segments[0]?.scanned.firstSeq ?? 1
  const lastOld = (segments.at(-1)?.scanned.next.firstSeq ?? 1) - 1
  const ledger = new Ledger(firstSeq)
  for (const [index, { scanned, stretches }] of segments.entries()) {
    // A missing file leaves a hole in the numbers; a broken count is set right by the header behind it.
    ledger.moveTo(scanned.firstSeq)
    const isUntouched = firstChanged === undefined || index < firstChanged
    if (isUntouched) ledger.keep(scanned.lineCount)
    else for (const one of stretches) ledger.take(one.isKept, one.lineCount)
  }
  const lastSeq = firstChanged === undefined ? lastOld : ledger.lastSeq
  if (cutAt !== undefined) assertCut(cutAt, firstSeq)
  return { segments, firstChanged, firstSeq, lastSeq, ...ledger.sums() }
}

/** A cut behind the end has nothing to do: so the same repair can be asked for again. */
function assertCut(cutAt: number, firstSeq: number): void {
  if (cutAt >= firstSeq) return
  throw new RangeError(`cutAt must be at least ${firstSeq}, the oldest record that is there`)
}

/** The cut would keep damage. */
export function damageBeforeCut(path: string, seq: number): MiniStoreError {
  return new MiniStoreError(
    'JOURNAL_CORRUPT',
    `${path}: record ${seq} stands before the cut and is damaged; cut at ${seq} or before it, or use skipCorrupt. Nothing was changed`,
    { path, firstSeq: seq },
  )
}

/** Follows old and new numbers side by side. */
class Ledger {
  #oldSeq: number
  #newSeq: number
  #droppedRecords = 0
  readonly #dropped: SeqRange[] = []
  readonly #renumbered: Renumbered[] = []

  constructor(firstSeq: number) {
    this.#oldSeq = firstSeq
    this.#newSeq = firstSeq
  }

  get lastSeq(): number {
    return this.#newSeq - 1
  }

  moveTo(oldSeq: number): void {
    if (oldSeq > this.#oldSeq) this.take(false, oldSeq - this.#oldSeq)
    this.#oldSeq = oldSeq
  }

  keep(count: number): void {
    this.#oldSeq += count
    this.#newSeq += count
  }

  take(isKeptLine: boolean, count: number): void {
    const firstSeq = this.#oldSeq
    const range = { firstSeq, lastSeq: firstSeq + count - 1 }
    this.#oldSeq += count
    if (!isKeptLine) {
      this.#droppedRecords += count
      addRange(this.#dropped, range)
      return
    }
    if (this.#newSeq !== firstSeq) addRenumbered(this.#renumbered, range, this.#newSeq)
    this.#newSeq += count
  }

  sums(): Pick<RepairPlan, 'droppedRecords' | 'dropped' | 'renumbered'> {
    return {
      droppedRecords: this.#droppedRecords,
      dropped: this.#dropped,
      renumbered: this.#renumbered,
    }
  }
}

function addRange(ranges: SeqRange[], range: SeqRange): void {
  const last = ranges.at(-1)
  if (last !== undefined && last.lastSeq + 1 === range.firstSeq) {
    ranges[ranges.length - 1] = { firstSeq: last.firstSeq, lastSeq: range.lastSeq }
  } else if (ranges.length < MAX_RANGES) ranges.push(range)
}

function addRenumbered(ranges: Renumbered[], range: SeqRange, newFirstSeq: number): void {
  const last = ranges.at(-1)
  const shift = range.firstSeq - newFirstSeq
  const isNext = last?.lastSeq === range.firstSeq - 1 && last.firstSeq - last.newFirstSeq === shift
  if (last !== undefined && isNext) {
    ranges[ranges.length - 1] = { ...last, lastSeq: range.lastSeq }
  } else if (ranges.length < MAX_RANGES) ranges.push({ ...range, newFirstSeq })
}
