import type { Admitted } from '../definition/compiled.js'
import { assertThat } from '../errors.js'
import type { ApplyOptions } from '../manager-types.js'
import type { Outcome, Request } from './writer.js'

/** A request whose mutations do not depend on the state. */
export function fixed(mutations: readonly Admitted[], options: ApplyOptions = {}): Request<never> {
  return { ...options, readsState: false, mutations: () => mutations }
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
