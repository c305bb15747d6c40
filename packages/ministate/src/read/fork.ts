import { join } from 'node:path'
import { MiniStore, type OptionNames } from '@mini-rs/ministore'
import { MiniStateError } from '../errors.js'
import type { Settings } from '../options.js'
import type { SnapshotStore } from '@mini-rs/minisnap'

/** Of {@link StateManager.fork}. */
export const FORK_OPTIONS: OptionNames<{ at: unknown }> = { at: true }

/** Begins a state in a new folder: a snapshot, and no log yet. @throws {@link MiniStateError} `FORK_TARGET_EXISTS` */
export async function forkState<S extends object>(
  dir: string,
  state: S,
  snapshots: SnapshotStore<S>,
  { journal, fileSystem }: Pick<Settings, 'journal' | 'fileSystem'>,
): Promise<void> {
  const { segments } = await MiniStore.inspect(join(dir, journal), { fileSystem })
  if (segments.length > 0 || (await snapshots.list()).length > 0) {
    throw new MiniStateError(
      'FORK_TARGET_EXISTS',
      `${dir} holds a state already: choose a folder of its own. Nothing was changed`,
      { path: dir },
    )
  }
  await snapshots.create(state, 0)
}
