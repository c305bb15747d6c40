import { MemorySnapshotStore, type SnapshotSubject } from '@mini-rs/testkit'

/** A {@link MemorySnapshotStore} with a second writer, scripted failures and damage, for `snapshotStoreConformance`. */
export async function memorySnapshotSubject(
  seed: number,
  keep = 2,
): Promise<SnapshotSubject & { readonly store: MemorySnapshotStore<unknown> }> {
  const store = new MemorySnapshotStore<unknown>({ seed, keep })
  return {
    store,
    other: store.connect(),
    reopen: async () => store.connect(),
    damage: async (seq) => store.damage(seq),
    failNext: (failure) => store.failNext(failure),
    cleanUp: async () => {},
  }
}
