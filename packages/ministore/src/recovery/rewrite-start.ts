import { SEAL_BYTES, isUnorderedSeal } from '../format/seal.js'
import { type Run, lastSealNewline } from '../read/segment-scanner.js'

/**
 * Where in the file the last block begins before which everything had been synced: the block of the
 * last seal without a space. It and what follows may be in the page cache only. Undefined when the
 * run has no such seal.
 */
export function rewriteStartIn(run: Run): number | undefined {
  if (!run.isSealed) return undefined
  const { bytes, start } = run
  let ordered = lastSealNewline(bytes, start, run.end)
  while (ordered !== undefined && isUnorderedSeal(bytes, ordered - SEAL_BYTES)) {
    ordered = lastSealNewline(bytes, start, ordered)
  }
  if (ordered === undefined) return undefined
  const before = lastSealNewline(bytes, start, ordered)
  return run.from.offsetBytes + (before === undefined ? 0 : before + 1 - start)
}
