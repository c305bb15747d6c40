import { constants } from 'node:os'
import { join, sep } from 'node:path'
import type { ProofResult, ProofRow } from '../proof.js'
import { runShard } from '../run-shard.js'
import { expect, it } from 'vitest'
import { seedOfRun } from './random.js'

const MINUTES = 60_000
const { PRIORITY_BELOW_NORMAL } = constants.priority

/**
 * The row, as often as `npm test` runs it, with the seed of this run. In a process of its own, as `npm run
 * prove` does it: there the same code takes half the time, for nothing stands between its modules.
 */
export function proveRow(row: ProofRow): void {
  it(`${row.fault}: ${row.pass}`, { timeout: 20 * MINUTES }, async ({ signal }) => {
    const { count, failures } = await runRow(row, seedOfRun(row.name), signal)
    console.log(`${row.name}: ${count} ${row.unit}`)
    expect(failures).toEqual([])
    expect(count).toBeGreaterThan(0)
  })
}

function runRow(row: ProofRow, seed: number, signal: AbortSignal): Promise<ProofResult> {
  // Where the coverage of this process is measured.
  if (process.env['PROOFS'] === 'in-process') return row.run(seed, row.inTest)
  const testPath = expect.getState().testPath ?? ''
  const cwd = testPath.slice(0, testPath.lastIndexOf(`${sep}test${sep}`))
  const programPath = join(cwd, 'proof', 'run-row.ts')
  const shard = { row, seed, amount: row.inTest, programPath, cwd, signal }
  // Tests of locks and of time, which run beside it, are not to wait for it.
  return runShard(row.isTimed === true ? shard : { ...shard, priority: PRIORITY_BELOW_NORMAL })
}
