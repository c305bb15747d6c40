import { type ProofRow, ScriptedChoices, SeededChoices, shrinkScript } from '@mini-rs/testkit'
import { Violation, type WorldOptions, runWorld } from './crash-world.js'

/** Worlds of one seed are numbered from `seed * WORLDS_PER_SEED` on. */
const WORLDS_PER_SEED = 1_000_000

/** What the machines of the random worlds go through. */
const RANDOM_WORLD: WorldOptions = Object.freeze({ lives: 3, steps: 12, statesPerLife: 8 })

/** Crash states of random lives: appends, batches, rotation, dropping, `'os'` commits, recovery inside recovery. */
export const randomCrashes: ProofRow = {
  name: 'random-crashes',
  fault:
    'random crash states (appends, batches, rotation with both renames, `dropBefore`, `os` commits, recovery inside recovery)',
  unit: 'states',
  pass: '0 acknowledged lost, 0 wrong or reordered, 0 refused where gaps are zeros, a second open is a no-op, appends after recovery survive the next crash',
  kind: 'seeds',
  inTest: 50_000,
  inProve: 1_000_000,
  shard: 50_000,
  run: (seed, amount) => runRandomWorlds(seed, amount),
}

/** Runs worlds until so many crash states were looked at, or one violates a rule. Every fourth has stale bytes in its gaps. */
export async function runRandomWorlds(
  seed: number,
  amount: number,
  options: Partial<WorldOptions> = {},
): Promise<{ count: number; failures: string[] }> {
  let count = 0
  for (let world = seed * WORLDS_PER_SEED; count < amount; world++) {
    const { failure, states } = await runSeededWorld(world, options)
    count += states
    if (failure !== undefined) return { count, failures: [failure] }
  }
  return { count, failures: [] }
}

/** One world by its number; `failure` tells what went wrong, how to repeat it, and the smallest script that does the same. */
export async function runSeededWorld(
  world: number,
  options: Partial<WorldOptions> = {},
): Promise<{ states: number; failure: string | undefined }> {
  const gaps = world % 4 === 3 ? 'stale' : 'zero'
  const wanted: WorldOptions = { ...RANDOM_WORLD, power: { gaps }, ...options }
  const choices = new SeededChoices(world)
  try {
    return { states: await runWorld(choices, wanted), failure: undefined }
  } catch (error) {
    const message = messageOf(error)
    if (wanted.isShrunk === false) return { states: 1, failure: message }
    const script = await shrinkScript(choices.taken, (candidate) =>
      failsLike(message, candidate, wanted),
    )
    const repeat = `WORLD=${world} npx vitest run test/proof/random-crashes.test.ts -t "one world"`
    return {
      states: 1,
      failure: `${message}; repeat: ${repeat}; shrunk: ${JSON.stringify(script)}`,
    }
  }
}

async function failsLike(
  message: string,
  script: readonly number[],
  options: WorldOptions,
): Promise<boolean> {
  try {
    await runWorld(new ScriptedChoices(script), options)
    return false
  } catch (error) {
    return messageOf(error).slice(0, 24) === message.slice(0, 24)
  }
}

function messageOf(error: unknown): string {
  if (error instanceof Violation) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
