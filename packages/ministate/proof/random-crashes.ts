import type { ProofResult, ProofRow } from '@mini-rs/testkit'
import { type CrashWorldOptions, runCrashWorld } from './crash-world.js'
import { type RunWorld, type WorldsOptions, runWorlds } from '@mini-rs/testkit'

const RANDOM_WORLD: CrashWorldOptions = Object.freeze({ lives: 3, steps: 8, statesPerLife: 4 })

/** Where one of these worlds is run again. */
export const CRASH_TEST = 'test/proof/random-crashes.test.ts'

/** Crash states of random lives. */
export const randomCrashes: ProofRow = {
  name: 'random-crashes',
  fault:
    'random crash states, of the machine and of the process: under mutations, batches, rotation, snapshots (automatic ones too), compaction, and recovery from a crash',
  unit: 'states',
  pass: 'every acknowledged mutation is there, none twice, in order; what anybody was told, or shown by a listener, `changes()`, a reader or a follower beside, has survived',
  kind: 'seeds',
  inTest: 3_000,
  inProve: 300_000,
  shard: 25_000,
  run: (seed, amount) => runCrashWorlds(seed, amount),
}

/** Runs worlds until so many crash states were looked at. */
export function runCrashWorlds(
  seed: number,
  amount: number,
  options: Partial<WorldsOptions & CrashWorldOptions> = {},
): Promise<ProofResult> {
  return runWorlds(seed, amount, crashWorld(options), { testFile: CRASH_TEST, ...options })
}

/** One random world. */
export function crashWorld(options: Partial<CrashWorldOptions> = {}): RunWorld {
  return (choices) => runCrashWorld(choices, { ...RANDOM_WORLD, ...options })
}
