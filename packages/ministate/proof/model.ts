import {
  type MiniStateErrorCode,
  type Mutation,
  type StateDefinition,
  defineState,
} from '@mini-rs/ministate'
import { type Fields, isCollection, keysOf, valuesOf } from './places.js'
import { type Hands, type Program, type ProgramState, RECIPE_HANDS, runProgram } from './program.js'

/** What is put into the state at once. */
const MOST_NODES = 25

/** A mutation of these states, as `apply` takes it. */
export type ProgramMutation = { readonly run: Program } | { readonly add: Added } | 'clear'

/** What {@link PROGRAM_STATE} can do. */
export type ProgramMutations = {
  readonly run: Mutation<Program, Program, object | undefined>
  readonly add: Mutation<Added, Added, number>
  readonly clear: Mutation<void, void, void>
}

interface Added {
  readonly id: number
  readonly by: number
}

/** The state on which random recipes are run. */
export const PROGRAM_STATE: StateDefinition<ProgramState, ProgramMutations> = defineState({
  initial: initialState(),
  invariant: ({ count }) => countVerdict(count),
  mutations: (m) => ({
    run: m((state, program: Program, context) => {
      return runProgram(state, program, RECIPE_HANDS, context) as object | undefined
    }),
    add: m((state, { id, by }: Added) => {
      state.applied.push(id)
      state.count += by
      return state.count
    }),
    clear: m((state) => {
      state.applied.push(0)
      state.count = 0
      state.data = { n: 0, list: [] }
    }),
  }),
})

function initialState(): ProgramState {
  return {
    applied: [],
    count: 0,
    data: {
      items: { a: { n: 1 } },
      list: [{ n: 1 }, 2],
      map: new Map([['k0', { n: 1 }]]),
      set: new Set<unknown>([1, { n: 3 }]),
      when: new Date(5),
    },
  }
}

/** All three ways to refuse. */
function countVerdict(count: number): boolean | string {
  if (count === 9) throw new Error('nine is too many')
  if (count < 0) return 'it is negative'
  return count !== 13
}

/** What a mutation does to a state of plain objects. */
export type Verdict =
  | { readonly ok: true; readonly state: ProgramState; readonly results: readonly unknown[] }
  | { readonly ok: false; readonly code: MiniStateErrorCode }

/** The state before everything. */
export function emptyState(): ProgramState {
  return new PlainHands().own(initialState())
}

/** How a mutation is judged. */
export interface JudgeOptions {
  /** Whether a recipe fails that changes an object after it has put it into the state. */
  readonly isStrict: boolean
  /** What a recipe may put into the state at once. */
  readonly mostNodes?: number
}

/**
 * The rules of a state, done with deep copies of plain objects: the state before stays as it is.
 *
 * @throws {@link TooLarge}
 */
export function judge(
  before: ProgramState,
  mutations: readonly ProgramMutation[],
  firstSeq: number | undefined,
  { isStrict, mostNodes = MOST_NODES }: JudgeOptions,
): Verdict {
  const hands = new PlainHands(mostNodes, isStrict)
  const state = hands.own(before)
  const results: unknown[] = []
  try {
    for (const [index, mutation] of mutations.entries()) {
      const seq = firstSeq === undefined ? undefined : firstSeq + index
      results.push(copyOfResult(runPlain(state, mutation, hands, seq)))
      if (hands.hasLost(state)) throw new Error('refused')
    }
  } catch (error) {
    if (error instanceof TooLarge) throw error
    const code = error instanceof PlainRejection ? 'REJECTED' : 'RECIPE_FAILED'
    return { ok: false, code }
  }
  if (!isAllowed(state)) return { ok: false, code: 'INVARIANT_VIOLATED' }
  return { ok: true, state, results }
}

/** As {@link judge}, for what the log holds already: nothing refuses it. */
export function replayed(before: ProgramState, mutation: ProgramMutation): ProgramState {
  const hands = new PlainHands()
  const state = hands.own(before)
  runPlain(state, mutation, hands, undefined)
  return state
}

function isAllowed({ count }: ProgramState): boolean {
  try {
    return countVerdict(count) === true
  } catch {
    return false // the third way
  }
}

class PlainRejection extends Error {}

/** A recipe puts more into the state than these small worlds are to hold: it is not to be tried. */
export class TooLarge extends Error {}

function runPlain(
  state: ProgramState,
  mutation: ProgramMutation,
  hands: PlainHands,
  seq: number | undefined,
): unknown {
  if (mutation === 'clear') {
    state.applied.push(0)
    state.count = 0
    state.data = hands.own({ n: 0, list: [] })
    return undefined
  }
  if ('add' in mutation) {
    state.applied.push(mutation.add.id)
    state.count += mutation.add.by
    return state.count
  }
  // A payload is one line of JSON, whoever holds the objects that it was made of.
  const program = JSON.parse(JSON.stringify(mutation.run)) as Program
  return runProgram(state, program, hands, {
    get seq(): number {
      if (seq === undefined) throw new Error('the number is not known')
      return seq
    },
    reject: () => {
      throw new PlainRejection()
    },
  })
}

/** Plain objects that keep the rules of the tree: what is assigned into them is copied at that moment. */
class PlainHands implements Hands {
  readonly #mostNodes: number
  readonly #isStrict: boolean
  #nodes = 0
  // What stands for the state's collections, also those that were taken out of it.
  readonly #owned = new Set<object>()
  // What was assigned, as it was then; where writes must not be lost.
  readonly #assigned = new Map<object, readonly unknown[]>()
  // The same of parts of the state.
  readonly #parts = new Map<object, string>()

  constructor(mostNodes: number = Infinity, isStrict: boolean = false) {
    this.#mostNodes = mostNodes
    this.#isStrict = isStrict
  }

  own<T>(value: T): T {
    this.#nodes = -Infinity
    return this.#copy(value, 0) as T
  }

  keep(target: object, value: unknown): unknown {
    return this.#owned.has(target) ? this.#copyIn(value) : value
  }

  setField(target: Fields, key: string, value: unknown): void {
    if (!this.#owned.has(target)) target[key] = value
    else if (value === undefined) delete target[key]
    else define(target, key, this.#copyIn(value))
  }

  refusal(target: object): void {
    if (this.#owned.has(target)) throw new Error('refused')
  }

  /** Whether something was changed after it was put into the state, since the last time that this was asked. */
  hasLost(state: object): boolean {
    const [assigned, parts] = [[...this.#assigned], [...this.#parts]]
    this.#assigned.clear()
    this.#parts.clear()
    if (assigned.some(([value, before]) => !isSame(contentOf(value), before))) return true
    const changed = parts.filter(([part, before]) => textOf(part) !== before)
    if (changed.length === 0) return false
    const inState = collectionsIn(state)
    return changed.some(([part]) => !inState.has(part))
  }

  #copyIn(value: unknown): unknown {
    this.#nodes = 0
    const copy = this.#copy(value, 0)
    if (this.#isStrict) this.#noteAssigned(value)
    return copy
  }

  #noteAssigned(value: unknown): void {
    if (typeof value !== 'object' || value === null) return
    if (this.#owned.has(value)) {
      this.#parts.set(value, textOf(value))
      return
    }
    this.#assigned.set(value, contentOf(value))
    if (isCollection(value)) for (const inner of valuesOf(value)) this.#noteAssigned(inner)
  }

  #copy(value: unknown, depth: number): unknown {
    if (++this.#nodes > this.#mostNodes) throw new TooLarge()
    switch (typeof value) {
      case 'number':
        if (!Number.isFinite(value)) throw new Error('refused')
        return value === 0 ? 0 : value
      case 'string':
        if (!value.isWellFormed()) throw new Error('refused')
        return value
      case 'boolean':
      case 'bigint':
        return value
      case 'object':
        if (value === null) return null
        break
      default:
        throw new Error('refused')
    }
    if (depth > 100) throw new Error('a cycle')
    if (value instanceof Date) return new Date(value.getTime())
    if (value instanceof Uint8Array) return new Uint8Array(value)
    const copy = this.#copyCollection(value, depth + 1)
    this.#owned.add(copy)
    return copy
  }

  #copyCollection(value: object, depth: number): object {
    if (Array.isArray(value)) return value.map((item) => this.#copy(item, depth))
    if (value instanceof Set) return new Set(Array.from(value, (item) => this.#copy(item, depth)))
    if (value instanceof Map) {
      const entries = Array.from(value, ([key, inner]): [unknown, unknown] => {
        if (typeof key === 'object' && key !== null) throw new Error('refused')
        return [key, this.#copy(inner, depth)]
      })
      return new Map(entries)
    }
    const copy: Fields = {}
    for (const [key, inner] of Object.entries(value)) {
      if (inner !== undefined) define(copy, key, this.#copy(inner, depth))
    }
    return copy
  }
}

function collectionsIn(value: object, found: Set<object> = new Set()): Set<object> {
  found.add(value)
  for (const inner of valuesOf(value)) if (isCollection(inner)) collectionsIn(inner, found)
  return found
}

/** What an object holds itself. */
function contentOf(value: object): readonly unknown[] {
  return isCollection(value) ? [...keysOf(value), ...valuesOf(value)] : [textOf(value)]
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, index) => Object.is(one, b[index]))
}

function define(target: Fields, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value
  else {
    const rest = { writable: true, enumerable: true, configurable: true }
    Object.defineProperty(target, key, { value, ...rest })
  }
}

/** A result is a copy, of whatever it is. Its text is all that is compared. */
function copyOfResult(result: unknown): unknown {
  return typeof result === 'object' && result !== null ? new Printed(textOf(result)) : result
}

class Printed {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A text that two values share only when no recipe could tell them apart: the order of keys counts, and −0 is not 0. */
export function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `"${value}"`
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'object':
      return value === null ? 'null' : textOfObject(value)
    case 'function':
    case 'symbol':
      return typeof value
    default:
      return String(value)
  }
}

function textOfObject(value: object): string {
  if (value instanceof Printed) return value.text
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (value instanceof Uint8Array) return `bytes(${value.join()})`
  // Concatenated by hand: these texts are most of what is compared.
  let text = ''
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) text += `${textOf(item)},`
    return `[${text}]`
  }
  if (value instanceof Map) {
    for (const [key, inner] of value) text += `${textOf(key)}:${textOf(inner)},`
    return `Map{${text}}`
  }
  if (value instanceof Set) {
    for (const item of value as ReadonlySet<unknown>) text += `${textOf(item)},`
    return `Set{${text}}`
  }
  for (const key of Object.keys(value)) text += `"${key}":${textOf((value as Fields)[key])},`
  return `{${text}}`
}
