import { isDeepStrictEqual } from 'node:util'
import type { SegmentLink } from '../format/header.js'
import type { FileSystem } from '../fs/file-system.js'
import { type RecordDecoder, decodeError } from '../record/record-codec.js'
import { EMPTY_TAIL, condense, decide } from '../recovery/decide.js'
import { decodeRun } from './run-decoder.js'
import { type Segment, corruptError } from './segment-chain.js'
import { type Checkpoint, type Run, SegmentScanner } from './segment-scanner.js'
import { type OpenSegment, dropped, openFirstSegment, openNextSegment } from './segment-walk.js'
import { scanTail } from './tail-scan.js'

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
}

/** A checkpoint of the active segment, as its writer remembers it. */
export interface KnownPlace {
  readonly segment: Segment
  readonly checkpoint: Checkpoint
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
  /** What becomes of a run's lines. Default: their values. */
  readonly decode?: typeof decodeRun
}

/** Reads from segment to segment, up to the last whole commit. Takes no lock and writes nothing. */
export async function* readBatches<R>(range: ReadRange<R>): AsyncGenerator<DetailedBatch<R>, void> {
  const { fileSystem, base, from, to } = range
  let segment = await openAtStart(range)
  if (segment !== undefined && from !== undefined && from < segment.firstSeq) {
    await segment.handle.close()
    throw dropped(base, from, segment.firstSeq)
  }
  while (segment !== undefined) {
    let link: SegmentLink | undefined
    try {
      link = yield* readSegment(segment, range)
    } finally {
      await segment.handle.close()
    }
    const isDone =
      segment.isActive || link === undefined || (to !== undefined && link.firstSeq > to)
    segment =
      isDone || link === undefined ? undefined : await openNextSegment(fileSystem, base, link)
  }
}

async function openAtStart<R>(range: ReadRange<R>): Promise<OpenSegment | undefined> {
  const { fileSystem, base, from, startAt } = range
  const segment = await openFirstSegment(fileSystem, base, from)
  const isThere = segment?.isActive === true && segment.number === startAt?.segment.number
  return isThere ? { ...segment, start: startAt.checkpoint } : segment
}

/** Returns how the next segment must be linked, or undefined when the range ended. */
async function* readSegment<R>(
  segment: OpenSegment,
  range: ReadRange<R>,
): AsyncGenerator<DetailedBatch<R>, SegmentLink | undefined> {
  const { handle, path, firstSeq, number } = segment
  const { maxRecordBytes, to } = range
  let start = segment.start
  for (;;) {
    const scanner = new SegmentScanner(handle, path, start, maxRecordBytes)
    try {
      for (let run = await scanner.next(); run !== undefined; run = await scanner.next()) {
        range.signal?.throwIfAborted()
        const runFirstSeq = firstSeq + run.from.recordCount
        const nextSeq = firstSeq + scanner.good.recordCount
        if (range.from === undefined || nextSeq > range.from) {
          yield decodeBatch(run, { path, firstSeq: runFirstSeq }, range)
        }
        if (to !== undefined && nextSeq > to) return undefined
      }
    } finally {
      await scanner.settle()
    }
    const { good } = scanner
    if (good.offsetBytes === start.offsetBytes && (await isEndJudged(segment, scanner))) {
      return { segment: number + 1, firstSeq: firstSeq + good.recordCount, prevCrc: good.crc }
    }
    start = good
  }
}

/** Judges what stands behind the last commit, unless it is still changing. @throws JOURNAL_CORRUPT */
async function isEndJudged(segment: OpenSegment, { good }: SegmentScanner): Promise<boolean> {
  const { handle, path, firstSeq } = segment
  const sizeBytes = handle.sizeSync()
  if (sizeBytes <= good.offsetBytes) return true
  const evidence = await scanTail(handle, good, sizeBytes)
  const again = await scanTail(handle, good, handle.sizeSync())
  if (!isDeepStrictEqual(evidence, again)) return false
  const { decision, row } = decide({
    active: 'segment',
    archivedHeader: 'right',
    hasArchived: false,
    isChainBroken: !segment.isActive,
    isBeforeWatermark: false,
    isSameBootUnclean: false,
    tail: evidence.sizeBytes === 0 ? EMPTY_TAIL : condense(evidence, false),
  })
  if (decision !== 'refuseCorrupt') return true
  const what = row === 2 ? 'this archived segment is not whole' : 'acknowledged data is damaged'
  throw corruptError(path, what, {
    line: good.recordCount + 2,
    offsetBytes: good.offsetBytes,
    sizeBytes: evidence.sizeBytes,
    lastSeq: firstSeq + good.recordCount - 1,
  })
}

function decodeBatch<R>(
  run: Run,
  { path, firstSeq }: { path: string; firstSeq: number },
  {
    codec,
    maxRecordBytes,
    from = 1,
    to = Number.MAX_SAFE_INTEGER,
    decode = decodeRun,
  }: ReadRange<R>,
): DetailedBatch<R> {
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
