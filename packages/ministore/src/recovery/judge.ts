import { journalFiles } from '../format/file-names.js'
import type { FileHandle } from '../fs/file-system.js'
import type { Settings } from '../options.js'
import { listArchived } from '../read/segment-chain.js'
import { type FoundWatermark, missingBefore, readWatermark } from '../watermark/read-watermark.js'
import { type ChainInspection, inspectChain } from './chain-inspection.js'
import { type Decision, EMPTY_TAIL, type Findings, condense, decide } from './decide.js'
import { type ActiveFindings, scanActive } from './scan-active.js'

/** What was found of a journal, and what follows from it. */
export interface Judged {
  readonly active: ActiveFindings
  readonly chain: ChainInspection
  readonly found: FoundWatermark | undefined
  /** What of the acknowledged data is missing, for a person. */
  readonly missing: string | undefined
  readonly row: number
  readonly decision: Decision
}

/** Looks at everything that decides, and decides; changes nothing. `handle`: the active segment, where there is one. */
export async function judgeJournal(
  base: string,
  handle: FileHandle | undefined,
  settings: Settings,
): Promise<Judged> {
  const found = await readWatermark(settings.fileSystem, base)
  const active = await scanActive(handle, journalFiles(base), settings, found?.mark.durable.offset)
  const chain = await inspectArchived(base, active, settings)
  const missing = found && missingAcknowledged(found, active, chain)
  const decided = decide(toFindings(active, chain, found, missing))
  return { active, chain, found, missing, ...decided }
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
