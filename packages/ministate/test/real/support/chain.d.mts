import type { Mutation, StateDefinition } from '@mini-rs/ministate'

/** See `chain.mjs`. */
export interface ChainState {
  readonly last: number
  readonly isBroken: boolean
  readonly digest: number
  readonly recent: Readonly<Record<string, { readonly id: number; readonly text: string }>>
}

export declare const chain: StateDefinition<
  ChainState,
  { add: Mutation<number, number, void>; refuse: Mutation<null, null, never> }
>
