import type { ProofRow } from '@mini-rs/testkit'
import { randomModels } from './random-models.js'

/** What miniqueue is proven against, in the order of the table. */
export const SIMULATED_ROWS: readonly ProofRow[] = [randomModels]
