import {
  assertKnownOptions,
  type Codec,
  type OptionNames,
  type StandardSchema,
} from '@mini-rs/ministore'
import type { Migrations } from '@mini-rs/minisnap'
import { isSchema } from './payload-schema.js'
import type { Immutable } from './immutable.js'
import type {
  MadeWithM,
  Mutation,
  MutationBuilder,
  MutationInputs,
  Mutations,
  PayloadSchema,
  PayloadVersions,
  Recipe,
} from './mutation-types.js'

/** What {@link defineState} takes. */
export interface StateOptions<S extends object, M> {
  /** The state of an empty log: plain objects, arrays, Maps, Sets, Dates, bigints, Uint8Arrays. It is copied. */
  readonly initial: S
  /** Every mutation there is, made with `m(recipe)` or `m(schema, recipe)`. */
  readonly mutations: (m: MutationBuilder<S>) => M
  /** Of the state's shape in snapshots: a whole number, from 1. Default 1. */
  readonly version?: number
  /** `{ 1: (old) => new }`: the steps from an older version of the state to the next, each by the version that it takes. */
  readonly migrate?: Migrations
  /** A Standard Schema: checks and decodes the state of a snapshot, after migration. */
  readonly schema?: StandardSchema<unknown, S>
  /**
   * What has to be true after every mutation. False, a text, or a throw takes the mutation back: nothing
   * is logged, and the caller gets `INVARIANT_VIOLATED`. Not run on replay.
   */
  readonly invariant?: (state: Immutable<S>) => boolean | string | void
  /** Carries payloads that JSON cannot: dates, bigints, …. `decode(encode(payload))` must equal the payload. */
  readonly codec?: Codec<unknown>
}

/** A state, its mutations and their payloads, as {@link defineState} has checked them. */
export interface StateDefinition<S extends object, M> {
  readonly initial: S
  readonly mutations: M
  readonly version: number
  readonly migrate: Migrations
  readonly schema: StandardSchema<unknown, S> | undefined
  /** As it was given; undefined for none. */
  readonly invariant: ((state: Immutable<S>) => boolean | string | void) | undefined
  readonly codec: Codec<unknown> | undefined
}

/** The state of a definition: `StateOf<typeof counter>`. */
export type StateOf<D> = D extends StateDefinition<infer S, infer _M> ? S : never

/** What a definition's managers apply: `MutationOf<typeof counter>`. */
export type MutationOf<D> =
  D extends StateDefinition<infer _S, infer M> ? MutationInputs<M>[keyof M & string] : never

const STATE_OPTIONS: OptionNames<StateOptions<object, unknown>> = {
  initial: true,
  mutations: true,
  version: true,
  migrate: true,
  schema: true,
  invariant: true,
  codec: true,
}
const PAYLOAD_VERSIONS: OptionNames<PayloadVersions> = { version: true, upcast: true }

/** Names that stand for something else, in a tag or on an object. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'then'])

/**
 * Defines a durable state. One definition gives its type, its mutations, what they take and return, its
 * replay and its migrations; {@link StateManager.open} makes it durable.
 *
 * @throws TypeError, RangeError
 */
export function defineState<S extends object, M extends Readonly<Record<string, MadeWithM>>>(
  options: StateOptions<S, M>,
): StateDefinition<S, M> {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('defineState takes an object: { initial, mutations }')
  }
  assertKnownOptions('options', options, STATE_OPTIONS)
  const { initial, version = 1, migrate = {}, schema, invariant, codec } = options
  if (typeof initial !== 'object' || initial === null) {
    throw new TypeError('initial must be an object: { value: 0 } instead of 0')
  }
  assertVersion('version', version)
  assertSteps('migrate', migrate, version)
  if (invariant !== undefined && typeof invariant !== 'function') {
    throw new TypeError('invariant must be a function')
  }
  if (
    codec !== undefined &&
    !(typeof codec.encode === 'function' && typeof codec.decode === 'function')
  ) {
    throw new TypeError('codec must have the functions encode and decode')
  }
  if (typeof options.mutations !== 'function') {
    throw new TypeError('mutations must be a function: (m) => ({ name: m(recipe) })')
  }
  const mutations = options.mutations(buildMutation as MutationBuilder<S>)
  assertMutations(mutations)
  return Object.freeze({ initial, mutations, version, migrate, schema, invariant, codec })
}

/** What {@link defineState} answers, or a copy of it. @throws TypeError */
export function assertDefinition(definition: unknown): void {
  const { initial, mutations, version, migrate } = isObject(definition)
    ? (definition as Partial<StateDefinition<object, unknown>>)
    : {}
  const isWhole = isObject(initial) && isObject(migrate) && typeof version === 'number'
  if (isWhole && isObject(mutations) && Object.values(mutations).every(isMutation)) return
  throw new TypeError(
    'the definition must be what defineState answers: defineState({ initial, mutations: (m) => ({ … }) })',
  )
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isMutation(value: unknown): boolean {
  return isObject(value) && 'recipe' in value && typeof value.recipe === 'function'
}

function buildMutation(
  ...args:
    | [schema: PayloadSchema, recipe: Recipe<never, never, unknown>, versions?: PayloadVersions]
    | [recipe: Recipe<never, never, unknown>, versions?: PayloadVersions]
): Mutation<unknown, unknown, unknown> {
  // A schema may be a function, so it is asked for first.
  const [schema, recipe, versions = {}] = isSchema(args[0])
    ? (args as [PayloadSchema, Recipe<never, never, unknown>, PayloadVersions?])
    : [undefined, args[0], args[1] as PayloadVersions | undefined]
  if (typeof recipe !== 'function') {
    throw new TypeError('m takes a recipe, or a Standard Schema and a recipe')
  }
  assertKnownOptions('the versions of a payload', versions, PAYLOAD_VERSIONS)
  const { version = 1, upcast = {} } = versions
  assertVersion('version', version)
  assertSteps('upcast', upcast, version)
  for (let from = 1; from < version; from++) {
    if (!Object.hasOwn(upcast, from)) {
      throw new RangeError(`upcast has no step from ${from}, and the version is ${version}`)
    }
  }
  return Object.freeze({ recipe, schema, version, upcast })
}

function assertMutations(mutations: unknown): asserts mutations is Mutations {
  if (typeof mutations !== 'object' || mutations === null) {
    throw new TypeError('mutations must return an object: (m) => ({ name: m(recipe) })')
  }
  for (const [name, mutation] of Object.entries(mutations)) {
    if (FORBIDDEN_NAMES.has(name) || !/^[^@]+$/.test(name) || !name.isWellFormed()) {
      throw new TypeError(`a mutation cannot be called ${JSON.stringify(name)}`)
    }
    if (typeof mutation !== 'object' || mutation === null || !('recipe' in mutation)) {
      throw new TypeError(`mutations.${name} must be made with m(recipe) or m(schema, recipe)`)
    }
  }
}

function assertVersion(name: string, version: unknown): void {
  if (Number.isSafeInteger(version) && (version as number) >= 1) return
  throw new RangeError(`${name} must be a whole number from 1, not ${String(version)}`)
}

function assertSteps(name: string, steps: unknown, version: number): void {
  if (typeof steps !== 'object' || steps === null) {
    throw new TypeError(`${name} must be an object of functions`)
  }
  for (const [from, step] of Object.entries(steps)) {
    if (!Number.isSafeInteger(Number(from)) || Number(from) < 1 || Number(from) >= version) {
      throw new RangeError(`${name} has a step from ${from}, and the version is ${version}`)
    }
    if (typeof step !== 'function') throw new TypeError(`${name}[${from}] must be a function`)
  }
}
