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
    }
  | { readonly kind: 'seen' }

/** What the writer process reports. */
export type FromWriter =
  | {
      readonly kind: 'opened'
      readonly recovery: RecoveryReport
      readonly registered: number
      readonly eventCount: number
    }
  | { readonly kind: 'acknowledged'; readonly seq: number }
  | { readonly kind: 'done'; readonly stats: StoreStats }
