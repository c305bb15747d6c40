import type { ProofResult, ProofRow } from '@mini-rs/testkit'
import type { Engine } from '@mini-rs/ministate'
import { runModelWorld } from './model-world.js'
import { runSharedWorld } from './shared-world.js'
import { type RunWorld, type WorldsOptions, runWorlds } from '@mini-rs/testkit'

const MOST_STEPS = 3
const MOST_SHARED_STEPS = 4
const PASS =
  'after every step the live state is what plain objects with the same rules say, the order of keys included; after opening it again as well'

/** Where one of these worlds is run again. */
export const MODEL_TESTS: Readonly<Record<Engine, string>> = {
  immutable: 'test/proof/models-immutable.test.ts',
  inPlace: 'test/proof/models-in-place.test.ts',
}

/** The same, of a life on a shared log. */
export const SHARED_TEST = 'test/proof/shared-models.test.ts'

/** Random lives of a state on a disk, in the engine that shares structure. */
export const immutableModels: ProofRow = modelRow('models-immutable', 'immutable')

/** The same in the engine that changes it in place. */
export const inPlaceModels: ProofRow = modelRow('models-in-place', 'inPlace')

function modelRow(name: string, engine: Engine): ProofRow {
  return {
    name,
    fault: `random lives against a model, \`engine: '${engine}'\`: recipes with aliases (one object in two places, move, swap, archive), rejections, throws, \`applyAll\`, \`update\`, \`dryRun\`, snapshots, compactions, concurrent callers, reopenings`,
    unit: 'lives',
    pass: PASS,
    kind: 'seeds',
    inTest: 8_000,
    inProve: 400_000,
    shard: 20_000,
    run: (seed, amount) => runModelWorlds(engine, seed, amount),
  }
}

/** Two managers on one log of a cluster. */
export const sharedModels: ProofRow = {
  name: 'models-shared-log',
  fault:
    'two managers, of either engine, on one log of a cluster: gaps, conflicts, rivals, answers that never come (with ids and without), no leader, snapshots and compaction by both, reopenings',
  unit: 'lives',
  pass: 'nothing acknowledged is lost, nothing is there twice; every mutation and every answer is what plain objects decide on the state it stands on; all end with equal states',
  kind: 'seeds',
  inTest: 4_000,
  inProve: 200_000,
  shard: 20_000,
  run: (seed, amount) => runSharedWorlds(seed, amount),
}

/** Random lives on a shared log. */
function runSharedWorlds(
  seed: number,
  amount: number,
  options: Partial<WorldsOptions> = {},
): Promise<ProofResult> {
  return runWorlds(seed, amount, sharedWorld, { testFile: SHARED_TEST, ...options })
}

/** One random life on a shared log. */
export const sharedWorld: RunWorld = async (choices) => {
  await runSharedWorld(choices, MOST_SHARED_STEPS)
  return 1
}

/** Random lives in an engine. */
export function runModelWorlds(
  engine: Engine,
  seed: number,
  amount: number,
  options: Partial<WorldsOptions> = {},
): Promise<ProofResult> {
  return runWorlds(seed, amount, modelWorld(engine), { testFile: MODEL_TESTS[engine], ...options })
}

/** One random life in an engine. */
export function modelWorld(engine: Engine): RunWorld {
  return async (choices) => {
    await runModelWorld(choices, { engine, steps: MOST_STEPS })
    return 1
  }
}
