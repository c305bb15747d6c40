import type { Log } from '@mini-rs/ministore'
import type { Admitted } from '../definition/admitted.js'
import type { Published } from '../observe/published.js'
import type { Weight } from '../snapshots/log-tail.js'
import type { StateTree } from '../tree/state-tree.js'

/** What a writer works with. */
export interface WriterParts<S extends object> {
  readonly log: Log<unknown>
  /** Whether the log takes admitted mutations, and writes their lines; else it is given their records. */
  readonly takesLines: boolean
  readonly tree: StateTree<S>
  readonly published: Published<S>
  readonly invariant: ((state: S) => boolean | string | void) | undefined
  /** Whether what only reads the state is kept from changing it, or only should not. */
  readonly isGuarded: boolean
  readonly observer: LogObserver
}

/** Told of what goes into the log, and asked whether there is room for more. */
export interface LogObserver {
  /** Mutations are on their way into the log. Answers what they weigh. */
  decided(mutations: readonly Admitted[]): Weight
  /** What weighs so much has not got there. */
  undone(weight: Weight): void
  /** It is durable. */
  committed(weight: Weight): void
  /** What a call has to wait for before it may add to the log; undefined for nothing. */
  room(): Promise<void> | undefined
}
