import type { ProofResult, ProofRow } from '@mini-rs/testkit'
import { type ModelWorldOptions, runModelWorld } from './model-world.js'
import { type RunWorld, type WorldsOptions, runWorlds } from '@mini-rs/testkit'

const STEPS = 10

/** Where one of these worlds is run again. */
export const MODEL_TEST = 'test/proof/models.test.ts'

/** Random lives of a queue on a disk that loses power. */
export const randomModels: ProofRow = {
  name: 'models',
  fault:
    'random lives against a model, on a virtual clock: enqueues with every option, receives, acks, nacks, extensions, dead letters, cancels, retries, transactions, calls at once, time passing, kills and power cuts at any moment, clean ends',
  unit: 'lives',
  pass: 'what was resolved is there, and acknowledged once; no job is in two states, every delivery is one that the order allows; every stale settling is refused',
  kind: 'seeds',
  inTest: 4_000,
  inProve: 1_000_000,
  shard: 20_000,
  run: (seed, amount) => runModelWorlds(seed, amount),
}

/** Runs so many lives. */
export function runModelWorlds(
  seed: number,
  amount: number,
  options: Partial<WorldsOptions & ModelWorldOptions> = {},
): Promise<ProofResult> {
  return runWorlds(seed, amount, modelWorld(options), { testFile: MODEL_TEST, ...options })
}

/** One random life. */
export function modelWorld(options: Partial<ModelWorldOptions> = {}): RunWorld {
  return async (choices) => {
    await runModelWorld(choices, { steps: STEPS, ...options })
    return 1
  }
}
