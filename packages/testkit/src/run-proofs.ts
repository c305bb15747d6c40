import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type Ledger, type LedgerEntry, type ProofRow, addShard, remainingShards } from './proof.js'
import { runShard } from './run-shard.js'

/** What to run, and where its counts go. */
export interface ProofRun {
  readonly rows: readonly ProofRow[]
  /** The committed file; renewed after every shard, so that a run can be stopped at any time. */
  readonly ledgerPath: string
  /** {@link ShardRun.programPath} */
  readonly programPath: string
  /** How many processes at once. */
  readonly jobs: number
  readonly say: (line: string) => void
}

/** The counts so far. */
export function readLedger(path: string): Ledger {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Ledger) : {}
}

/** Puts one entry into the file. */
export function writeLedgerEntry(path: string, name: string, entry: LedgerEntry): void {
  const ledger = { ...readLedger(path), [name]: entry }
  writeFileSync(path, `${JSON.stringify(ledger, null, 2)}\n`)
}

/** Runs what the ledger lacks, shard by shard. */
export async function runProofs({
  rows,
  ledgerPath,
  programPath,
  jobs,
  say,
}: ProofRun): Promise<void> {
  const ledger = readLedger(ledgerPath)
  const shards = rows.flatMap((row) => remainingShards(row, ledger[row.name]))
  const worker = async (): Promise<void> => {
    for (let shard = shards.shift(); shard !== undefined; shard = shards.shift()) {
      const startMs = performance.now()
      const result = await runShard({ programPath, ...shard })
      const seconds = (performance.now() - startMs) / 1000
      const entry = readLedger(ledgerPath)[shard.row.name]
      const added = addShard(shard, entry, { ...result, seconds })
      writeLedgerEntry(ledgerPath, shard.row.name, added)
      say(
        `${shard.row.name} seed ${shard.seed}: ${result.count} ${shard.row.unit}, ${result.failures.length} failures, ${Math.round(seconds)} s; ${added.count} in all`,
      )
      for (const failure of result.failures) say(failure)
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker))
}
