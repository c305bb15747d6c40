import { tryResolveBase } from '../base-path.js'
import { MiniStoreError, type MiniStoreErrorCode, errnoOf, ioError } from '../errors.js'
import { REPAIRING_VERSION } from '../format/header.js'
import type { FileHandle, FileSystem } from '../fs/file-system.js'
import type { OptionNames } from '../known-options.js'
import { type ReadOptions, type Settings, assertReadOptions, resolveOptions } from '../options.js'
import { listArchived } from '../read/segment-chain.js'
import { type Judged, judgeJournal } from '../recovery/judge.js'
import type { Verdict } from '../recovery/report.js'
import { readWatermark } from '../watermark/read-watermark.js'
import { type BlockRange, BlockTable } from './block-table.js'
import { type ScanProgress, ProgressMeter } from './progress-meter.js'
import {
  type ExpectedLink,
  type ScannedSegment,
  type SegmentFile,
  type SegmentScanOptions,
  scanSegment,
} from './segment-scan.js'

/** Options of `MiniStore.verify`. */
export interface VerifyOptions extends Pick<
  ReadOptions<unknown>,
  'fileSystem' | 'maxRecordBytes' | 'signal'
> {
  /** Called after each piece that was read. */
  readonly onProgress?: (progress: ScanProgress) => void
}

const VERIFY_OPTIONS: OptionNames<VerifyOptions> = {
  signal: true,
  onProgress: true,
  maxRecordBytes: true,
  fileSystem: true,
}

/** A segment, read whole. */
export interface VerifiedSegment {
  readonly path: string
  readonly number: number
  readonly firstSeq: number
  /** Records that can be read. */
  readonly records: number
  readonly sizeBytes: number
  /** What is wrong with its header or its place among the others. */
  readonly fault: string | undefined
  /** Everything behind the header, in order, without gaps. */
  readonly blocks: readonly BlockRange[]
}

/** What `MiniStore.verify` found. */
export interface VerifyReport {
  /** What `open` would decide: what it would report, or the code with which it would refuse. It reads less than `verify`, so it can be `'clean'` where an archived segment is damaged inside. */
  readonly verdict: Verdict | MiniStoreErrorCode
  /** Something that was acknowledged is, or may be, damaged or missing. A torn tail is no damage: it was never acknowledged. */
  readonly isDamaged: boolean
  /** What the watermark knows to have been acknowledged and is in no file any more, for a person. */
  readonly missing: string | undefined
  /** The oldest record; `lastSeq + 1` when there is none. */
  readonly firstSeq: number
  /** By counting lines, readable or not. */
  readonly lastSeq: number
  /** Records that can be read. */
  readonly records: number
  readonly commits: number
  /** Records in lines that no seal covers. */
  readonly unverifiedRecords: number
  readonly sizeBytes: number
  /** Older first, the active one last. */
  readonly segments: readonly VerifiedSegment[]
}

/** How often the journal is read again when a writer archives or drops segments meanwhile. */
const MAX_ATTEMPTS = 5

/** Reads every byte of a journal, reports all damage, and changes nothing. */
export async function verifyJournal(
  path: string,
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  assertReadOptions(options, VERIFY_OPTIONS)
  const { fileSystem, maxRecordBytes, signal, onProgress } = options
  const settings = resolveOptions({ fileSystem, maxRecordBytes } as ReadOptions<unknown>)
  signal?.throwIfAborted()
  try {
    const base = await tryResolveBase(settings.fileSystem, path)
    if (base === undefined) return NO_JOURNAL
    for (let attempt = 1; ; attempt++) {
      const before = await listSegments(settings.fileSystem, base)
      const report = await tryVerify(base, before, settings, { signal, onProgress })
      const after = await listSegments(settings.fileSystem, base)
      const isSame =
        before.map((file) => file.path).join() === after.map((file) => file.path).join()
      if (report !== undefined && (isSame || attempt === MAX_ATTEMPTS)) return report
      if (attempt === MAX_ATTEMPTS) throw new Error('the files change too fast; try again')
    }
  } catch (error) {
    throw signal?.aborted === true ? error : ioError('verifying', path, error)
  }
}

const NO_JOURNAL: VerifyReport = Object.freeze({
  verdict: 'created',
  isDamaged: false,
  missing: undefined,
  firstSeq: 1,
  lastSeq: 0,
  records: 0,
  commits: 0,
  unverifiedRecords: 0,
  sizeBytes: 0,
  segments: Object.freeze([]),
})

interface Watching {
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: ScanProgress) => void) | undefined
}

async function tryVerify(
  base: string,
  files: readonly SegmentFile[],
  settings: Settings,
  { signal, onProgress }: Watching,
): Promise<VerifyReport | undefined> {
  const { fileSystem, maxRecordBytes } = settings
  const verified: VerifiedSegment[] = []
  const scanned: ScannedSegment[] = []
  const progress = new ProgressMeter(onProgress, await totalSize(fileSystem, files))
  const isSameBootUnclean = (await readWatermark(fileSystem, base))?.isSameBootUnclean ?? false
  let expected: ExpectedLink | undefined
  for (const file of files) {
    let table: BlockTable | undefined
    const onPiece: SegmentScanOptions['onPiece'] = (piece, firstSeq) => {
      table ??= new BlockTable(firstSeq)
      table.add(piece)
      progress.add(piece.sizeBytes)
    }
    try {
      const segment = await scanSegment(file, expected, {
        fileSystem,
        maxRecordBytes,
        signal,
        isSameBootUnclean,
        onPiece,
      })
      expected = segment.next
      scanned.push(segment)
      verified.push(toVerified(segment, table))
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined // archived or dropped meanwhile
      throw error
    }
  }
  progress.finish()
  return toReport(await outlookOf(base, settings), scanned, verified)
}

function toVerified(segment: ScannedSegment, table: BlockTable | undefined): VerifiedSegment {
  const { path, number, firstSeq, records, sizeBytes, fault } = segment
  const blocks = table?.rows() ?? Object.freeze([])
  return Object.freeze({ path, number, firstSeq, records, sizeBytes, fault, blocks })
}

function toReport(
  { verdict, missing }: Outlook,
  scanned: readonly ScannedSegment[],
  segments: readonly VerifiedSegment[],
): VerifyReport {
  const sum = (of: (segment: ScannedSegment) => number): number =>
    scanned.reduce((total, segment) => total + of(segment), 0)
  return Object.freeze({
    verdict,
    missing,
    isDamaged: isRefusal(verdict) || scanned.some((segment) => segment.isDamaged),
    firstSeq: scanned[0]?.firstSeq ?? 1,
    lastSeq: (scanned.at(-1)?.next.firstSeq ?? 1) - 1,
    records: sum(({ records }) => records),
    commits: sum(({ commits }) => commits),
    unverifiedRecords: sum(({ unverifiedRecords }) => unverifiedRecords),
    sizeBytes: sum(({ sizeBytes }) => sizeBytes),
    segments: Object.freeze([...segments]),
  })
}

function isRefusal(verdict: VerifyReport['verdict']): boolean {
  return verdict === verdict.toUpperCase()
}

/** The archived segments in order, then the active one where there is one. */
export async function listSegments(fileSystem: FileSystem, base: string): Promise<SegmentFile[]> {
  const archived: SegmentFile[] = await listArchived(fileSystem, base)
  const hasActive = (await fileSystem.stat(base)) !== undefined
  return hasActive ? [...archived, { path: base, number: undefined }] : archived
}

/** Bytes of all files together. */
export async function totalSize(
  fileSystem: FileSystem,
  files: readonly SegmentFile[],
): Promise<number> {
  let sizeBytes = 0
  for (const { path } of files) sizeBytes += (await fileSystem.stat(path))?.sizeBytes ?? 0
  return sizeBytes
}

/** What `open` would say, and why it would miss records. */
export type Outlook = Pick<VerifyReport, 'verdict' | 'missing'>

/** What `open` would say, by the same look and the same table. */
export async function outlookOf(base: string, settings: Settings): Promise<Outlook> {
  const { fileSystem } = settings
  let handle: FileHandle | undefined
  try {
    const isThere = (await fileSystem.stat(base)) !== undefined
    handle = isThere ? await fileSystem.open(base, 'read') : undefined
    const judged = await judgeJournal(base, handle, settings)
    return { verdict: verdictFrom(judged), missing: judged.missing }
  } catch (error) {
    if (MiniStoreError.is(error)) return { verdict: error.code, missing: undefined }
    throw error
  } finally {
    await handle?.close()
  }
}

function verdictFrom({ decision, active }: Judged): VerifyReport['verdict'] {
  switch (decision) {
    case 'refuseHeader':
      return 'JOURNAL_HEADER'
    case 'refuseVersion':
      // The marker of an interrupted repair is the one wrong version that is no other release's.
      return active.header?.kind === 'wrongVersion' && active.header.version === REPAIRING_VERSION
        ? 'JOURNAL_CORRUPT'
        : 'JOURNAL_VERSION'
    case 'refuseCorrupt':
      return 'JOURNAL_CORRUPT'
    case 'refuseAmbiguous':
      return 'JOURNAL_AMBIGUOUS_TAIL'
    case 'create':
      return 'created'
    case 'finishRotation':
      return 'interruptedRotation'
    case 'openClean':
      return 'clean'
    case 'heal':
      return 'healed'
    case 'setAside':
      return 'torn'
  }
}
