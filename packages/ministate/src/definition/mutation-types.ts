import type { StandardSchema } from '@mini-rs/ministore'

/** A schema of whatever library: zod, valibot, arktype, …. Its types stand in `~standard`. */
export interface PayloadSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: StandardSchema['~standard']['validate']
    readonly types?: { readonly input: unknown; readonly output: unknown } | undefined
  }
}

/** What a schema takes. */
export type SchemaInput<X extends PayloadSchema> = NonNullable<X['~standard']['types']>['input']

/** What a schema gives. */
export type SchemaOutput<X extends PayloadSchema> = NonNullable<X['~standard']['types']>['output']

/** What a recipe is given besides state and payload. */
export interface RecipeContext {
  /**
   * The sequence number of this mutation.
   *
   * @throws {@link MiniStateError} `SEQ_UNKNOWN` where the log is not gapless: the number is not known before the append
   */
  readonly seq: number
  /** Ends the recipe: nothing is logged, no number is used, the caller gets `REJECTED` with this code as `rejection.code`. */
  reject(code: string, message?: string): never
}

/** What a recipe may return: anything but a promise. */
export type Sync =
  | string
  | number
  | boolean
  | bigint
  | null
  | undefined
  | void
  | symbol
  | (object & { readonly then?: never })

/**
 * Changes the state, which is a draft, and may return something for the caller. Pure and synchronous:
 * time, chance and I/O belong into the payload, or replay gives another state.
 */
export type Recipe<S, P, R> = (state: S, payload: P, context: RecipeContext) => R

/** How a payload has changed its shape. */
export interface PayloadVersions {
  /** Of the payload's shape: a whole number, from 1. Above 1 it is in the log: `{"score@2":…}`. Default 1. */
  readonly version?: number
  /** `{ 1: (old) => new }`: the steps from an older version to the next, each by the version that it takes. */
  readonly upcast?: Readonly<Record<number, (payload: never) => unknown>>
}

declare const TYPES: unique symbol

/** One mutation of a definition, as {@link MutationBuilder} makes it. */
export interface Mutation<Input, Output, R> {
  readonly recipe: Recipe<never, never, unknown>
  readonly schema: PayloadSchema | undefined
  readonly version: number
  readonly upcast: Readonly<Record<number, (payload: never) => unknown>>
  /** Only in the types. */
  readonly [TYPES]?: { readonly input: Input; readonly output: Output; readonly result: R }
}

/** The mutations of a definition, by their names. */
export type Mutations = Readonly<Record<string, Mutation<unknown, unknown, unknown>>>

/** The mutation, unless its payload may be undefined, which a line of JSON cannot carry. */
export type Carried<P, X> = [P] extends [void]
  ? X
  : undefined extends P
    ? 'a payload may not be undefined: use null'
    : X

/** Makes the mutations of a definition. */
export interface MutationBuilder<S> {
  /** With a Standard Schema: it checks what callers give; what it makes of it is logged, and given to the recipe. */
  <X extends PayloadSchema, R extends Sync>(
    schema: X,
    recipe: Recipe<S, SchemaOutput<X>, R>,
    versions?: PayloadVersions,
  ): Carried<SchemaInput<X>, Mutation<SchemaInput<X>, SchemaOutput<X>, R>>
  /** Without: the recipe's annotation of its payload is what callers have to give; without one, there is no payload. */
  <P = void, R extends Sync = void>(
    recipe: Recipe<S, P, R>,
    versions?: PayloadVersions,
  ): Carried<P, Mutation<P, P, R>>
}

/** Shown by editors as what it is, not as the names of helpers. */
type Shown<T> = T extends infer U ? { [K in keyof U]: U[K] } : never

type InputOf<X> = X extends Mutation<infer Input, infer _Output, infer _R> ? Input : never
type OutputOf<X> = X extends Mutation<infer _Input, infer Output, infer _R> ? Output : never
type ResultOf<X> = X extends Mutation<infer _Input, infer _Output, infer R> ? R : never

/** Exactly one key: two mutations in one object are none. */
type OneOf<P extends object> = {
  [K in keyof P & string]:
    | ([P[K]] extends [void] ? K : never)
    | Shown<
        { readonly [N in K]: [P[K]] extends [void] ? null : P[K] } & {
          readonly [N in Exclude<keyof P & string, K>]?: never
        }
      >
}[keyof P & string]

/** What `apply` takes: `'name'`, or `{ name: payload }` with exactly one key. */
export type MutationInput<M> = OneOf<{ readonly [K in keyof M]: InputOf<M[K]> }>

/** What was applied, as readers get it: payloads are what the schemas made of them. */
export type AppliedMutation<M> = OneOf<{ readonly [K in keyof M]: OutputOf<M[K]> }>

/** What a call of `do` resolves to. */
export interface Done<R> {
  readonly seq: number
  /** A copy of what the recipe returned. */
  readonly result: R
}

/** One function a mutation. */
export type MutationCalls<M> = {
  readonly [K in keyof M]: (
    ...payload: [InputOf<M[K]>] extends [void] ? [] : [payload: InputOf<M[K]>]
  ) => Promise<Done<ResultOf<M[K]>>>
}

/** What any of the mutations may return. */
export type AnyResult<M> = ResultOf<M[keyof M]>

/** A state that is only to be read, all the way down. */
export type Immutable<T> = T extends
  string | number | boolean | bigint | null | undefined | Date | Uint8Array
  ? T
  : T extends ReadonlyMap<infer K, infer V>
    ? ReadonlyMap<K, Immutable<V>>
    : T extends ReadonlySet<infer V>
      ? ReadonlySet<Immutable<V>>
      : { readonly [K in keyof T]: Immutable<T[K]> }
