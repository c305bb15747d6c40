import { MiniStoreError } from '../errors.js'
import { type JournalFiles, journalFiles } from '../format/file-names.js'
import type { ParsedHeader } from '../format/header.js'
import type { FileHandle } from '../fs/file-system.js'
import { readFully } from '../fs/write-all.js'
import type { Settings } from '../options.js'
import {
  type Segment,
  corruptError,
  headerError,
  listArchived,
  readHeader,
  versionError,
} from '../read/segment-chain.js'
import { type Checkpoint, SegmentScanner, isValidForeignLine } from '../read/segment-scanner.js'
import { type TailEvidence, scanTail } from '../read/tail-scan.js'
import { prepareSegment, putInPlace, sweepPreparedSegment } from '../write/segment-file.js'
import { type ChainInspection, inspectChain } from './chain-inspection.js'
import { type Decision, EMPTY_TAIL, type Findings, condense, decide } from './decide.js'
import { healNewline, rewriteInPlace, setAsideTail } from './mend.js'
import type { SetAside, Verdict } from './report.js'
import { rewriteStartIn } from './rewrite-start.js'

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

/** Steps in the order in which they run. The caller holds the lock. */
export async function recover(base: string, settings: Settings): Promise<RecoveredJournal> {
  const files = journalFiles(base)
  await sweepPreparedSegment(settings.fileSystem, files)
  const handle = await openActive(files, settings)
  try {
    const { active, chain, row, decision } = await judgeJournal(base, handle, settings)
    refuseIfDecided(decision, row, { files, active, chain, settings })
    if (decision === 'create' || decision === 'finishRotation') {
      await handle?.close()
      return await createActive(files, chain, decision, settings)
    }
    if (handle === undefined || active.scan === undefined) throw new Error('unreachable: row 6')
    return await mendActive({ files, handle, active, scan: active.scan, chain, decision, settings })
  } catch (error) {
    await handle?.close()
    throw error
  }
}

/** What was found of a journal, and what follows from it. */
export interface Judged {
  readonly active: ActiveFindings
  readonly chain: ChainInspection
  readonly row: number
  readonly decision: Decision
}

/** Looks at everything that decides, and decides; changes nothing. `handle`: the active segment, where there is one. */
export async function judgeJournal(
  base: string,
  handle: FileHandle | undefined,
  settings: Settings,
): Promise<Judged> {
  const active = await scanActive(handle, journalFiles(base), settings)
  const chain = await inspectArchived(base, active, settings)
  return { active, chain, ...decide(toFindings(active, chain, settings)) }
}

interface ActiveScan {
  readonly good: Checkpoint
  readonly sealedRecordCount: number
  readonly rewriteStart: number
  readonly tail: TailEvidence
  readonly isHealableLine: boolean
  readonly checkpoints: readonly Checkpoint[]
}

/** What was found of the active segment. */
export interface ActiveFindings {
  readonly header: ParsedHeader | undefined
  readonly scan: ActiveScan | undefined
}

async function openActive(
  files: JournalFiles,
  { fileSystem }: Settings,
): Promise<FileHandle | undefined> {
  const stat = await fileSystem.stat(files.active)
  return stat === undefined ? undefined : fileSystem.open(files.active, 'readWrite')
}

async function scanActive(
  handle: FileHandle | undefined,
  files: JournalFiles,
  settings: Settings,
): Promise<ActiveFindings> {
  if (handle === undefined) return { header: undefined, scan: undefined }
  const { header, start } = await readHeader(handle)
  if (header.kind !== 'header') return { header, scan: undefined }
  const scanner = new SegmentScanner(handle, files.active, start, settings.maxRecordBytes)
  const checkpoints: Checkpoint[] = []
  let rewriteStart = start.offsetBytes
  try {
    for (let run = await scanner.next(); run !== undefined; run = await scanner.next()) {
      checkpoints.push(run.from)
      rewriteStart = rewriteStartIn(run) ?? rewriteStart
    }
  } finally {
    await scanner.settle()
  }
  const { good, sealedEnd } = scanner
  const tail = await scanTail(handle, good, handle.sizeSync())
  const isHealableLine = !settings.seal && (await isWholeLine(handle, good, tail))
  const sealedRecordCount = sealedEnd.recordCount
  const scan = { good, sealedRecordCount, rewriteStart, tail, isHealableLine, checkpoints }
  return { header, scan }
}

/** Whether the tail is a record that lacks only its newline. A bare number may be the beginning of a longer one. */
async function isWholeLine(
  handle: FileHandle,
  good: Checkpoint,
  tail: TailEvidence,
): Promise<boolean> {
  if (tail.sizeBytes === 0 || tail.endsWithNewline || tail.sizeBytes > 64 * 1024 * 1024)
    return false
  const line = Buffer.alloc(tail.sizeBytes)
  await readFully(handle, line, good.offsetBytes)
  return !/^[-\d]/.test(line.toString('latin1')) && isValidForeignLine(line, 0, line.length)
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

function toFindings(
  { header, scan }: ActiveFindings,
  { badHeader, fault, archived }: ChainInspection,
  _settings: Settings,
): Findings {
  const kind = header?.kind
  const archivedKind = badHeader?.header.kind
  return {
    active: kind === undefined ? 'missing' : kind === 'header' ? 'segment' : kind,
    archivedHeader:
      archivedKind === 'wrongHeader' || archivedKind === 'wrongVersion' ? archivedKind : 'right',
    hasArchived: archived.length > 0,
    isChainBroken: fault !== undefined || archivedKind === 'fragment',
    isBeforeWatermark: false,
    isSameBootUnclean: false,
    tail: scan === undefined ? EMPTY_TAIL : condense(scan.tail, scan.isHealableLine),
  }
}

interface Refusal {
  readonly files: JournalFiles
  readonly active: ActiveFindings
  readonly chain: ChainInspection
  readonly settings: Settings
}

function refuseIfDecided(decision: Decision, row: number, refusal: Refusal): void {
  const { files, active, chain, settings } = refusal
  const { badHeader } = chain
  const path = badHeader?.path ?? files.active
  if (decision === 'refuseHeader') throw headerError(path)
  if (decision === 'refuseVersion') {
    const header = badHeader?.header ?? active.header
    throw versionError(path, header?.kind === 'wrongVersion' ? header.version : 'unknown')
  }
  if (decision === 'refuseCorrupt') throw corruption(row, refusal)
  if (decision === 'refuseAmbiguous' && settings.onAmbiguousTail === 'refuse') {
    throw ambiguity(refusal)
  }
}

function corruption(row: number, { files, active, chain }: Refusal): MiniStoreError {
  if (row === 2) {
    const path = chain.fault?.path || chain.badHeader?.path || files.active
    return corruptError(path, chain.fault?.what ?? 'this archived segment has no whole header')
  }
  const what =
    row === 4
      ? 'a commit is damaged, and a later one proves that it had been acknowledged'
      : 'a line is damaged'
  return corruptError(files.active, what, tailPlace(active.scan, chain))
}

function ambiguity({ files, active, chain }: Refusal): MiniStoreError {
  const place = tailPlace(active.scan, chain)
  return new MiniStoreError(
    'JOURNAL_AMBIGUOUS_TAIL',
    `${files.active}:${place.line}: the last ${place.sizeBytes} bytes, from byte ${place.offsetBytes}, do not fit their seal: a commit that a crash tore, or damage to the last acknowledged one. Nothing was changed; open with onAmbiguousTail: 'setAside' to keep those bytes in a file of their own and go on after record ${place.lastSeq}`,
    { path: files.active, firstSeq: place.lastSeq + 1, ...place },
  )
}

function tailPlace(
  scan: ActiveScan | undefined,
  chain: ChainInspection,
): { line: number; offsetBytes: number; sizeBytes: number; lastSeq: number } {
  if (scan === undefined) throw new Error('unreachable: a tail without a segment')
  const { good, tail } = scan
  return {
    line: good.recordCount + 2,
    offsetBytes: good.offsetBytes,
    sizeBytes: tail.sizeBytes,
    lastSeq: (chain.activeLink?.firstSeq ?? 1) + good.recordCount - 1,
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
    await handle.close()
    throw error
  }
}

interface Mending {
  readonly files: JournalFiles
  readonly handle: FileHandle
  readonly active: ActiveFindings
  readonly scan: ActiveScan
  readonly chain: ChainInspection
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
  await rewriteInPlace(handle, scan.rewriteStart, end.offsetBytes)
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
