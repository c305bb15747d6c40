import type { StateDefinition } from './definition/define-state.js'
import type { Engine } from './options.js'
import type { InPlaceStateManager, StateManager } from './state-manager.js'

/** The manager of a definition: `ManagerOf<typeof counter>`, or `ManagerOf<typeof counter, 'inPlace'>`. */
export type ManagerOf<D, E extends Engine = 'immutable'> =
  D extends StateDefinition<infer S, infer M>
    ? E extends 'inPlace'
      ? InPlaceStateManager<S, M>
      : StateManager<S, M>
    : never
