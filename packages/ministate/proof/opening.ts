import {
  type Engine,
  type InPlaceStateManager,
  StateManager,
  type StateManagerOptions,
} from '@mini-rs/ministate'
import type { Clock } from '@mini-rs/ministore'
import type { Choices, CrashFileSystem } from '@mini-rs/testkit'
import { PROGRAM_STATE, type ProgramMutations } from './model.js'
import type { ProgramState } from './program.js'

/** The folder of the states. */
export const DIR = '/state'

/** An open state, with either engine. */
export type Manager = InPlaceStateManager<ProgramState, ProgramMutations>

/** An open state that can be looked at. */
export type ImmutableManager = StateManager<ProgramState, ProgramMutations>

/** Options that either engine takes. */
export type ProgramOptions = Omit<StateManagerOptions, 'engine'>

/** A clock whose pauses take no time. */
export const PATIENT_CLOCK: Clock = {
  now: (): number => Date.now(),
  monotonicMs: (): number => performance.now(),
  wait: async (): Promise<void> => {},
}

/** Opens a state of random recipes with an engine. */
export function openProgramState(
  engine: 'immutable',
  options: ProgramOptions,
): Promise<ImmutableManager>
export function openProgramState(engine: Engine, options: ProgramOptions): Promise<Manager>
export function openProgramState(engine: Engine, options: ProgramOptions): Promise<Manager> {
  if (engine === 'inPlace') return StateManager.open(DIR, PROGRAM_STATE, { ...options, engine })
  return StateManager.open(DIR, PROGRAM_STATE, { ...options, engine })
}

/** Options that make no difference to what a state is. */
export function chooseOptions(
  choices: Choices,
  fileSystem: CrashFileSystem,
  onError: (error: unknown) => void,
): ProgramOptions {
  const automatic = [{}, {}, {}, { everyRecords: 3 }, { everyBytes: 500 }, { everyRecords: 1 }]
  const policy = automatic[choices.choose(automatic.length)]
  return {
    fileSystem,
    onError,
    freeze: choices.choose(3) === 2,
    maxSegmentBytes: [64 * 1024, 600][choices.choose(2)] ?? 600,
    pretty: choices.choose(2) === 0,
    snapshots: {
      ...policy,
      keep: 1 + choices.choose(2),
      compact: choices.choose(3) > 0,
      onClose: choices.choose(3) === 2,
    },
  }
}

/** The manager as one that shows its state, where it does. */
export function immutableOf(manager: Manager, engine: Engine): ImmutableManager | undefined {
  return manager instanceof StateManager && engine === 'immutable' ? manager : undefined
}
