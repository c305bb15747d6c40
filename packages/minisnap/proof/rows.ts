import type { ProofRow } from '@mini-rs/testkit'
import { bitFlips } from './bit-flips.js'
import { failingCalls } from './failing-calls.js'
import { hugeState } from './huge-state.js'
import { randomCrashes } from './random-crashes.js'

/** What minisnap is proven against, in the order of the table. */
export const SIMULATED_ROWS: readonly ProofRow[] = [
  randomCrashes,
  bitFlips,
  failingCalls,
  hugeState,
]
