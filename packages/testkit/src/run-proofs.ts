import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import {
  type Ledger,
  type LedgerEntry,
  type ProofResult,
  type ProofRow,
  type Shard,
  addShard,
  remainingShards,
} from './proof.js'

/** What to run, and where its counts go. */
export interface ProofRun {
  readonly rows: readonly ProofRow[]
  /** The committed file; renewed after every shard, so that a run can be stopped at any time. */
  readonly ledgerPath: string
  /** A program that runs one shard: its arguments are row, seed and amount, its last line a {@link ProofResult}. */
  readonly programPath: string
  /** How many processes at once. */
  readonly jobs: number
  readonly say: (line: string) => void
}

// A shard is minutes of the same code with everything short-lived: a tenth less processor time with these.
const V8_FLAGS = [
  '--always-sparkplug',
  '--no-lazy-feedback-allocation',
  '--single-threaded-gc',
  '--max-semi-space-size=64',
]

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
      const result = await runShard(programPath, shard)
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

function runShard(programPath: string, { row, seed, amount }: Shard): Promise<ProofResult> {
  return new Promise((resolve, reject) => {
    const work = [programPath, row.name, String(seed), String(amount)]
    const args = [...V8_FLAGS, '--import', 'tsx', ...work]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (data: Buffer) => (output += data.toString()))
    child.on('error', reject)
    child.on('close', (code) => {
      const last = output.trimEnd().split('\n').at(-1) ?? ''
      if (code === 0) resolve(JSON.parse(last) as ProofResult)
      else reject(new Error(`${row.name}, seed ${seed}: the shard ended with ${code}: ${last}`))
    })
  })
}
