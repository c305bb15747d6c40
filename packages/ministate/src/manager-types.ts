import type { StoreStats } from '@mini-rs/ministore'
import type { SnapshotStats } from './snapshots/snapshotter.js'

/** Where a state is in its life. `failed`: reading goes on, mutations reject, and only opening it again recovers. */
export type StateStatus = 'open' | 'failed' | 'closing' | 'closed'

/** Options of {@link StateManager.apply}. */
export interface ApplyOptions {
  /** What the caller believes the last sequence number to be; otherwise `WRONG_EXPECTED_SEQ`, and nothing is logged. */
  readonly expectedSeq?: number
  /** Makes a repeated call safe on logs that know ids; others reject with `ID_UNSUPPORTED`. */
  readonly id?: string
}

/** What {@link StateManager.applyAll} resolves to. */
export interface AppliedAll<R> {
  readonly first: number
  readonly last: number
  /** Copies of what the recipes returned, in order. */
  readonly results: readonly R[]
}

/** Figures of a state. */
export interface StateStats {
  readonly status: StateStatus
  /** Calls that have not settled. */
  readonly pending: number
  /** Undefined for readers. */
  readonly snapshots: SnapshotStats | undefined
  /** Of the journal that was opened with the state; undefined for readers, and for another log. */
  readonly log: StoreStats | undefined
}
