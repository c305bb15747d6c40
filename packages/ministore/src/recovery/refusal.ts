import { MiniStoreError } from '../errors.js'
import type { JournalFiles } from '../format/file-names.js'
import type { Settings } from '../options.js'
import { corruptError, headerError, versionError } from '../read/segment-chain.js'
import { missingError } from '../watermark/read-watermark.js'
import type { ChainInspection } from './chain-inspection.js'
import type { Judged } from './judge.js'
import type { ActiveScan } from './scan-active.js'

/** Throws when the decision is to refuse; nothing was changed. */
export function refuseIfDecided(
  files: JournalFiles,
  judged: Judged,
  onAmbiguousTail: Settings['onAmbiguousTail'],
): void {
  const { active, chain, decision } = judged
  const { badHeader } = chain
  const path = badHeader?.path ?? files.active
  if (decision === 'refuseHeader') throw headerError(path)
  if (decision === 'refuseVersion') {
    const header = badHeader?.header ?? active.header
    throw versionError(path, header?.kind === 'wrongVersion' ? header.version : 'unknown')
  }
  if (decision === 'refuseCorrupt') throw corruption(files, judged)
  if (decision === 'refuseAmbiguous' && onAmbiguousTail === 'refuse') {
    throw ambiguity(files, judged)
  }
}

function corruption(files: JournalFiles, { active, chain, missing, row }: Judged): MiniStoreError {
  if (row === 2) {
    const path = chain.fault?.path || chain.badHeader?.path || files.active
    return corruptError(path, chain.fault?.what ?? 'this archived segment has no whole header')
  }
  if (row === 3) {
    const place = active.scan && tailPlace(active.scan, chain)
    return missingError(files.active, missing ?? 'unknown', place)
  }
  const what =
    row === 4
      ? 'a commit is damaged, and a later one proves that it had been acknowledged'
      : 'a line is damaged'
  return corruptError(files.active, what, tailPlace(active.scan, chain))
}

function ambiguity(files: JournalFiles, { active, chain }: Judged): MiniStoreError {
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
