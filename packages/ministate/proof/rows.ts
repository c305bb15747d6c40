import type { ProofRow } from '@mini-rs/testkit'
import { failingCalls } from './failing-calls.js'
import { randomCrashes } from './random-crashes.js'
import { immutableModels, inPlaceModels, sharedModels } from './random-models.js'

/** What ministate is proven against, in the order of the table. */
export const SIMULATED_ROWS: readonly ProofRow[] = [
  immutableModels,
  inPlaceModels,
  sharedModels,
  randomCrashes,
  failingCalls,
]
