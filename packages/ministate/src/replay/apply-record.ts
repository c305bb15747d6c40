import type { ParsedRecord } from '../definition/compiled.js'
import type { OnWrite } from '../tree/session.js'
import type { StateTree } from '../tree/state-tree.js'
import { runRecipe } from '../write/run-mutations.js'

/**
 * Applies a mutation of the log to a state. Schema and invariant are not run again: the logged payload is
 * what the schema made of it. When it throws, the state is as it was.
 */
export function applyRecord<S extends object>(
  tree: StateTree<S>,
  { recipe, payload }: Extract<ParsedRecord, { kind: 'mutation' }>,
  seq: number | undefined,
  onWrite?: OnWrite,
): unknown {
  const session = tree.begin(onWrite && { isReadonly: false, onWrite })
  try {
    const result = runRecipe(session, recipe, payload, seq)
    session.end()
    return result
  } catch (error) {
    session.rollBack()
    throw error
  }
}
