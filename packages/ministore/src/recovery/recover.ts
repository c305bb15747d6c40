import { type JournalFiles, journalFiles } from '../format/file-names.js'
import { closeQuietly } from '../fs/close-quietly.js'
import type { FileHandle } from '../fs/file-system.js'
import type { Settings } from '../options.js'
import { type Segment, listArchived, readHeader } from '../read/segment-chain.js'
import type { Checkpoint } from '../read/segment-scanner.js'
import { type FoundWatermark, missingBefore, readWatermark } from '../watermark/read-watermark.js'
import { WatermarkFile, markOf } from '../watermark/watermark-file.js'
import { prepareSegment, putInPlace, sweepPreparedSegment } from '../write/segment-file.js'
import { type ChainInspection, inspectChain } from './chain-inspection.js'
import { type Decision, EMPTY_TAIL, type Findings, condense, decide } from './decide.js'
import { healNewline, rewriteInPlace, setAsideTail } from './mend.js'
import { refuseIfDecided } from './refusal.js'
import type { SetAside, Verdict } from './report.js'
import { type ActiveFindings, type ActiveScan, openActive, scanActive } from './scan-active.js'

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
  const found = await readWatermark(settings.fileSystem, base)
  const recovered = await recoverSegments(files, found, settings)
  try {
    return { ...recovered, watermark: await beginWatermark(files, found, recovered, settings) }
  } catch (error) {
    await closeQuietly(recovered.handle)
    throw error
  }
}

async function recoverSegments(
  files: JournalFiles,
  found: FoundWatermark | undefined,
  settings: Settings,
): Promise<RecoveredJournal> {
  const handle = await openActive(files, settings)
  try {
    const active = await scanActive(handle, files, settings, found?.mark.durable.offset)
    const chain = await inspectArchived(files.active, active, settings)
    const missing = found && missingAcknowledged(found, active, chain)
    const { row, decision } = decide(toFindings(active, chain, found, missing))
    const { onAmbiguousTail } = settings
    refuseIfDecided(decision, row, { files, active, chain, missing, onAmbiguousTail })
    await settleNames(files, settings)
    if (decision === 'create' || decision === 'finishRotation') {
      await closeQuietly(handle)
      return await createActive(files, chain, decision, settings)
    }
    const { scan } = active
    if (handle === undefined || scan === undefined) throw new Error('unreachable: row 6')
    return await mendActive({ files, handle, active, scan, chain, found, decision, settings })
  } catch (error) {
    await closeQuietly(handle)
    throw error
  }
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

async function inspectArchived(
  base: string,
  { header }: ActiveFindings,
  { fileSystem, maxRecordBytes }: Settings,
): Promise<ChainInspection> {
  const archived = await listArchived(fileSystem, base)
  const activeHeader = header?.kind === 'header' ? header : undefined
  return inspectChain(fileSystem, archived, activeHeader, maxRecordBytes)
}

/** What the watermark knows to have been there and is not; a broken chain is refused before that is asked. */
function missingAcknowledged(
  found: FoundWatermark,
  { scan }: ActiveFindings,
  { activeLink, archived }: ChainInspection,
): string | undefined {
  return missingBefore(found, {
    segment: activeLink?.segment ?? 1,
    offsetBytes: scan?.good.offsetBytes ?? 0,
    crcAtDurable: scan?.crcAtOffset,
    archived,
  })
}

function toFindings(
  { header, scan }: ActiveFindings,
  { badHeader, fault, archived }: ChainInspection,
  found: FoundWatermark | undefined,
  missing: string | undefined,
): Findings {
  const kind = header?.kind
  const archivedKind = badHeader?.header.kind
  return {
    active: kind === undefined ? 'missing' : kind === 'header' ? 'segment' : kind,
    archivedHeader:
      archivedKind === 'wrongHeader' || archivedKind === 'wrongVersion' ? archivedKind : 'right',
    hasArchived: archived.length > 0,
    isChainBroken: fault !== undefined || archivedKind === 'fragment',
    isBeforeWatermark: missing !== undefined,
    isSameBootUnclean: found?.isSameBootUnclean ?? false,
    tail: scan === undefined ? EMPTY_TAIL : condense(scan.tail, scan.isHealableLine),
  }
}

async function createActive(
  files: JournalFiles,
  chain: ChainInspection,
  decision: 'create' | 'finishRotation',
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

interface Mending {
  readonly files: JournalFiles
  readonly handle: FileHandle
  readonly active: ActiveFindings
  readonly scan: ActiveScan
  readonly chain: ChainInspection
  readonly found: FoundWatermark | undefined
  readonly decision: Decision
  readonly settings: Settings
}

async function mendActive(mending: Mending): Promise<RecoveredJournal> {
  const { files, handle, scan, chain, decision, settings } = mending
  const headerBytes = mending.active.header?.kind === 'header' ? mending.active.header.sizeBytes : 0
  let end = scan.good
  let setAside: SetAside | undefined
  if (decision === 'heal') {
    const newlineAt = scan.tail.healableSealEnd ?? scan.good.offsetBytes + scan.tail.sizeBytes
    end = await healNewline(handle, files, scan.good, newlineAt)
  } else if (decision !== 'openClean') {
    setAside = await setAsideTail(handle, files, scan.good, settings)
  }
  await rewriteInPlace(handle, rewriteStart(mending), end.offsetBytes)
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
function rewriteStart({ scan, chain, found }: Mending): number {
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
