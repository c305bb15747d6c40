import type { RecoveryReport, StoreStats } from '@mini-rs/ministore'
import type { Component } from './registry.js'

/** What the demo tells its writer process. */
export type ToWriter =
  | {
      readonly kind: 'record'
      readonly journal: string
      readonly components: readonly Component[]
      /** How many events the writer may be ahead of what the demo has seen acknowledged. */
      readonly ahead: number
      /** A snapshot after so many events, and the journal compacted; undefined: none. */
      readonly snapshotEvery: number | undefined
    }
  | { readonly kind: 'seen' }

/** What the writer process reports. */
export type FromWriter =
  | {
      readonly kind: 'opened'
      readonly recovery: RecoveryReport
      readonly registered: number
      /** The record that the snapshot reflects from which it started; 0 without one. */
      readonly snapshotSeq: number
      readonly replayed: number
      readonly eventCount: number
    }
  | { readonly kind: 'acknowledged'; readonly seq: number }
  | { readonly kind: 'compacted'; readonly droppedRecords: number; readonly freedBytes: number }
  | { readonly kind: 'done'; readonly stats: StoreStats }
