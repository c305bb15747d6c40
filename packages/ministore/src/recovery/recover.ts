import { closeQuietly } from '../fs/close-quietly.js'
import { type JournalFiles, journalFiles } from '../format/file-names.js'
import type { FileHandle } from '../fs/file-system.js'
import type { Settings } from '../options.js'
import { type Segment, readHeader } from '../read/segment-chain.js'
import type { Checkpoint } from '../read/segment-scanner.js'
import type { FoundWatermark } from '../watermark/read-watermark.js'
import { WatermarkFile, markOf } from '../watermark/watermark-file.js'
import { prepareSegment, putInPlace, sweepPreparedSegment } from '../write/segment-file.js'
import type { ChainInspection } from './chain-inspection.js'
import type { Decision } from './decide.js'
import { type Judged, judgeJournal } from './judge.js'
import { healNewline, rewriteInPlace, setAsideTail } from './mend.js'
import { refuseIfDecided } from './refusal.js'
import type { SetAside, Verdict } from './report.js'
import { type ActiveScan, openActive } from './scan-active.js'

/** A journal that was recovered and may be appended to. */
export interface RecoveredJournal {
  readonly verdict: Verdict
  readonly setAside: SetAside | undefined
  readonly unverifiedRecords: number
  readonly isNumberingAssumed: boolean
  readonly archived: readonly Segment[]
  /** Open for writing. */
  readonly handle: FileHandle
  readonly active: Segment
  /** Where the next commit goes. */
  readonly end: Checkpoint
  /** Places to start reading from, in the active segment. */
  readonly checkpoints: readonly Checkpoint[]
}

/** A journal that is ready to be appended to. */
export interface OpenedJournal extends RecoveredJournal {
  /** At `end`. */
  readonly watermark: WatermarkFile
}

/** Steps in the order in which they run. The caller holds the lock. */
export async function recover(base: string, settings: Settings): Promise<OpenedJournal> {
  const files = journalFiles(base)
  const handle = await openActive(files, settings)
  let opened = handle
  try {
    const judged = await judgeJournal(base, handle, settings)
    refuseIfDecided(files, judged, settings.onAmbiguousTail)
    await settleNames(files, settings)
    const recovered = isWithoutActive(judged)
      ? await createActive(files, judged, settings)
      : await mendActive(files, handle, judged, settings)
    if (recovered.handle !== handle) await closeQuietly(handle)
    opened = recovered.handle
    const watermark = await beginWatermark(files, judged.found, recovered, settings)
    return { ...recovered, watermark }
  } catch (error) {
    await closeQuietly(opened)
    throw error
  }
}

function isWithoutActive({ decision }: Judged): boolean {
  return decision === 'create' || decision === 'finishRotation'
}

/**
 * Makes durable the names that a killed writer has left: its last rename may not have been synced, and
 * together with one of ours a power cut could keep the second alone, and a segment would lose its name.
 */
async function settleNames(files: JournalFiles, { fileSystem }: Settings): Promise<void> {
  const isSwept = await sweepPreparedSegment(fileSystem, files)
  if (!isSwept) await fileSystem.syncDirectory(files.directory)
}

/** From here on the watermark says that everything up to the end is durable, as it is. */
async function beginWatermark(
  files: JournalFiles,
  found: FoundWatermark | undefined,
  { active, end }: RecoveredJournal,
  { fileSystem, mode }: Settings,
): Promise<WatermarkFile> {
  const lastTurn = found?.mark.turn ?? 0
  const file = new WatermarkFile(fileSystem, files.watermark, await fileSystem.bootId(), {
    lastTurn,
    permissions: mode,
  })
  await file.begin(markOf(active, end, end))
  return file
}

async function createActive(
  files: JournalFiles,
  { chain, decision }: Judged,
  settings: Settings,
): Promise<RecoveredJournal> {
  const { fileSystem, mode } = settings
  const handle = await prepareSegment(fileSystem, files, chain.activeLink, mode)
  try {
    await putInPlace(fileSystem, files)
    const { start } = await readHeader(handle)
    return {
      verdict: decision === 'create' ? 'created' : 'interruptedRotation',
      setAside: undefined,
      unverifiedRecords: 0,
      isNumberingAssumed: chain.isNumberingAssumed,
      archived: chain.archived,
      handle,
      active: activeSegment(files, chain, start.offsetBytes),
      end: start,
      checkpoints: [start],
    }
  } catch (error) {
    await closeQuietly(handle)
    throw error
  }
}

async function mendActive(
  files: JournalFiles,
  handle: FileHandle | undefined,
  judged: Judged,
  settings: Settings,
): Promise<RecoveredJournal> {
  const { active, chain, decision } = judged
  const { header, scan } = active
  if (handle === undefined || scan === undefined) throw new Error('unreachable: row 6')
  const headerBytes = header?.kind === 'header' ? header.sizeBytes : 0
  let end = scan.good
  let setAside: SetAside | undefined
  if (decision === 'heal') {
    const newlineAt = scan.tail.healableSealEnd ?? scan.good.offsetBytes + scan.tail.sizeBytes
    end = await healNewline(handle, files, scan.good, newlineAt)
  } else if (decision !== 'openClean') {
    setAside = await setAsideTail(handle, files, scan.good, settings)
  }
  await rewriteInPlace(handle, rewriteStart(scan, judged), end.offsetBytes)
  return {
    verdict: verdictOf(decision),
    setAside,
    unverifiedRecords:
      scan.tail.healableSealEnd === undefined ? end.recordCount - scan.sealedRecordCount : 0,
    isNumberingAssumed: chain.isNumberingAssumed,
    archived: chain.archived,
    handle,
    active: activeSegment(files, chain, headerBytes),
    end,
    checkpoints: scan.checkpoints,
  }
}

/** Before this everything was surely synced. */
function rewriteStart(scan: ActiveScan, { chain, found }: Judged): number {
  const isHere = found !== undefined && found.mark.segment === (chain.activeLink?.segment ?? 1)
  return isHere ? Math.max(scan.rewriteStart, found.mark.durable.offset) : scan.rewriteStart
}

function verdictOf(decision: Decision): Verdict {
  if (decision === 'heal') return 'healed'
  if (decision === 'setAside') return 'torn'
  return decision === 'refuseAmbiguous' ? 'ambiguous' : 'clean'
}

function activeSegment(files: JournalFiles, chain: ChainInspection, headerBytes: number): Segment {
  return {
    number: chain.activeLink?.segment ?? 1,
    path: files.active,
    firstSeq: chain.activeLink?.firstSeq ?? 1,
    headerBytes,
    sizeBytes: headerBytes,
    recordCount: undefined,
  }
}
