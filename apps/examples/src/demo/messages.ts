import type { StoreStats } from '@mini-rs/ministore'
import type { StateRecovery } from '@mini-rs/ministate'
import type { Check } from './checks.js'
import type { Component, RegistryMutation } from './registry.js'

/** What the demo tells its writer process. */
export type ToWriter =
  | {
      readonly kind: 'record'
      readonly folder: string
      readonly components: readonly Component[]
      /** Asked for by people, after what a scan found. */
      readonly further: readonly RegistryMutation[]
      /** How many mutations the writer may be ahead of what the demo has seen acknowledged. */
      readonly ahead: number
      /** A snapshot after so many mutations, and the journal compacted; undefined: none. */
      readonly snapshotEvery: number | undefined
    }
  | { readonly kind: 'seen' }

/** What the writer process reports. */
export type FromWriter =
  | {
      readonly kind: 'opened'
      readonly recovery: StateRecovery
      readonly lastSeq: number
      readonly registered: number
      readonly mutationCount: number
    }
  | ({ readonly kind: 'acknowledged'; readonly seq: number } & Housekeeping)
  | { readonly kind: 'done'; readonly stats: StoreStats | undefined }

/** What snapshots and compaction have done since a writer opened the state. */
export interface Housekeeping {
  readonly snapshots: number
  readonly droppedRecords: number
  readonly freedBytes: number
}

/** What the demo tells its watcher process. */
export type ToWatcher =
  { readonly kind: 'watch'; readonly folder: string } | { readonly kind: 'finish' }

/** One mutation, or one jump over what was dropped, as the watcher saw it happen. */
export interface Sighting {
  readonly seq: number
  readonly what: string
  /** Of the component that it is about. */
  readonly label: string
  readonly packageCount: number
}

/** What the watcher process reports. */
export type FromWatcher =
  | { readonly kind: 'watching' }
  | { readonly kind: 'saw'; readonly sighting: Sighting }
  | {
      readonly kind: 'finished'
      readonly seq: number
      readonly sightingCount: number
      readonly packageCount: number
      readonly digest: string
    }

/** What the demo tells its checker process. */
export type ToChecker =
  | {
      readonly kind: 'check'
      /** Of the queue. */
      readonly folder: string
      /** Where the packages are. */
      readonly root: string
      readonly checks: readonly Check[]
      /** How many checks may run beyond those that the demo has seen end. */
      readonly ahead: number
    }
  | { readonly kind: 'seen' }

/** What the checker process reports. */
export type FromChecker =
  | {
      readonly kind: 'opened'
      /** Jobs that had been running when the process before it died. */
      readonly interrupted: number
      /** Jobs that had been done before. */
      readonly completed: number
      readonly enqueued: number
      readonly duplicates: number
    }
  | { readonly kind: 'checked'; readonly label: string }
  | { readonly kind: 'retry' | 'dead'; readonly label: string; readonly why: string }
  | { readonly kind: 'done' }
