// `npm run prove`: runs what the ledger lacks, and renews the table in the README. It can be stopped at
// any time and goes on where it was. `--row <name>` (repeatable) runs only these rows, `--more <factor>`
// proves that many times as much, `--table` only renews the table.
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  type ProofRow,
  proofTable,
  readLedger,
  runProofs,
  writeLedgerEntry,
} from '@mini-rs/testkit'
import { REAL_ROWS, runRealRows } from './real-rows.js'
import { SIMULATED_ROWS } from './rows.js'

const { values: flags } = parseArgs({
  options: {
    row: { type: 'string', multiple: true },
    more: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    table: { type: 'boolean', default: false },
  },
})

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const ledgerPath = here('../PROOF.json')
const say = (line: string): void => console.log(line)
const isWanted = ({ name }: { name: string }): boolean => flags.row?.includes(name) ?? true

if (!flags.table) {
  const factor = Number(flags.more)
  const rows: readonly ProofRow[] = SIMULATED_ROWS.filter(isWanted).map((row) =>
    row.kind === 'seeds' ? Object.assign({}, row, { inProve: row.inProve * factor }) : row,
  )
  const programPath = here('run-row.ts')
  await runProofs({ rows, ledgerPath, programPath, jobs: Number(flags.jobs), say })
  const ledger = readLedger(ledgerPath)
  const real = REAL_ROWS.filter(isWanted).filter(
    ({ name, inProve }) => (ledger[name]?.count ?? 0) < inProve,
  )
  for (const [name, entry] of await runRealRows(real, say)) {
    writeLedgerEntry(ledgerPath, name, entry)
  }
}

const failures = Object.values(readLedger(ledgerPath)).flatMap((entry) => entry.failures)
if (failures.length > 0) process.exitCode = 1
const table = proofTable([...SIMULATED_ROWS, ...REAL_ROWS], readLedger(ledgerPath))
const readmePath = here('../README.md')
const readme = readFileSync(readmePath, 'utf8')
const marked = /(<!-- proof -->\n\n)[\s\S]*?(\n\n<!-- \/proof -->)/
writeFileSync(readmePath, readme.replace(marked, `$1${table}$2`))
say(table)
