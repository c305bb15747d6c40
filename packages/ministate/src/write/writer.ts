import type { Admitted } from '../definition/admitted.js'

/** What a caller wants to be done. */
export interface Request<S extends object> {
  /** What to log; or what decides that on the newest state, undefined for nothing. Asked again after each conflict. */
  readonly mutations: readonly Admitted[] | ((state: S) => readonly Admitted[] | undefined)
  readonly expectedSeq?: number | undefined
  readonly id?: string | undefined
}

/** What has become of it. */
export interface Outcome {
  readonly first: number
  readonly last: number
  readonly results: readonly unknown[]
}

/** Where mutations go: decided, logged, published, in the order of the calls. */
export interface Writer<S extends object> {
  /** `answer` makes the call's result of the outcome, which is undefined where nothing was to be logged. */
  submit<T>(request: Request<S>, answer: (outcome: Outcome | undefined) => T): Promise<T>
  /** Calls `look` with the newest state, at once; settles when that state is durable. */
  read<T>(look: (state: S) => T): Promise<T>
  /** Resolves when everything submitted so far has settled. */
  drained(): Promise<void>
  /** From now on requests wait, until the answered function is called. Resolves when what was before has settled. */
  hold(): Promise<() => void>
  /** Reads what others have written, where they can. */
  refresh(): Promise<void>
  /** The first error that left the log unknown. */
  readonly failure: unknown
  /** The last number that was decided. */
  readonly headSeq: number
  /** Mutations that have not settled. */
  readonly pendingCount: number
}
