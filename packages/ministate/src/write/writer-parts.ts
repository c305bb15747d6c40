import type { Log } from '@mini-rs/ministore'
import type { Admitted } from '../definition/compiled.js'
import type { Published } from '../observe/published.js'
import type { StateTree } from '../tree/state-tree.js'

/** What a writer works with. */
export interface WriterParts<S extends object> {
  readonly log: Log<unknown>
  readonly tree: StateTree<S>
  readonly published: Published<S>
  readonly invariant: ((state: S) => boolean | string | void) | undefined
  /** Whether what only reads the state is kept from changing it, or only should not. */
  readonly isGuarded: boolean
  /** Told of what was appended, when it is durable. */
  readonly onCommitted: (mutations: readonly Admitted[]) => void
  /** What calls have to wait for before they may add to the log; undefined for nothing. */
  readonly backpressure: () => Promise<void> | undefined
}
