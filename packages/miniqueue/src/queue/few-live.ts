import { setImmediate } from 'node:timers/promises'
import type { Ledger } from '../ledger/ledger.js'
import { seqsBeside } from './beside-jobs.js'

/** Beyond so many, to read all records from the first to the last is faster than to look for each. */
const MOST_JOBS = 64
/** Rows that are looked at before others have their turn. */
const ROWS_A_TURN = 100_000

/** A job whose life the journal tells from a record on. */
export interface LivePlace {
  readonly slot: number
  readonly of: number
  readonly originSeq: number
}

/**
 * The jobs that the journal tells from one of these records on, as the ledger knows them, so that the records
 * need not be read. Undefined where they are many, or where more of the records may be needed than jobs.
 */
export async function fewLiveJobs(
  ledger: Ledger,
  from: number,
  to: number,
): Promise<readonly LivePlace[] | undefined> {
  // Of which ids and keys these records alone tell, the ledger does not know.
  if (ledger.finished.size > 0 || ledger.keys.size > 0) return undefined
  if (seqsBeside(ledger).some((seq) => seq >= from && seq <= to)) return undefined
  const { table } = ledger.jobs
  const live: LivePlace[] = []
  let rows = 0
  // A row that comes or changes meanwhile is told by a newer record.
  for (const slot of table) {
    if (++rows % ROWS_A_TURN === 0) await setImmediate()
    const originSeq = table.originSeq(slot)
    if (originSeq < from || originSeq > to) continue
    live.push({ slot, of: table.seq(slot), originSeq })
    if (live.length > MOST_JOBS) return undefined
  }
  return live
}
