import type { SegmentLink } from '../format/header.js'
import type { FileSystem } from '../fs/file-system.js'
import { isDeepStrictEqual } from '../platform/node.js'
import { type RecordDecoder, decodeError } from '../record/record-codec.js'
import { condense, decide } from '../recovery/decide.js'
import {
  type FoundWatermark,
  type JournalEnd,
  missingBefore,
  missingError,
} from '../watermark/read-watermark.js'
import { decodeRun } from './run-decoder.js'
import type { KnownPlace } from './known-places.js'
import { corruptError } from './segment-chain.js'
import { type Checkpoint, type Run, SegmentScanner, crcInRun } from './segment-scanner.js'
import {
  type OpenSegment,
  dropped,
  openFirstSegment,
  openKnownSegment,
  openNextSegment,
} from './segment-walk.js'
import { type TailEvidence, scanTail } from './tail-scan.js'

/** Consecutive records, in the pieces in which they are read. */
export interface Batch<R> {
  readonly firstSeq: number
  readonly records: R[]
  /** Whether the last of them ends a commit; false only where a range cuts one. */
  readonly commitEnd: boolean
}

/** {@link Batch} with the commit ends of all its records. */
export interface DetailedBatch<R> extends Batch<R> {
  isCommitEnd(index: number): boolean
  /** The end of the last seal so far: a later reading may begin there. Undefined where the range cut it off. */
  readonly sealedEnd: KnownPlace | undefined
}

/** What to read. `base` is a resolved path. */
export interface ReadRange<R> {
  readonly fileSystem: FileSystem
  readonly base: string
  readonly codec: RecordDecoder<R>
  readonly maxRecordBytes: number
  readonly from: number | undefined
  readonly to: number | undefined
  readonly signal: AbortSignal | undefined
  readonly startAt?: KnownPlace | undefined
  /** What the journal's writer had noted before the reading began; undefined when the reader is the writer. */
  readonly watermark: FoundWatermark | undefined
  /** Told of places from which a later reading may begin. */
  readonly passed?: ((place: KnownPlace) => void) | undefined
  /** What becomes of a run's lines. Default: their values. */
  readonly decode?: typeof decodeRun
}

/**
 * Reads from segment to segment, up to the last whole commit. Takes no lock and writes nothing. At
 * the end it must have come as far as the watermark, which was read before, says that a writer has.
 */
export async function* readBatches<R>(range: ReadRange<R>): AsyncGenerator<DetailedBatch<R>, void> {
  const { fileSystem, base, from, to } = range
  let segment = await openAtStart(range)
  if (segment !== undefined && from !== undefined && from < segment.firstSeq) {
    await segment.handle.close()
    throw dropped(base, from, segment.firstSeq)
  }
  let end: JournalEnd = { segment: 0, offsetBytes: 0, crcAtDurable: undefined, archived: [] }
  while (segment !== undefined) {
    let read: SegmentEnd | undefined
    try {
      read = yield* readSegment(segment, range)
    } finally {
      await segment.handle.close()
    }
    if (read === undefined || (to !== undefined && read.link.firstSeq > to)) return
    const { offsetBytes, crcAtDurable } = read
    end = { segment: segment.number, offsetBytes, crcAtDurable, archived: [] }
    if (segment.isActive) break
    segment = await openNextSegment(fileSystem, base, read.link)
  }
  assertReached(range, end)
}

/** @throws JOURNAL_CORRUPT when the journal ends before what its writer had acknowledged */
function assertReached<R>({ base, watermark }: ReadRange<R>, end: JournalEnd): void {
  const missing = watermark && missingBefore(watermark, end)
  if (missing !== undefined) throw missingError(base, missing, { offsetBytes: end.offsetBytes })
}

async function openAtStart<R>(range: ReadRange<R>): Promise<OpenSegment | undefined> {
  const { fileSystem, base, from, startAt } = range
  const known = startAt && (await openKnownSegment(fileSystem, base, startAt))
  if (known !== undefined) return known
  const segment = await openFirstSegment(fileSystem, base, from)
  if (segment === undefined || segment.number !== startAt?.segment) return segment
  return { ...segment, start: startAt.checkpoint }
}

/** Where a segment ended, and what the next one must say of it. */
interface SegmentEnd {
  readonly link: SegmentLink
  readonly offsetBytes: number
  readonly crcAtDurable: number | undefined
}

/** Returns undefined when the range ended before the segment did. */
async function* readSegment<R>(
  segment: OpenSegment,
  range: ReadRange<R>,
): AsyncGenerator<DetailedBatch<R>, SegmentEnd | undefined> {
  const { handle, path, firstSeq, number } = segment
  const { maxRecordBytes, to } = range
  const durable = range.watermark?.mark.durable
  const { sectorBytes } = range.fileSystem
  let start = segment.start
  // A reading that begins behind the place takes the CRC there on trust.
  let crcAtDurable = durable && start.offsetBytes >= durable.offset ? durable.crc : undefined
  // Foreign lines are read twice where a wrong seal comes far behind them.
  let from = range.from ?? 1
  let evidence: TailEvidence | undefined
  for (;;) {
    const scanner = new SegmentScanner(handle, path, start, maxRecordBytes)
    try {
      for (let run = await scanner.next(); run !== undefined; run = await scanner.next()) {
        range.signal?.throwIfAborted()
        crcAtDurable ??= durable && crcInRun(run, durable.offset)
        const runFirstSeq = firstSeq + run.from.recordCount
        const nextSeq = firstSeq + scanner.good.recordCount
        // Of a run that the range cuts not all is shown: a later reading may not begin behind it.
        const isWhole = to === undefined || nextSeq - 1 <= to
        const sealedEnd = isWhole
          ? { segment: number, path, checkpoint: scanner.sealedEnd }
          : undefined
        if (sealedEnd !== undefined) range.passed?.(sealedEnd)
        if (nextSeq > from) {
          const batch = decodeBatch(run, { path, firstSeq: runFirstSeq }, { ...range, from })
          from = nextSeq
          yield { ...batch, sealedEnd }
        }
        if (to !== undefined && nextSeq > to) return undefined
      }
    } finally {
      await scanner.settle()
    }
    const { good } = scanner
    // Lines may come while the file is read: only what stood there before a scan that did not take it, and still does, is judged.
    const before = good.offsetBytes === start.offsetBytes ? evidence : undefined
    evidence = await scanTail(handle, good, handle.sizeSync(), sectorBytes)
    if (evidence.sizeBytes === 0 || isDeepStrictEqual(before, evidence)) {
      if (evidence.sizeBytes > 0) judgeEnd(segment, good, evidence)
      const nextSeq = firstSeq + good.recordCount
      const link = { segment: number + 1, firstSeq: nextSeq, prevCrc: good.crc }
      return { link, offsetBytes: good.offsetBytes, crcAtDurable }
    }
    start = good
  }
}

/** @throws JOURNAL_CORRUPT when what stands behind the last commit is not torn */
function judgeEnd(segment: OpenSegment, good: Checkpoint, tail: TailEvidence): void {
  const { path, firstSeq } = segment
  const { decision, row } = decide({
    active: 'segment',
    archivedHeader: 'right',
    hasArchived: false,
    isChainBroken: !segment.isActive,
    isBeforeWatermark: false,
    isSameBootUnclean: false,
    tail: condense(tail, false),
  })
  if (decision !== 'refuseCorrupt') return
  const what = row === 2 ? 'this archived segment is not whole' : 'acknowledged data is damaged'
  throw corruptError(path, what, {
    line: good.recordCount + 2,
    offsetBytes: good.offsetBytes,
    sizeBytes: tail.sizeBytes,
    lastSeq: firstSeq + good.recordCount - 1,
  })
}

function decodeBatch<R>(
  run: Run,
  { path, firstSeq }: { path: string; firstSeq: number },
  {
    codec,
    maxRecordBytes,
    from,
    to = Number.MAX_SAFE_INTEGER,
    decode = decodeRun,
  }: ReadRange<R> & { readonly from: number },
): Omit<DetailedBatch<R>, 'sealedEnd'> {
  const decoded = decode(run, { path, firstSeq, maxRecordBytes })
  const skipped = Math.max(0, from - firstSeq)
  const values = decoded.values
  const wanted =
    skipped > 0 || firstSeq + values.length - 1 > to
      ? values.slice(skipped, Math.max(skipped, to - firstSeq + 1))
      : values
  const isCommitEnd = (index: number): boolean => decoded.isCommitEnd(skipped + index)
  const records = codec.isIdentity
    ? (wanted as R[])
    : wanted.map((value, index) => {
        try {
          return codec.decode(value)
        } catch (error) {
          const line = run.from.recordCount + skipped + index + 2
          throw decodeError(error, path, line, firstSeq + skipped + index)
        }
      })
  return {
    firstSeq: firstSeq + skipped,
    records,
    commitEnd: isCommitEnd(records.length - 1),
    isCommitEnd,
  }
}
