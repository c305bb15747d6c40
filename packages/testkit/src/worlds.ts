import { type Choices, ScriptedChoices, SeededChoices, shrinkScript } from './choices.js'
import type { ProofResult } from './proof.js'

/** Something that must never happen. */
export class Violation extends Error {}

/** Worlds of one seed are numbered from `seed * WORLDS_PER_SEED` on. */
const WORLDS_PER_SEED = 1_000_000

/** Runs one world, and answers how much of what is counted it was. @throws Violation */
export type RunWorld = (choices: Choices, world: number) => Promise<number>

/** How worlds are run. */
export interface WorldsOptions {
  /** The test file, to repeat one world in. */
  readonly testFile: string
  /** Whether a violation is shrunk to the smallest script that shows it. Default true. */
  readonly isShrunk?: boolean
}

/** Runs worlds until so much was counted, or one violates a rule. */
export async function runWorlds(
  seed: number,
  amount: number,
  run: RunWorld,
  options: WorldsOptions,
): Promise<ProofResult> {
  let count = 0
  for (let world = seed * WORLDS_PER_SEED; count < amount; world++) {
    const done = await runOneWorld(world, run, options)
    count += done.count
    if (done.failure !== undefined) return { count, failures: [done.failure] }
  }
  return { count, failures: [] }
}

/** One world by its number; `failure` tells what went wrong, how to repeat it, and the smallest script that does the same. */
export async function runOneWorld(
  world: number,
  run: RunWorld,
  { testFile, isShrunk = true }: WorldsOptions,
): Promise<{ readonly count: number; readonly failure: string | undefined }> {
  const choices = new SeededChoices(world)
  try {
    return { count: await run(choices, world), failure: undefined }
  } catch (error) {
    const message = messageOf(error)
    if (!isShrunk) return { count: 1, failure: message }
    const script = await shrinkScript(choices.taken, async (candidate) => {
      const other = await failureOf(candidate, run, world)
      return other?.slice(0, 24) === message.slice(0, 24)
    })
    const smallest = await failureOf(script, run, world)
    const repeat = `WORLD=${world} npx vitest run ${testFile} -t "one world"`
    const failure = `${message}; repeat: ${repeat}; shrunk: ${JSON.stringify(script)}: ${smallest}`
    return { count: 1, failure }
  }
}

/** What goes wrong in the world of a script; undefined when nothing does. */
export async function failureOf(
  script: readonly number[],
  run: RunWorld,
  world = 0,
): Promise<string | undefined> {
  try {
    await run(new ScriptedChoices(script), world)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

function messageOf(error: unknown): string {
  if (error instanceof Violation) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
