import type { StandardSchema } from '@mini-rs/ministore'
import type { Given } from './immutable.js'

/** A schema of whatever library: zod, valibot, arktype, …. Its types stand in `~standard`. */
export interface PayloadSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    /** Answers with the output or the issues, at once. */
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

/**
 * Changes the state, which is a draft, and may return something for the caller. Pure and synchronous:
 * time, chance and I/O belong into the payload, or replay gives another state.
 */
export type Recipe<S, P, R> = (state: S, payload: P, context: RecipeContext) => R

/** Anything at all, in a form that keeps `'sold out'` from becoming `string`. */
export type Anything =
  string | number | boolean | bigint | symbol | null | undefined | void | object

/** Anything but a promise. */
export type Sync = Exclude<Anything, object> | (object & { readonly then?: never })

/** How a payload has changed its shape. */
export type PayloadVersions =
  | {
      /** Of the payload's shape: a whole number, from 1. Above 1 it is in the log: `{"score@2":…}`. Default 1. */
      readonly version?: 1
      readonly upcast?: undefined
    }
  | {
      readonly version: number
      /** `{ 1: (old) => new }`: the steps from an older version to the next, each by the version that it takes. */
      readonly upcast: Readonly<Record<number, (payload: never) => Sync>>
    }

declare const TYPES: unique symbol

/** One mutation of a definition, as {@link MutationBuilder} makes it. */
export interface Mutation<Input, Output, R> {
  readonly recipe: Recipe<never, never, unknown>
  readonly schema: PayloadSchema | undefined
  readonly version: number
  /** The steps from an older version of the payload to the next, each by the version that it takes. */
  readonly upcast: Readonly<Record<number, (payload: never) => unknown>>
  /** Only in the types. */
  readonly [TYPES]?: { readonly input: Input; readonly output: Output; readonly result: R }
}

/** What `m` has made, without its types: they would be taken for hints of what its recipe takes. */
export type MadeWithM = Pick<
  Mutation<never, never, never>,
  'recipe' | 'schema' | 'version' | 'upcast'
>

/** The mutations of a definition, by their names. */
export type Mutations = Readonly<Record<string, Mutation<unknown, unknown, unknown>>>

/** Whether a type is `any`, which extends everything and is extended by everything. */
type IsAny<T> = 0 extends 1 & T ? true : false

/** Whether there is no payload. */
type IsVoid<P> = IsAny<P> extends true ? false : [P] extends [void] ? true : false

/** Whether `undefined` is among the values. Without strict null checks it is among all, and nothing can be said. */
type MayBeUndefined<P> =
  IsAny<P> extends true ? false : undefined extends 0 ? false : undefined extends P ? true : false

/** Nothing to add to what `m` takes; else the text that an editor shows beside the mistake. */
export type Refused<P, R> =
  IsVoid<P> extends true
    ? RefusedResult<R>
    : MayBeUndefined<P> extends true
      ? 'a payload must not be undefined, which a line of JSON cannot carry: use null'
      : RefusedResult<R>

type RefusedResult<R> =
  IsAny<R> extends true
    ? unknown
    : [Extract<R, PromiseLike<unknown>>] extends [never]
      ? unknown
      : 'a recipe must not be async: time, chance and I/O belong into the payload'

/** Makes the mutations of a definition. */
export interface MutationBuilder<S> {
  /** With a Standard Schema: it checks what callers give; what it makes of it is logged, and given to the recipe. */
  <X extends PayloadSchema, R extends Anything>(
    schema: X,
    recipe: Recipe<S, SchemaOutput<X>, R> & Refused<SchemaOutput<X>, R>,
    versions?: PayloadVersions,
  ): Mutation<SchemaInput<X>, SchemaOutput<X>, R>
  /** Without: the recipe's annotation of its payload is what callers have to give; without one, there is no payload. */
  <P = void, R extends Anything = void>(
    recipe: Recipe<S, P, R> & Refused<P, R>,
    versions?: PayloadVersions,
  ): Mutation<P, P, R>
}

type InputOf<X> = X extends Mutation<infer Input, infer _Output, infer _R> ? Input : never
type OutputOf<X> = X extends Mutation<infer _Input, infer Output, infer _R> ? Output : never
type ResultOf<X> = X extends Mutation<infer _Input, infer _Output, infer R> ? R : never

/** One key, and no other of the mutations: two in one object are none. Written out, so that editors show it. */
type OnlyKey<K extends string, P, Names> = {
  readonly [N in K]: IsVoid<P> extends true ? null : P
} & { readonly [N in Exclude<Names & string, K>]?: never } extends infer T
  ? { [N in keyof T]: T[N] }
  : never

/** What {@link StateManager.apply} takes, by the name of the mutation: `'name'` without a payload, or `{ name: payload }` with exactly one key. */
export type MutationInputs<M> = {
  readonly [K in keyof M & string]:
    | (IsVoid<InputOf<M[K]>> extends true
        ? K
        : MayBeUndefined<InputOf<M[K]>> extends true
          ? K
          : never)
    | OnlyKey<K, Given<InputOf<M[K]>>, keyof M>
}

/** What {@link StateManager.apply} takes: `'name'`, or `{ name: payload }` with exactly one key. */
export type MutationInput<M> = MutationInputs<M>[keyof M & string]

/** What was applied, by the name of the mutation. */
export type AppliedMutations<M> = {
  readonly [K in keyof M & string]:
    (IsVoid<OutputOf<M[K]>> extends true ? K : never) | OnlyKey<K, OutputOf<M[K]>, keyof M>
}

/** What was applied, as readers get it: payloads are what the schemas made of them. */
export type AppliedMutation<M> = AppliedMutations<M>[keyof M & string]

/** The payload of what was applied. Where there is none: undefined, or the null that a caller gave. */
export type AppliedPayload<X> = IsVoid<OutputOf<X>> extends true ? null | undefined : OutputOf<X>

/** What a call of `do` resolves to. */
export interface Done<R> {
  readonly seq: number
  /** A copy of what the recipe returned. */
  readonly result: R
}

/** One function a mutation. */
export type MutationCalls<M> = {
  readonly [K in keyof M]: (
    ...payload: IsVoid<InputOf<M[K]>> extends true
      ? []
      : MayBeUndefined<InputOf<M[K]>> extends true
        ? [payload?: Given<InputOf<M[K]>>]
        : [payload: Given<InputOf<M[K]>>]
  ) => Promise<Done<ResultOf<M[K]>>>
}

/** What any of the mutations may return. */
export type AnyResult<M> = ResultOf<M[keyof M]>
