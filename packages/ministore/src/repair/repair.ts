import { tryResolveBase } from '../base-path.js'
import type { Clock } from '../clock.js'
import { MiniStoreError, ioError } from '../errors.js'
import { type JournalFiles, journalFiles, repairedPath } from '../format/file-names.js'
import type { RepairMarker } from '../format/header.js'
import type { FileSystem } from '../fs/file-system.js'
import { type OptionNames, assertKnownOptions } from '../known-options.js'
import { type ReadOptions, type Settings, assertInteger, resolveOptions } from '../options.js'
import { listArchived } from '../read/segment-chain.js'
import { acquireLock } from '../write/writer-lock.js'
import {
  finishRepair,
  freeBrokenPaths,
  removeWatermark,
  sweepLeftovers,
  tryReadMarker,
} from './repair-files.js'
import {
  type PlannedSegment,
  type Renumbered,
  type RepairPlan,
  type SeqRange,
  SegmentPlanner,
  assertRepairable,
  damageBeforeCut,
  toPlan,
} from './repair-plan.js'
import { type KeptOriginal, finishedPaths, writeRepair } from './repair-writer.js'
import { readWatermark } from '../watermark/read-watermark.js'
import { type ExpectedLink, type SegmentFile, scanSegment } from './segment-scan.js'
import { type ScanProgress, ProgressMeter } from './progress-meter.js'
import { listSegments, outlookOf, totalSize } from './verify.js'

/** What to do with the damage. */
export type RepairMode =
  /** The journal ends before this record, or before the commit that it is part of: a commit is all or nothing. Nothing before it may be damaged. */
  | { readonly cutAt: number; readonly skipCorrupt?: undefined }
  /** What does not verify is left out; the records behind it move up and get new numbers. */
  | { readonly skipCorrupt: true; readonly cutAt?: undefined }

/** Options of `MiniStore.repair`. */
export interface RepairOptions extends Pick<ReadOptions<unknown>, 'fileSystem' | 'maxRecordBytes'> {
  /** True (default): only says what would be done. */
  readonly dryRun?: boolean
  /** Called after each piece that was read, copied or written. */
  readonly onProgress?: (progress: ScanProgress) => void
  /** Gives up while the journal is read; once files are written, it ends what it has begun. */
  readonly signal?: AbortSignal
  /** Whether to take the writer's lock while writing. Default true. */
  readonly lock?: boolean
  readonly clock?: Clock
}

const REPAIR_OPTIONS: OptionNames<RepairMode & RepairOptions> = {
  cutAt: true,
  skipCorrupt: true,
  dryRun: true,
  onProgress: true,
  signal: true,
  lock: true,
  clock: true,
  maxRecordBytes: true,
  fileSystem: true,
}

/** What a repair did, or would do. */
export interface RepairReport {
  /** Whether anything was written: false for a dry run, and where nothing was to be done. */
  readonly isWritten: boolean
  /** Whether there is anything to do. A torn tail needs no repair: `open` sets it aside. */
  readonly isNeeded: boolean
  /** An earlier repair had been interrupted, and was (or would be) finished first. */
  readonly hasFinishedEarlier: boolean
  /** Acknowledged records that are in no file any more, as the watermark tells: a repair accepts the loss. */
  readonly missing: string | undefined
  /** Of the journal afterwards. */
  readonly firstSeq: number
  /** Of the journal afterwards; `firstSeq - 1` when nothing is left. */
  readonly lastSeq: number
  /** Records that are not in the journal any more, by counting lines. */
  readonly droppedRecords: number
  /** Their old numbers; at most 1000 ranges. */
  readonly dropped: readonly SeqRange[]
  /** Records that have a new number, by their old ones; at most 1000 ranges. */
  readonly renumbered: readonly Renumbered[]
  /** The files that are replaced or removed, and where their bytes stay. In a dry run the names that they would get now. */
  readonly originals: readonly KeptOriginal[]
}

/** Mends a journal, or says what that would mean. */
export async function repairJournal(
  path: string,
  options: RepairMode & RepairOptions,
): Promise<RepairReport> {
  assertMode(options)
  const { cutAt, dryRun = true, onProgress, signal } = options
  const { fileSystem, maxRecordBytes, clock, lock } = options
  signal?.throwIfAborted()
  const settings = resolveOptions({
    fileSystem,
    maxRecordBytes,
    clock,
    lock,
  } as ReadOptions<unknown>)
  try {
    const base = await tryResolveBase(settings.fileSystem, path)
    if (base === undefined) return reportOf(toPlan([], undefined), undefined, [], false, false)
    const repair = { files: journalFiles(base), settings, cutAt, onProgress, signal }
    return dryRun ? await planOnly(repair) : await writeLocked(repair)
  } catch (error) {
    if (error instanceof RangeError || (signal?.aborted === true && error === signal.reason))
      throw error
    throw ioError('repairing', path, error)
  }
}

interface Repair {
  readonly files: JournalFiles
  readonly settings: Settings
  readonly cutAt: number | undefined
  readonly onProgress: ((progress: ScanProgress) => void) | undefined
  readonly signal: AbortSignal | undefined
}

async function planOnly(repair: Repair): Promise<RepairReport> {
  const { files, settings } = repair
  const { fileSystem } = settings
  const marker = await tryReadMarker(fileSystem, files)
  const segments =
    marker === undefined
      ? await listSegments(fileSystem, files.active)
      : await listFinished(fileSystem, files.active, marker)
  const { plan } = await planRepair(repair, segments, 1)
  const { missing } = await outlookOf(files.active, settings)
  return reportOf(plan, missing, await originalsOf(plan, settings), false, marker !== undefined)
}

async function writeLocked(repair: Repair): Promise<RepairReport> {
  const { files, settings } = repair
  const { fileSystem } = settings
  const lock = settings.lock ? await acquireLock(files.active, settings) : undefined
  try {
    const marker = await tryReadMarker(fileSystem, files)
    if (marker !== undefined) await finishRepair(fileSystem, files, marker)
    await sweepLeftovers(fileSystem, files)
    const segments = await listSegments(fileSystem, files.active)
    // Read, copied, and written anew.
    const { plan, progress } = await planRepair(repair, segments, 3)
    const originals = await originalsOf(plan, settings)
    const { missing } = await outlookOf(files.active, settings)
    const isWritten = plan.firstChanged !== undefined || missing !== undefined
    if (plan.firstChanged !== undefined) {
      const untouched = plan.segments.slice(0, plan.firstChanged)
      progress.shorten(2 * untouched.reduce((sum, { scanned }) => sum + scanned.sizeBytes, 0))
      await writeRepair({ files, settings, plan, originals, progress })
    } else if (missing !== undefined) await removeWatermark(fileSystem, files)
    progress.finish()
    const hasFinished = marker !== undefined
    return reportOf(plan, missing, originals, isWritten || hasFinished, hasFinished)
  } finally {
    await lock?.release()
  }
}

async function planRepair(
  { settings, files: { active }, cutAt, onProgress, signal }: Repair,
  files: readonly SegmentFile[],
  passes: number,
): Promise<{ plan: RepairPlan; progress: ProgressMeter }> {
  const { fileSystem, maxRecordBytes } = settings
  const sizeBytes = await totalSize(fileSystem, files)
  const progress = new ProgressMeter(onProgress, passes * sizeBytes)
  const isSameBootUnclean = (await readWatermark(fileSystem, active))?.isSameBootUnclean ?? false
  const planned: PlannedSegment[] = []
  let damage: MiniStoreError | undefined
  let expected: ExpectedLink | undefined
  for (const file of files) {
    const planner = new SegmentPlanner(cutAt)
    const scanned = await scanSegment(file, expected, {
      fileSystem,
      maxRecordBytes,
      signal,
      isSameBootUnclean,
      onPiece: (piece, firstSeq) => {
        planner.add(piece, firstSeq)
        progress.add(piece.sizeBytes)
      },
    })
    planned.push(planner.finish(scanned))
    const { damageBefore } = planner
    const isBefore = cutAt !== undefined && scanned.firstSeq < cutAt
    if (damageBefore !== undefined) {
      damage ??= damageBeforeCut(file.path, scanned.firstSeq + damageBefore)
    } else if (isBefore && scanned.fault !== undefined) {
      damage ??= damageBeforeCut(file.path, scanned.firstSeq)
    }
    expected = scanned.next
  }
  assertRepairable(planned.map(({ scanned }) => scanned))
  const plan = toPlan(planned, cutAt)
  if (cutAt !== undefined && damage !== undefined) throw damage
  return { plan, progress }
}

/** The segments of an interrupted repair, as they will be once it is finished. */
async function listFinished(
  fileSystem: FileSystem,
  base: string,
  { fromSegment, activeSegment, digits }: RepairMarker,
): Promise<SegmentFile[]> {
  const archived = await listArchived(fileSystem, base)
  const segments: SegmentFile[] = archived.filter(({ number }) => number < fromSegment)
  for (let number = fromSegment; number < activeSegment; number++) {
    const { repaired, archived: path } = finishedPaths(base, number, digits)
    const isWaiting = (await fileSystem.stat(repaired)) !== undefined
    segments.push({ path: isWaiting ? repaired : path, number })
  }
  return [...segments, { path: repairedPath(base, undefined), number: undefined }]
}

async function originalsOf(
  { segments, firstChanged }: RepairPlan,
  { fileSystem, clock }: Settings,
): Promise<KeptOriginal[]> {
  if (firstChanged === undefined) return []
  const paths = segments.slice(firstChanged).map(({ scanned }) => scanned.path)
  const kept = await freeBrokenPaths(fileSystem, paths, clock.now())
  return paths.map((path, index) => Object.freeze({ path, keptAs: kept[index] ?? path }))
}

function reportOf(
  plan: RepairPlan,
  missing: string | undefined,
  originals: readonly KeptOriginal[],
  isWritten: boolean,
  hasFinishedEarlier: boolean,
): RepairReport {
  const { firstChanged, firstSeq, lastSeq, droppedRecords, dropped, renumbered } = plan
  const isNeeded = firstChanged !== undefined || missing !== undefined
  return Object.freeze({
    isWritten,
    isNeeded: isNeeded || hasFinishedEarlier,
    hasFinishedEarlier,
    missing,
    firstSeq,
    lastSeq,
    droppedRecords,
    dropped: Object.freeze(dropped.map((range) => Object.freeze(range))),
    renumbered: Object.freeze(renumbered.map((range) => Object.freeze(range))),
    originals: Object.freeze([...originals]),
  })
}

function assertMode(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('options must be an object with cutAt or skipCorrupt')
  }
  assertKnownOptions('options', options, REPAIR_OPTIONS)
  const { cutAt, skipCorrupt, dryRun } = options as Record<string, unknown>
  if ((cutAt === undefined) === (skipCorrupt === undefined)) {
    throw new TypeError('pass either cutAt or skipCorrupt: true')
  }
  if (skipCorrupt !== undefined && skipCorrupt !== true) {
    throw new TypeError('skipCorrupt must be true')
  }
  if (dryRun !== undefined && typeof dryRun !== 'boolean') {
    throw new TypeError('dryRun must be true or false')
  }
  assertInteger('cutAt', cutAt, 1)
}
