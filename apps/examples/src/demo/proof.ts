import { isDeepStrictEqual } from 'node:util'
import { StateManager } from '@mini-rs/ministate'
import { type Component, digestOf, registry, registryOf } from './registry.js'

export interface Proof {
  readonly holds: boolean
  /** Ever logged. */
  readonly mutationCount: number
  /** Of them, those that the snapshot holds, and need not be read. */
  readonly snapshotSeq: number
  /** In the registry that snapshot and journal tell. */
  readonly componentCount: number
  readonly scannedCount: number
  readonly stateDigest: string
  readonly scanDigest: string
  readonly openMs: number
}

/** Opens the state as any reader does, and compares it with what a scan says, and what people decided. */
export async function prove(
  folder: string,
  components: readonly Component[],
  disabled: readonly string[] = [],
): Promise<Proof> {
  const reader = await StateManager.open(folder, registry, { readOnly: true })
  const { state, recovery } = reader
  const mutationCount = reader.sequence()
  await reader.close()
  const scanned = registryOf(components, disabled)
  const stateDigest = digestOf(state)
  const scanDigest = digestOf(scanned)
  return {
    holds: isDeepStrictEqual(state, scanned) && stateDigest === scanDigest,
    mutationCount,
    snapshotSeq: recovery.snapshot?.seq ?? 0,
    componentCount: Object.keys(state.components).length,
    scannedCount: components.length,
    stateDigest,
    scanDigest,
    openMs: recovery.elapsedMs,
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
