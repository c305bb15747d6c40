import { assertKnownOptions, type DropReport, type Log, type OptionNames } from '@mini-rs/ministore'
import { wholeNumber } from './options.js'
import type { SnapshotStore } from './snapshot-store.js'

/** Options of {@link compact}. */
export interface CompactOptions {
  /** Records from this number on stay, whatever the snapshots hold: what an outbox has not sent yet, say. */
  readonly keepFrom?: number
}

const OPTIONS: OptionNames<CompactOptions> = { keepFrom: true }

/** What {@link compact} has dropped. */
export interface CompactReport extends DropReport {
  /** Records up to this number were allowed to go; undefined when there are too few whole snapshots. */
  readonly throughSeq: number | undefined
}

/**
 * Drops what the log need not keep: records at or before the oldest of the `keep` newest whole
 * snapshots, which are read and checked for it. So whichever of them is damaged later, an older one
 * and the tail that it needs are still there. Whole files are dropped; some records before that may
 * stay. A crash in between leaves more than is needed, and the next call goes on.
 *
 * @throws what the log and the snapshots throw; nothing that is needed is dropped
 */
export async function compact(
  log: Pick<Log<never>, 'flush' | 'durableSeq' | 'dropBefore'>,
  snapshots: Pick<SnapshotStore<never>, 'keep' | 'verify'>,
  options: CompactOptions = {},
): Promise<CompactReport> {
  assertKnownOptions('options', options, OPTIONS)
  const { keepFrom } = options
  if (keepFrom !== undefined) wholeNumber('keepFrom', keepFrom, 1)
  await log.flush()
  const checked = await snapshots.verify()
  // A snapshot that is ahead of its log is of another log, or this one has lost its end: no reason to drop more.
  const whole = checked.filter(({ status, seq }) => status === 'whole' && seq <= log.durableSeq)
  const oldestKept = whole[snapshots.keep - 1]
  if (oldestKept === undefined) {
    return { droppedSegments: 0, droppedRecords: 0, freedBytes: 0, throughSeq: undefined }
  }
  const before = Math.min(oldestKept.seq + 1, keepFrom ?? Number.MAX_SAFE_INTEGER)
  return { ...(await log.dropBefore(before)), throughSeq: before - 1 }
}
