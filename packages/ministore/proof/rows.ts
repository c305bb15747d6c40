import type { ProofRow } from '@mini-rs/testkit'
import { bitFlips } from './bit-flips.js'
import { decisionTable } from './decision-table.js'
import { failingCalls, fullDisk, randomFaults } from './failing-calls.js'
import { jsonValues } from './json-values.js'
import { lostData } from './lost-data.js'
import { randomCrashes } from './random-crashes.js'
import { smallWorlds } from './small-worlds.js'

/** What ministore is proven against on a simulated disk, in the order of the table. */
export const SIMULATED_ROWS: readonly ProofRow[] = [
  randomCrashes,
  smallWorlds,
  decisionTable,
  bitFlips,
  lostData,
  failingCalls,
  fullDisk,
  randomFaults,
  jsonValues,
]
