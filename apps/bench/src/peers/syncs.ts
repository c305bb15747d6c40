import { rmSync } from 'node:fs'
import { tracedSyncs } from '../syncs.js'
import type { Peer } from './peer.js'
import { type Task, childProgram } from './session.js'

/** Syncs that the kernel saw while so many records were appended. */
export interface SyncCount {
  readonly callers: number
  readonly appends: number
  readonly syncs: number
}

/** Counts the syncs of `appends` appends; those of opening and closing are taken off. */
export function countSyncs(
  peer: Peer,
  folder: string,
  callers: number,
  appends: number,
): SyncCount {
  const syncs = trace(peer, folder, callers, appends) - trace(peer, folder, callers, 0)
  return { callers, appends, syncs }
}

function trace(peer: Peer, folder: string, callers: number, maxAppends: number): number {
  const task: Task = { do: 'append', folder, callers, maxAppends, durationMs: 60_000 }
  const syncs = tracedSyncs(childProgram, [peer.name, JSON.stringify(task)], `${folder}.strace`)
  rmSync(folder, { recursive: true, force: true })
  return syncs
}
