import {
  type Engine,
  type InPlaceStateManager,
  type Mutation,
  type StateDefinition,
  StateManager,
  type StateManagerOptions,
  defineState,
} from '@mini-rs/ministate'
import { CrashFileSystem } from '@mini-rs/testkit'
import { expect } from 'vitest'
import { firstDifference } from '../../src/tree/difference.js'

/** The folder of states in a {@link CrashFileSystem}. */
export const FOLDER = '/state'

/** The journal in it. */
export const JOURNAL: string = `${FOLDER}/journal.jsonl`

/** Most promises are the same for both. */
export const ENGINES: readonly Engine[] = ['immutable', 'inPlace']

/** The path of the snapshot of a number. */
export function snapshotPath(seq: number): string {
  return `${FOLDER}/snapshot_${String(seq).padStart(20, '0')}.json`
}

/** Opens with either engine; what only one of them offers is left out of the type. */
export function openState<S extends object, M>(
  fileSystem: CrashFileSystem,
  definition: StateDefinition<S, M>,
  options: StateManagerOptions = {},
): Promise<InPlaceStateManager<S, M>> {
  const all = { fileSystem, ...options }
  return StateManager.open(FOLDER, definition, all as StateManagerOptions & { engine: 'inPlace' })
}

/** A copy of the newest state. */
export async function stateOf<S extends object, M>(manager: InPlaceStateManager<S, M>): Promise<S> {
  return manager.read((state) => state as unknown as S)
}

/** Fails where anything of two states differs: also the order of keys, and the kinds of objects. */
export function expectSame(actual: unknown, expected: unknown): void {
  expect(actual).toEqual(expected)
  expect(firstDifference(actual, expected), 'the first difference').toBeUndefined()
}

/** One that changes a state. */
export type Step<S> = (state: S, step: number) => unknown

/** A definition whose one mutation runs one of the recipes of a test. */
export function stepping<S extends object>(
  initial: S,
  recipes: readonly Step<S>[],
): StateDefinition<S, { readonly step: Mutation<number, number, void> }> {
  return defineState({
    initial,
    mutations: (m) => ({
      step: m((state, step: number) => {
        recipes[step]?.(state, step)
      }),
    }),
  })
}

/**
 * Runs recipes, one mutation each, and answers the state behind them. It is the same after reopening
 * from the log, and after reopening from a snapshot; and a state that a reader held has not changed.
 */
export async function afterRecipes<S extends object>(
  engine: Engine,
  initial: S,
  ...recipes: readonly Step<S>[]
): Promise<S> {
  const fileSystem = new CrashFileSystem()
  const definition = stepping(initial, recipes)
  const manager = await openState(fileSystem, definition, { engine })
  for (const step of recipes.keys()) {
    const before = heldBy(manager)
    await manager.apply({ step })
    before.expectUnchanged()
  }
  const state = await stateOf(manager)
  await manager.close()
  const replayed = await openState(fileSystem, definition, { engine })
  expectSame(await stateOf(replayed), state)
  await replayed.createSnapshot()
  await replayed.close()
  const restored = await openState(fileSystem, definition, { engine })
  expect(restored.recovery.replayedRecords).toBe(0)
  expectSame(await stateOf(restored), state)
  await restored.close()
  return state
}

/** What a reader holds of an immutable state, and what it was worth when it got it. */
function heldBy(manager: object): { expectUnchanged: () => void } {
  if (!(manager instanceof StateManager)) return { expectUnchanged: () => {} }
  let held: unknown
  try {
    held = manager.state
  } catch {
    return { expectUnchanged: () => {} } // in place there is no such state
  }
  const copy = structuredClone(held)
  return { expectUnchanged: () => expectSame(held, copy) }
}

/** The error with which a recipe is refused; the state is as it was, and nothing was logged. */
export async function refusalOf<S extends object>(
  engine: Engine,
  initial: S,
  recipe: Step<S>,
): Promise<unknown> {
  const fileSystem = new CrashFileSystem()
  const manager = await openState(fileSystem, stepping(initial, [recipe]), { engine })
  const before = await stateOf(manager)
  const bytes = fileSystem.get(JOURNAL)
  const error: unknown = await manager.apply({ step: 0 }).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expectSame(await stateOf(manager), before)
  expect(manager.sequence()).toBe(0)
  await manager.close()
  expect(fileSystem.get(JOURNAL)).toEqual(bytes)
  return error
}
