import type { Admitted } from '../definition/admitted.js'
import { assertThat } from '../errors.js'
import type { StateTree } from '../tree/state-tree.js'
import type { Outcome, Request } from './writer.js'

/** The mutations of a request, as the newest state has it. `isGuarded`: what decides cannot change the state. */
export function mutationsOf<S extends object>(
  { mutations }: Request<S>,
  tree: StateTree<S>,
  isGuarded: boolean,
): readonly Admitted[] | undefined {
  return typeof mutations === 'function' ? tree.look(isGuarded, mutations) : mutations
}

/** What `apply` resolves to. */
export function lastOf(outcome: Outcome | undefined): number {
  return required(outcome).last
}

/** The outcome of a request that always has one. */
export function required(outcome: Outcome | undefined): Outcome {
  assertThat(outcome !== undefined, 'what is applied is logged')
  return outcome
}
