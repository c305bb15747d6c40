import { SnapStore, type SnapStoreOptions } from '@mini-rs/minisnap'
import { CrashFileSystem } from '@mini-rs/testkit'

/** Where the snapshots of a test are. */
export const FOLDER = '/snapshots'

/** The state of most tests. */
export interface Counter {
  readonly counter: number
}

/** The path of the snapshot of a number. */
export function pathOf(seq: number, end = 'json'): string {
  return `${FOLDER}/snapshot_${String(seq).padStart(20, '0')}.${end}`
}

/** A store on a disk of its own, with snapshots of these numbers, the counter being ten times the number. */
export async function withSnapshots(
  seqs: readonly number[],
  options: SnapStoreOptions<Counter> = {},
): Promise<{ fileSystem: CrashFileSystem; snapshots: SnapStore<Counter> }> {
  const fileSystem = new CrashFileSystem()
  const snapshots = new SnapStore<Counter>(FOLDER, { fileSystem, ...options })
  for (const seq of seqs) await snapshots.create({ counter: 10 * seq }, seq)
  return { fileSystem, snapshots }
}
