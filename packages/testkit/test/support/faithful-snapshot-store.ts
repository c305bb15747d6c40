import type {
  CheckedSnapshot,
  CreateOptions,
  CreatedSnapshot,
  RestoreOptions,
  RestoredSnapshot,
  SnapshotFile,
  SnapshotStore,
} from '@mini-rs/minisnap'
import type { MemorySnapshotStore } from '@mini-rs/testkit'

/** The answer of `tryRestore`. */
export type Found = RestoredSnapshot<unknown> | undefined

/** Passes everything on; the broken ones change one thing. */
export class FaithfulStore implements SnapshotStore<unknown> {
  protected readonly inner: MemorySnapshotStore<unknown>

  constructor(inner: MemorySnapshotStore<unknown>) {
    this.inner = inner
  }

  get keep(): number {
    return this.inner.keep
  }

  create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    return this.inner.create(state, seq, options)
  }

  /** What `tryRestore` finds, so that a broken one need change only that. */
  async restore(options?: RestoreOptions): Promise<RestoredSnapshot<unknown>> {
    return (await this.tryRestore(options)) ?? this.inner.restore(options)
  }

  tryRestore(options?: RestoreOptions): Promise<Found> {
    return this.inner.tryRestore(options)
  }

  list(): Promise<SnapshotFile[]> {
    return this.inner.list()
  }

  verify(seq?: number): Promise<CheckedSnapshot[]> {
    return this.inner.verify(seq)
  }

  prune(): Promise<string[]> {
    return this.inner.prune()
  }
}

/** A store that breaks one promise, and the check that has to notice. */
export type BrokenStore = readonly [
  Broken: new (inner: MemorySnapshotStore<unknown>) => FaithfulStore,
  caughtBy: RegExp,
]

/** Lets everything else run that needs no turn of the event loop. */
export async function aWhile(): Promise<void> {
  for (let left = 50; left > 0; left--) await undefined
}
