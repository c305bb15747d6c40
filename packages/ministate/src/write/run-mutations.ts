import type { Admitted, AnyRecipe } from '../definition/admitted.js'
import type { RecipeContext } from '../definition/mutation-types.js'
import { assertNoPromise } from '../definition/no-promise.js'
import { MiniStateError, type Rejection, messageOf } from '../errors.js'
import { copyOut } from '../tree/copy.js'
import { unwrapDraft } from '../tree/draft-node.js'
import { LostWrite } from '../tree/lost-writes.js'
import type { Session, Undo } from '../tree/session.js'
import { STRICTLY_CHANGING, type StateTree } from '../tree/state-tree.js'
import { Uncarriable } from '../tree/uncarriable.js'

/** What becomes of the state when mutations are run on it, before anything is logged. */
export interface Ran {
  readonly results: readonly unknown[]
  /** Takes the changes back. */
  readonly undo: readonly Undo[]
}

/** What mutations are run against. */
export interface RunOptions<S extends object> {
  readonly tree: StateTree<S>
  /** Of the first mutation; undefined where the log does not know it before the append. */
  readonly firstSeq: number | undefined
  readonly invariant: ((state: S) => boolean | string | void) | undefined
  /** Whether mistakes are found that only cost time to look for: an invariant that changes the state, a recipe that changes what it has assigned. */
  readonly isGuarded: boolean
}

/**
 * Runs recipes on one draft, one after the other, then the invariant. When it throws, the state is as it
 * was.
 *
 * @throws {@link MiniStateError} `REJECTED`, `RECIPE_FAILED`, `INVARIANT_VIOLATED`
 */
export function runMutations<S extends object>(
  mutations: readonly Admitted[],
  { tree, firstSeq, invariant, isGuarded }: RunOptions<S>,
): Ran {
  const session = tree.begin(isGuarded ? STRICTLY_CHANGING : undefined)
  let index = 0
  try {
    const results = mutations.map((mutation, at) => {
      index = at
      const seq = firstSeq === undefined ? undefined : firstSeq + at
      return runRecipe(session, mutation.recipe, mutation.payload(), seq)
    })
    if (invariant !== undefined) checkInvariant(tree, invariant, isGuarded)
    return { results, undo: session.end() }
  } catch (error) {
    session.rollBack()
    throw mutationError(mutations, index, error)
  }
}

/** Runs one recipe; answers a copy of what it returned. */
export function runRecipe(
  session: Session,
  recipe: AnyRecipe,
  payload: unknown,
  seq: number | undefined,
): unknown {
  const result = recipe(session.root, payload, new Context(seq))
  session.assertNoLostWrites()
  if (typeof result !== 'object' || result === null) return result
  assertNoPromise(result, 'a recipe') // what it does later fails, for its draft is over
  return copyOut(result, unwrapDraft)
}

class Context implements RecipeContext {
  readonly #seq: number | undefined

  constructor(seq: number | undefined) {
    this.#seq = seq
  }

  get seq(): number {
    if (this.#seq !== undefined) return this.#seq
    throw new MiniStateError(
      'SEQ_UNKNOWN',
      'this log may leave numbers out, so that of the next record is not known before it is appended: a recipe cannot use ctx.seq',
    )
  }

  reject(code: string, message?: string): never {
    throw new RecipeRejection(message === undefined ? { code } : { code, message })
  }
}

/** What `ctx.reject` throws through the recipe. */
class RecipeRejection extends Error {
  readonly rejection: Rejection

  constructor(rejection: Rejection) {
    const { code, message } = rejection
    super(message === undefined ? code : `${code}: ${message}`)
    this.name = 'RecipeRejection'
    this.rejection = rejection
  }
}

class InvariantViolation extends Error {}

function checkInvariant<S extends object>(
  tree: StateTree<S>,
  invariant: (state: S) => boolean | string | void,
  isGuarded: boolean,
): void {
  let verdict: boolean | string | void
  try {
    verdict = tree.look(isGuarded, invariant)
  } catch (error) {
    throw new InvariantViolation(messageOf(error), { cause: error })
  }
  if (verdict === undefined || verdict === true) return
  throw new InvariantViolation(typeof verdict === 'string' ? verdict : 'it is false')
}

function mutationError(
  mutations: readonly Admitted[],
  index: number,
  error: unknown,
): MiniStateError {
  const at = Math.min(index, mutations.length - 1)
  const mutation = mutations[at]?.name
  const of = { mutation, index: mutations.length > 1 ? at : undefined, outcome: 'absent' as const }
  if (error instanceof RecipeRejection) {
    const { rejection, message } = error
    return new MiniStateError('REJECTED', `${mutation} was rejected: ${message}`, {
      ...of,
      rejection,
    })
  }
  if (error instanceof InvariantViolation) {
    const message = `${mutation} would violate the invariant: ${error.message}. Nothing was logged`
    return new MiniStateError('INVARIANT_VIOLATED', message, { ...of, cause: error.cause })
  }
  return new MiniStateError(
    'RECIPE_FAILED',
    `the recipe of ${mutation} failed: ${recipeFault(error)}. Nothing was logged`,
    { ...of, path: hasPath(error) ? error.path : undefined, cause: error },
  )
}

function hasPath(error: unknown): error is Uncarriable | LostWrite {
  return error instanceof Uncarriable || error instanceof LostWrite
}

/** What a recipe threw, for a person. */
export function recipeFault(error: unknown): string {
  if (!(error instanceof Uncarriable)) return messageOf(error)
  return `it puts ${error.what} into the state at ${error.path}, which no snapshot could carry`
}
