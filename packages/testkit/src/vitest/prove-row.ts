import type { ProofRow } from '../proof.js'
import { expect, it } from 'vitest'
import { seedOfRun } from './random.js'

const MINUTES = 60_000

/** The row, as often as `npm test` runs it, with the seed of this run. */
export function proveRow(row: ProofRow): void {
  it(`${row.fault}: ${row.pass}`, { timeout: 9 * MINUTES }, async () => {
    const { count, failures } = await row.run(seedOfRun(row.name), row.inTest)
    console.log(`${row.name}: ${count} ${row.unit}`)
    expect(failures).toEqual([])
    expect(count).toBeGreaterThan(0)
  })
}
