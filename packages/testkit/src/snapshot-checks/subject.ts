import { deepStrictEqual, fail, strictEqual } from 'node:assert/strict'
import type {
  CreateOptions,
  RestoreOptions,
  RestoredSnapshot,
  SnapshotFile,
  SnapshotStore,
} from '@mini-rs/minisnap'
import { type Check, type CheckSubject, assertRefused, errorOf } from '../check.js'

/**
 * How the next create of a store is to fail: with nothing of it being there; though it is there, in its
 * last step; or not at all, but for the removal of older ones.
 */
export type NextCreateFailure = 'unavailable' | 'unknownWritten' | 'pruneFails'

/** A store without a snapshot, and what can be done with it. */
export interface SnapshotSubject extends CheckSubject {
  readonly store: SnapshotStore<unknown>
  /** A second writer on the same snapshots, where it can have one. */
  readonly other?: SnapshotStore<unknown>
  /** Opens the same snapshots again, beside `store`, to read them. */
  readonly reopen?: () => Promise<SnapshotStore<unknown>>
  /** Changes the snapshot of this number behind the store's back, so that it cannot be trusted, where that can be done. */
  readonly damage?: (seq: number) => Promise<void>
  /** Scripts the next create of `store`, where that can be done. */
  readonly failNext?: (failure: NextCreateFailure) => void
}

/** One promise of the `SnapshotStore` port. */
export type SnapshotCheck = Check<SnapshotSubject>

/** Makes a subject for each check. */
export type MakeSnapshotStore = () => Promise<SnapshotSubject>

/** All that a caller can see of a snapshot. */
export interface Picture extends SnapshotFile {
  readonly state: unknown
  readonly notes: unknown
}

/** What these checks create for a number. */
export function stateOf(seq: number): unknown {
  return { seq, text: `the state of ${seq}`, list: [seq, { seq }] }
}

/** What these checks keep beside the state of a number. */
export function notesOf(seq: number): Readonly<Record<string, unknown>> {
  return { of: seq }
}

/** Creates the snapshots of these numbers, one after the other. */
export async function create(
  store: SnapshotStore<unknown>,
  seqs: readonly number[],
  options: CreateOptions = {},
): Promise<void> {
  for (const seq of seqs) await store.create(stateOf(seq), seq, { notes: notesOf(seq), ...options })
}

/** As many numbers as the store keeps, ascending in tens. */
export function asManyAsKept({ keep }: SnapshotStore<unknown>): number[] {
  return Array.from({ length: keep }, (_, index) => 10 * (index + 1))
}

/** The numbers that are listed. */
export async function seqsOf(store: SnapshotStore<unknown>): Promise<number[]> {
  return (await store.list()).map(({ seq }) => seq)
}

/** What both ways to restore give; fails when they differ. */
export async function restored(
  store: SnapshotStore<unknown>,
  options?: RestoreOptions,
): Promise<RestoredSnapshot<unknown>> {
  const found = await store.restore(options)
  deepStrictEqual(await store.tryRestore(options), found)
  return found
}

/** The snapshot of this number is what both ways to restore give. */
export async function assertRestores(
  store: SnapshotStore<unknown>,
  seq: number,
  options?: RestoreOptions,
): Promise<void> {
  const { state, seq: found, info } = await restored(store, options)
  deepStrictEqual([found, info.seq], [seq, seq])
  deepStrictEqual([state, info.notes], [stateOf(seq), notesOf(seq)])
}

/** There is nothing to restore, and no way to restore invents it. */
export async function assertNothing(
  store: SnapshotStore<unknown>,
  options?: RestoreOptions,
): Promise<void> {
  strictEqual(await store.tryRestore(options), undefined)
  await assertRefused(() => store.restore(options), { code: 'SNAPSHOT_NOT_FOUND' })
}

/** There are snapshots, none can be trusted, and both ways to restore say which. */
export async function assertCorrupt(
  store: SnapshotStore<unknown>,
  seqs: readonly number[],
  options?: RestoreOptions,
): Promise<void> {
  for (const restoring of [() => store.restore(options), () => store.tryRestore(options)]) {
    const error = (await errorOf(restoring)) as {
      code?: unknown
      skipped?: readonly { seq?: unknown }[]
    }
    const skipped = error.skipped?.map(({ seq }) => seq)
    deepStrictEqual([error.code, skipped], ['SNAPSHOT_CORRUPT', seqs], String(error))
  }
}

/** Every snapshot with what it holds, newest first; all have to be whole. */
export async function pictureOf(store: SnapshotStore<unknown>): Promise<Picture[]> {
  const pictures: Picture[] = []
  for (const { seq, path, sizeBytes } of await store.list()) {
    const { state, info, ...found } = await restored(store, { atOrBefore: seq })
    deepStrictEqual([found.seq, found.skipped], [seq, []])
    pictures.push({ seq, path, sizeBytes, state, notes: info.notes })
  }
  return pictures
}

/** Damages a snapshot of a subject for which {@link withoutDamage} gave no reason. */
export async function damage({ damage: change }: SnapshotSubject, seq: number): Promise<void> {
  if (change === undefined) fail('nothing can be damaged')
  await change(seq)
}

/** Skips where nothing can be damaged. */
export function withoutDamage({ damage: change }: SnapshotSubject): string | undefined {
  return change === undefined ? 'its snapshots cannot be damaged' : undefined
}

/** Skips where nothing can be damaged, or nothing older is there then. */
export function withoutOlder(subject: SnapshotSubject): string | undefined {
  return withoutDamage(subject) ?? (subject.store.keep < 2 ? 'it keeps only one' : undefined)
}

/** Skips where failures cannot be scripted. */
export function withoutScript({ failNext }: SnapshotSubject): string | undefined {
  return failNext === undefined ? 'its failures cannot be scripted' : undefined
}

/** Skips where the snapshots cannot be opened again. */
export function withoutReopen({ reopen }: SnapshotSubject): string | undefined {
  return reopen === undefined ? 'it cannot be opened again' : undefined
}

/** Skips where nobody else can create. */
export function withoutOther({ other }: SnapshotSubject): string | undefined {
  return other === undefined ? 'nobody else can create snapshots beside it' : undefined
}

/** Another handle, where there can be one. */
export async function readerOf({
  store,
  reopen,
}: SnapshotSubject): Promise<SnapshotStore<unknown>> {
  return (await reopen?.()) ?? store
}
