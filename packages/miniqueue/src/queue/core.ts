import type { MiniStore } from '@mini-rs/ministore'
import type { Ledger } from '../ledger/ledger.js'
import type { QueueLedger } from '../ledger/queue-ledger.js'
import type { QueueRecord } from '../records/record-types.js'
import type { Bodies } from './bodies.js'
import type { Changes } from './changes.js'
import type { QueueEmitter } from './events.js'
import type { IndexSnapshots } from './index-snapshots.js'
import type { Journal } from './journal.js'
import type { KeepAlive } from './keep-alive.js'
import type { LeaseFile } from './lease-file.js'
import type { QueueClock } from './queue-clock.js'
import type { MiniQueueSettings, QueueSettings } from './queue-options.js'

/** A queue that the program has declared: what the journal knows of it, and how it is to behave. */
export interface DeclaredQueue {
  readonly name: string
  readonly ledger: QueueLedger
  readonly settings: QueueSettings
  readonly emitter: QueueEmitter
}

/** What the parts of an open queue share. */
export interface Core {
  readonly directory: string
  readonly settings: MiniQueueSettings
  readonly log: MiniStore<unknown, QueueRecord>
  readonly ledger: Ledger
  readonly bodies: Bodies
  readonly journal: Journal
  readonly clock: QueueClock
  readonly leaseFile: LeaseFile
  readonly index: IndexSnapshots
  readonly keepAlive: KeepAlive
  readonly changes: Changes
  /** From 0 to 1, for backoff. */
  readonly random: () => number
}
