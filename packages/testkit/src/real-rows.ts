import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LedgerEntry, ProofTitle } from './proof.js'
import type { Proof } from './vitest/proof-ledger.js'

/** A fault that a real machine makes, in a test that does it as often as a variable says. */
export interface RealRow extends ProofTitle {
  /** The test file, and the variables for `npm run prove`. */
  readonly file: string
  readonly env: Readonly<Record<string, string>>
  /** What the test calls it in its own ledger. */
  readonly recordedAs: string
}

/** Runs the tests of the rows, each file once, and answers what they recorded. */
export async function runRealRows(
  rows: readonly RealRow[],
  packageFolder: string,
  say: (line: string) => void,
): Promise<Map<string, LedgerEntry>> {
  const entries = new Map<string, LedgerEntry>()
  for (const file of new Set(rows.map((row) => row.file))) {
    const own = rows.filter((row) => row.file === file)
    const startMs = performance.now()
    const proofs = await runTest(
      file,
      packageFolder,
      Object.assign({}, ...own.map((row) => row.env)),
    )
    const seconds = Math.round((performance.now() - startMs) / 1000)
    for (const row of own) {
      const proof = proofs.find((one) => one.row === row.recordedAs)
      if (proof === undefined) {
        say(`${row.name}: nothing was recorded; this machine does not allow it, or the test failed`)
        continue
      }
      say(`${row.name}: ${proof.count} ${row.unit}, ${proof.failures} failures, ${seconds} s`)
      entries.set(row.name, toEntry(proof, seconds))
    }
  }
  return entries
}

function toEntry({ count, failures, seed, figures }: Proof, seconds: number): LedgerEntry {
  const what = `failed: ${JSON.stringify(figures ?? {})}`
  return {
    count,
    failures: Array.from({ length: failures }, () => what),
    next: count,
    seeds: seed === undefined ? '' : String(seed),
    seconds,
  }
}

/** Runs one test file and answers the lines that it added to its ledger. */
function runTest(
  file: string,
  packageFolder: string,
  env: Readonly<Record<string, string>>,
): Promise<Proof[]> {
  const folder = mkdtempSync(join(tmpdir(), 'proof-'))
  const ledger = join(folder, 'proof.jsonl')
  writeFileSync(ledger, '')
  return new Promise((resolve, reject) => {
    const child = spawn('npx', ['vitest', 'run', file, '--reporter=default'], {
      cwd: packageFolder,
      env: { ...process.env, ...env, PROOF_FILE: ledger },
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    })
    child.on('error', reject)
    child.on('close', () => {
      const lines = readFileSync(ledger, 'utf8').split('\n').filter(Boolean)
      rmSync(folder, { recursive: true })
      resolve(lines.map((line) => JSON.parse(line) as Proof))
    })
  })
}
