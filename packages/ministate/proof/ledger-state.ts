import {
  type Engine,
  type InPlaceStateManager,
  type Mutation,
  type StateDefinition,
  StateManager,
  type StateManagerOptions,
  defineState,
} from '@mini-rs/ministate'
import type { CrashFileSystem } from '@mini-rs/testkit'

/** A state that knows which mutations it was made of, in their order. */
export interface LedgerState {
  applied: number[]
  byId: Record<string, { readonly id: number }>
}

/** Its mutations. */
export interface LedgerMutations {
  readonly add: Mutation<number, number, number>
  readonly refuse: Mutation<number, number, never>
}

type Manager = InPlaceStateManager<LedgerState, LedgerMutations>

export const DIR = '/state'

export const ledger: StateDefinition<LedgerState, LedgerMutations> = defineState({
  initial: { applied: [], byId: {} } as LedgerState,
  mutations: (m) => ({
    add: m((state, id: number) => {
      state.applied.push(id)
      state.byId[`k${id % 7}`] = { id }
      if (id % 5 === 0) delete state.byId[`k${(id + 3) % 7}`]
      return state.applied.length
    }),
    refuse: m((state, id: number, context): never => {
      state.applied.push(id)
      delete state.byId[`k${id % 7}`]
      return context.reject('REFUSED')
    }),
  }),
})

/** Opens it; what only one engine offers is left out of the type. */
export function openLedger(
  fileSystem: CrashFileSystem,
  engine: Engine,
  options: StateManagerOptions = {},
): Promise<Manager> {
  return StateManager.open(DIR, ledger, {
    fileSystem,
    maxSegmentBytes: 300,
    snapshots: { everyRecords: 6 },
    onError: () => {}, // failing snapshots are a part of it
    ...options,
    engine: engine as 'inPlace',
  })
}

/** The ids in a state, in order. */
export function idsOf(manager: Manager): Promise<readonly number[]> {
  return manager.read(({ applied }) => applied)
}
