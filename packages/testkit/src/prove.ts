import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type ProofRow, proofTable } from './proof.js'
import { type RealRow, runRealRows } from './real-rows.js'
import { readLedger, runProofs, writeLedgerEntry } from './run-proofs.js'

/** What a package proves, and where it is. */
export interface PackageProofs {
  /** The package: its `PROOF.json` and `README.md`, and `proof/run-row.ts`. */
  readonly folder: string
  /** In the order of the table. */
  readonly rows: readonly ProofRow[]
  readonly realRows: readonly RealRow[]
}

/**
 * `npm run prove`: runs what the ledger lacks, and renews the table in the README. It can be stopped at
 * any time and goes on where it was. `--row <name>` (repeatable) runs only these rows, `--more <factor>`
 * proves that many times as much, `--jobs <count>` in so many processes, `--table` only renews the table.
 */
export async function prove({ folder, rows, realRows }: PackageProofs): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      row: { type: 'string', multiple: true },
      more: { type: 'string', default: '1' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      table: { type: 'boolean', default: false },
    },
  })
  const ledgerPath = join(folder, 'PROOF.json')
  const isWanted = ({ name }: { name: string }): boolean => flags.row?.includes(name) ?? true
  if (!flags.table) {
    const factor = Number(flags.more)
    const wanted: readonly ProofRow[] = rows
      .filter(isWanted)
      .map((row) =>
        row.kind === 'seeds' ? Object.assign({}, row, { inProve: row.inProve * factor }) : row,
      )
    const programPath = join(folder, 'proof', 'run-row.ts')
    await runProofs({ rows: wanted, ledgerPath, programPath, jobs: Number(flags.jobs), say })
    const ledger = readLedger(ledgerPath)
    const left = realRows
      .filter(isWanted)
      .filter(({ name, inProve }) => (ledger[name]?.count ?? 0) < inProve)
    for (const [name, entry] of await runRealRows(left, folder, say)) {
      writeLedgerEntry(ledgerPath, name, entry)
    }
  }
  const ledger = readLedger(ledgerPath)
  if (Object.values(ledger).some((entry) => entry.failures.length > 0)) process.exitCode = 1
  const table = proofTable([...rows, ...realRows], ledger)
  const readmePath = join(folder, 'README.md')
  const readme = readFileSync(readmePath, 'utf8')
  const marked = /(<!-- proof -->\n\n)[\s\S]*?(<!-- \/proof -->)/
  writeFileSync(readmePath, readme.replace(marked, `$1${table}\n\n$2`))
  say(table)
}

function say(line: string): void {
  console.log(line)
}
