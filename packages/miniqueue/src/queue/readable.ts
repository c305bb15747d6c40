import type { MiniStore } from '@mini-rs/ministore'

/** What it takes to make a record readable. */
export type SyncedLog = Pick<MiniStore<unknown>, 'durableSeq' | 'flush'>

/**
 * Syncs what is not yet synced up to that record: a log shows its writer nothing that a power cut could take,
 * and with durability `os` records have resolved that are not. Nothing to wait for with `disk`.
 */
export function untilReadable(log: SyncedLog, seq: number): Promise<void> | undefined {
  return seq > log.durableSeq ? log.flush() : undefined
}
