import { isDeepStrictEqual } from 'node:util'
import { recoverRegistry } from './recover.js'
import { type Component, digestOf, registryOf } from './registry.js'

export interface Proof {
  readonly holds: boolean
  /** Ever logged. */
  readonly eventCount: number
  /** Of them, those that the snapshot holds, and need not be read. */
  readonly snapshotSeq: number
  /** In the registry that the journal tells. */
  readonly componentCount: number
  readonly scannedCount: number
  readonly journalDigest: string
  readonly scanDigest: string
  readonly foldMs: number
}

/** Folds snapshot and journal, and compares the result with what a scan says. */
export async function prove(journal: string, components: readonly Component[]): Promise<Proof> {
  const startMs = performance.now()
  const { registry: folded, snapshotSeq, replayed } = await recoverRegistry(journal)
  const foldMs = performance.now() - startMs
  const scanned = registryOf(components)
  const journalDigest = digestOf(folded)
  const scanDigest = digestOf(scanned)
  const holds = isDeepStrictEqual(folded, scanned) && journalDigest === scanDigest
  return {
    holds,
    eventCount: snapshotSeq + replayed,
    snapshotSeq,
    componentCount: folded.size,
    scannedCount: scanned.size,
    journalDigest,
    scanDigest,
    foldMs,
  }
}

export interface LaterScan {
  readonly components: readonly Component[]
  readonly bumped: Component | undefined
  readonly removed: Component | undefined
}

/** A scan as a later day might find it: one version bumped, one package gone. In memory only. */
export function overlayOf(components: readonly Component[]): LaterScan {
  const first = components[0]
  const bumped = first === undefined ? undefined : { ...first, version: `${first.version}-next` }
  const removed = components.length > 1 ? components.at(-1) : undefined
  const rest = components.slice(1, removed === undefined ? undefined : -1)
  return { components: bumped === undefined ? rest : [bumped, ...rest], bumped, removed }
}
