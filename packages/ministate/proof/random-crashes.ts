import type { Engine } from '@mini-rs/ministate'
import type { ProofResult, ProofRow } from '@mini-rs/testkit'
import { type CrashWorldOptions, runCrashWorld } from './crash-world.js'
import { type RunWorld, type WorldsOptions, runWorlds } from './worlds.js'

/** Where one of these worlds is run again. */
export const CRASH_TEST = 'test/proof/random-crashes.test.ts'

/** Crash states of random lives, in both engines by turns. */
export const randomCrashes: ProofRow = {
  name: 'random-crashes',
  fault:
    'random crash states, in both engines (concurrent callers, batches, rejections, automatic snapshots, compaction, rotation, readers beside, recovery inside recovery)',
  unit: 'states',
  pass: 'every acknowledged mutation is there, none twice, in order; nobody has seen, or was told of, what is not there; a second open is the same',
  kind: 'seeds',
  inTest: 4_000,
  inProve: 1_000_000,
  shard: 50_000,
  run: (seed, amount) => runCrashWorlds(seed, amount),
}

/** Runs worlds until so many crash states were looked at, or one violates a rule. */
export function runCrashWorlds(
  seed: number,
  amount: number,
  options: Partial<CrashWorldOptions> = {},
  worlds: Partial<WorldsOptions> = {},
): Promise<ProofResult> {
  return runWorlds(seed, amount, crashWorld(options), { testFile: CRASH_TEST, ...worlds })
}

/** One random world. */
export function crashWorld(options: Partial<CrashWorldOptions> = {}): RunWorld {
  return (choices, world) => {
    const engine: Engine = world % 2 === 0 ? 'immutable' : 'inPlace'
    return runCrashWorld(choices, { engine, lives: 2, steps: 14, statesPerLife: 8, ...options })
  }
}
