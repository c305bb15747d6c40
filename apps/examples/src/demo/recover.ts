import { dirname, join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { SnapStore } from '@mini-rs/minisnap'
import {
  type Component,
  type Registry,
  type RegistryEvent,
  applyEvent,
  registryOf,
} from './registry.js'

/** A registry, and where it came from. */
export interface Recovered {
  readonly registry: Registry
  /** The record that the snapshot reflects; 0 without one. */
  readonly snapshotSeq: number
  /** Records of the journal that came after it. */
  readonly replayed: number
}

/** The snapshots beside a journal: the components, in no order that matters. */
export function snapshotsOf(journal: string): SnapStore<readonly Component[]> {
  return new SnapStore(join(dirname(journal), 'snapshots'))
}

/** The newest snapshot, and what the journal says after it. Needs no writer. */
export async function recoverRegistry(journal: string): Promise<Recovered> {
  const snapshot = await snapshotsOf(journal).tryRestore()
  const snapshotSeq = snapshot?.seq ?? 0
  let replayed = 0
  const registry = await MiniStore.reduce<RegistryEvent, Registry>(
    journal,
    (soFar, event, seq) => {
      replayed++
      return applyEvent(soFar, event, seq)
    },
    registryOf(snapshot?.state ?? []),
    { from: snapshotSeq + 1 },
  )
  return { registry, snapshotSeq, replayed }
}
