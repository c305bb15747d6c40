import { type JournalFiles, archivedPath, repairedPath } from '../format/file-names.js'
import type { SegmentLink } from '../format/header.js'
import type { FileHandle } from '../fs/file-system.js'
import type { Settings } from '../options.js'
import { readHeader, scanToEnd } from '../read/segment-chain.js'
import { type Piece, isKept } from './pieces.js'
import { finishRepair, keepOriginal, placeMarker, sweepLeftovers } from './repair-files.js'
import type { PlannedSegment, RepairPlan } from './repair-plan.js'
import { Resealer } from './resealer.js'
import { type ExpectedLink, scanSegment } from './segment-scan.js'
import type { ProgressMeter } from './progress-meter.js'

/** A file that a repair replaces or removes, and where its bytes stay. */
export interface KeptOriginal {
  readonly path: string
  readonly keptAs: string
}

/** Everything that writing needs; the caller holds the lock. */
export interface RepairWork {
  readonly files: JournalFiles
  readonly settings: Settings
  readonly plan: RepairPlan
  readonly originals: readonly KeptOriginal[]
  readonly progress: ProgressMeter
}

/** Digits in the names of the archived segments that are there; of a new journal's where there is none. */
function digitsOf(segments: readonly PlannedSegment[], base: string, usual: number): number {
  const archived = segments.find(({ scanned }) => !scanned.isActive)
  return archived === undefined ? usual : archived.scanned.path.length - base.length - 1
}

/**
 * Writes a planned repair: copies of the originals, then the repaired segments beside them, then the
 * marker, then the names. A crash before the marker leaves the journal as it was, one behind it a
 * journal that the next repair finishes.
 */
export async function writeRepair(work: RepairWork): Promise<void> {
  const { files, settings, plan } = work
  const { fileSystem } = settings
  const changed = plan.segments.slice(plan.firstChanged)
  let outputs: Output[]
  try {
    for (const { path, keptAs } of work.originals) {
      await keepOriginal(fileSystem, path, keptAs, (count) => work.progress.add(count))
    }
    await fileSystem.syncDirectory(files.directory)
    outputs = await writeOutputs(work, changed)
    await fileSystem.syncDirectory(files.directory)
  } catch (error) {
    await trySweep(work)
    throw error
  }
  const fromSegment = firstNumber(plan)
  const marker = {
    fromSegment,
    activeSegment: fromSegment + outputs.length - 1,
    digits: digitsOf(plan.segments, files.active, settings.segmentDigits),
  }
  await placeMarker(fileSystem, files, marker)
  await finishRepair(fileSystem, files, marker)
}

async function trySweep({ files, settings }: RepairWork): Promise<void> {
  try {
    await sweepLeftovers(settings.fileSystem, files)
  } catch {
    // The next repair sweeps them; the first error is the one to report.
  }
}

interface Output {
  readonly crc: number
}

/** The last segment that keeps records becomes the active one; those that keep none vanish. */
async function writeOutputs(
  work: RepairWork,
  changed: readonly PlannedSegment[],
): Promise<Output[]> {
  const { plan, files } = work
  const survivors = changed.filter(({ keptRecords }) => keptRecords > 0)
  const sources: (PlannedSegment | undefined)[] = survivors.length > 0 ? survivors : [undefined]
  const outputs: Output[] = []
  let link = firstLink(plan)
  let number = firstNumber(plan)
  let nextSeq = plan.segments[plan.firstChanged ?? 0]?.scanned.firstSeq ?? 1
  if (link !== undefined) nextSeq = link.firstSeq
  for (const [index, source] of sources.entries()) {
    const isLast = index === sources.length - 1
    const path = repairedPath(files.active, isLast ? undefined : number)
    const { crc } = await writeSegment(work, path, link, source)
    outputs.push({ crc })
    number++
    nextSeq += source?.keptRecords ?? 0
    link = { segment: number, firstSeq: nextSeq, prevCrc: crc }
  }
  return outputs
}

function firstNumber({ segments, firstChanged = 0 }: RepairPlan): number {
  const before = segments[firstChanged - 1]
  return before === undefined
    ? (segments[firstChanged]?.scanned.number ?? 1)
    : before.scanned.number + 1
}

/** The header of the first segment that is written: as the one before demands, or as it was. */
function firstLink(plan: RepairPlan): SegmentLink | undefined {
  const { segments, firstChanged = 0, firstSeq } = plan
  const before = segments[firstChanged - 1]?.scanned.next
  if (before !== undefined) return { ...linkOf(before) }
  const first = segments[firstChanged]?.scanned
  if (first?.header.kind === 'header') return first.header.link
  const number = first?.number ?? 1
  // Nothing is left of the segment before the oldest, so there is nothing to certify.
  return number === 1 ? undefined : { segment: number, firstSeq, prevCrc: 0 }
}

function linkOf({ segment, firstSeq, prevCrc = 0 }: ExpectedLink): SegmentLink {
  return { segment, firstSeq, prevCrc }
}

async function writeSegment(
  work: RepairWork,
  path: string,
  link: SegmentLink | undefined,
  source: PlannedSegment | undefined,
): Promise<Output> {
  const { fileSystem, maxRecordBytes } = work.settings
  const replaced = source?.scanned.path ?? work.files.active
  const permissions = (await fileSystem.stat(replaced))?.permissions
  const handle = await fileSystem.open(path, 'createNew', permissions)
  try {
    const resealer = await Resealer.begin(handle, link)
    if (source !== undefined) await copyKept(work, source, resealer)
    await handle.sync()
    await assertWritten(handle, path, resealer, maxRecordBytes)
    return { crc: resealer.crc }
  } finally {
    await handle.close()
  }
}

async function copyKept(
  { settings, plan, progress }: RepairWork,
  source: PlannedSegment,
  resealer: Resealer,
): Promise<void> {
  const { fileSystem, maxRecordBytes } = settings
  const { path, isActive, number } = source.scanned
  const expected = plan.segments[plan.segments.indexOf(source) - 1]?.scanned.next
  const onPiece = async ({ kind, lines, lineCount, sizeBytes }: Piece): Promise<void> => {
    const wanted = Math.min(source.keptRecords - resealer.recordCount, lineCount)
    if (isKept(kind) && lines !== undefined) await resealer.append(lines, wanted)
    progress.add(sizeBytes)
  }
  const file = { path, number: isActive ? undefined : number }
  await scanSegment(file, expected, { fileSystem, maxRecordBytes, signal: undefined, onPiece })
  if (resealer.recordCount !== source.keptRecords) throw new Error(`${path} changed meanwhile`)
}

/** Reads back what was written: the originals are kept, but a wrong copy must not take their names. */
async function assertWritten(
  handle: FileHandle,
  path: string,
  { offsetBytes, crc, recordCount }: Resealer,
  maxRecordBytes: number,
): Promise<void> {
  const { start } = await readHeader(handle)
  const { good } = await scanToEnd(handle, path, start, maxRecordBytes)
  const isRight =
    good.offsetBytes === offsetBytes && good.crc === crc && good.recordCount === recordCount
  if (!isRight || handle.sizeSync() !== offsetBytes) {
    throw new Error(`${path} does not read as it was written`)
  }
}

/** Where the segments of a repair that was interrupted are, as they will be once it is finished. */
export function finishedPaths(
  base: string,
  number: number,
  digits: number,
): { readonly repaired: string; readonly archived: string } {
  return { repaired: repairedPath(base, number), archived: archivedPath(base, number, digits) }
}
