import type { LockMechanism } from '../fs/file-system.js'

/** What `open` found: a word per case in FORMAT.md, "Recovery". */
export type Verdict = 'created' | 'clean' | 'healed' | 'torn' | 'ambiguous' | 'interruptedRotation'

/** Bytes that recovery moved out of the journal. They are kept, and never read again. */
export interface SetAside {
  readonly path: string
  /** Where they began in the active segment. */
  readonly offsetBytes: number
  readonly sizeBytes: number
}

/** What `open` found and did; see `MiniStore.recovery`. */
export interface RecoveryReport {
  readonly verdict: Verdict
  readonly setAside: SetAside | undefined
  /** Records in lines that no seal covers: another program wrote them, and damage inside them cannot be noticed. */
  readonly unverifiedRecords: number
  readonly firstSeq: number
  readonly lastSeq: number
  /** The oldest segments are gone and left no word of their numbers: counting started at 1. */
  readonly isNumberingAssumed: boolean
  /** The kernel locks that this writer holds; [] with `lock: false`. */
  readonly lock: readonly LockMechanism[]
  readonly elapsedMs: number
}

/** The report of an opening, which `found` and then `holds` what it says. */
export function reportOf(
  found: Pick<RecoveryReport, 'verdict' | 'setAside' | 'unverifiedRecords' | 'isNumberingAssumed'>,
  holds: Pick<RecoveryReport, 'firstSeq' | 'lastSeq'>,
  lock: readonly LockMechanism[],
  elapsedMs: number,
): RecoveryReport {
  const { verdict, setAside, unverifiedRecords, isNumberingAssumed } = found
  const { firstSeq, lastSeq } = holds
  const facts = { verdict, setAside, unverifiedRecords, isNumberingAssumed }
  return Object.freeze({ ...facts, firstSeq, lastSeq, lock, elapsedMs })
}
