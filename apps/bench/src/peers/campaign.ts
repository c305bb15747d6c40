import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Peer } from './peer.js'
import { type AppendFigures, type ReadFigures, Session } from './session.js'
import { type SyncCount, countSyncs } from './syncs.js'

/** How much is measured. */
export interface Scale {
  readonly rounds: number
  readonly durationMs: number
  readonly records: number
}

/** The numbers of concurrent callers. */
export const CALLERS = [1, 64, 1024] as const

/** One of them. */
export type Callers = (typeof CALLERS)[number]

/** Everything that was measured of a peer; in each list, one entry a round. */
export interface PeerFigures {
  readonly peer: Peer
  readonly appends: Record<Callers, AppendFigures[]>
  readonly reads: ReadFigures[]
  readonly syncs: SyncCount[]
}

/** Whether a peer takes part with so many callers. */
function appendsWith(peer: Peer, callers: number): boolean {
  return peer.append !== undefined && callers <= (peer.maxCallers ?? Infinity)
}

/** All peers in rounds, so that a drift of the machine meets each of them alike. */
export async function measurePeers(
  peers: readonly Peer[],
  folder: string,
  scale: Scale,
): Promise<PeerFigures[]> {
  const sessions = peers.map((peer) => new Session(peer))
  const figures = peers.map((peer): PeerFigures => ({
    peer,
    appends: { 1: [], 64: [], 1024: [] },
    reads: [],
    syncs: [],
  }))
  try {
    await measureAppends(sessions, figures, folder, scale)
    await measureReads(sessions, figures, folder, scale)
  } finally {
    await Promise.all(sessions.map((session) => session.close()))
  }
  return figures
}

async function measureAppends(
  sessions: readonly Session[],
  figures: readonly PeerFigures[],
  folder: string,
  { rounds, durationMs }: Scale,
): Promise<void> {
  // The round before the first is thrown away: it compiles.
  for (let round = -1; round < rounds; round++) {
    console.log(round < 0 ? 'warming up …' : `appends, round ${round + 1} of ${rounds} …`)
    for (const callers of CALLERS) {
      for (const [index, session] of rotated([...sessions.entries()], round)) {
        if (!appendsWith(session.peer, callers)) continue
        const place = join(folder, `append-${index}`)
        const maxAppends = session.peer.maxAppends ?? Infinity
        // JSON has no Infinity: what crosses to the other process is a number.
        const load = { callers, durationMs, maxAppends: Math.min(maxAppends, 1e9) }
        const measured = await session.append(place, load)
        rmSync(place, { recursive: true, force: true })
        if (round >= 0) figures[index]?.appends[callers].push(measured)
      }
    }
  }
}

async function measureReads(
  sessions: readonly Session[],
  figures: readonly PeerFigures[],
  folder: string,
  { rounds, records }: Scale,
): Promise<void> {
  const readers = [...sessions.entries()].filter(([, { peer }]) => peer.replay !== undefined)
  const placeOf = (index: number): string => join(folder, `read-${index}`)
  console.log('filling …')
  for (const [index, session] of readers) await session.fill(placeOf(index), records)
  for (let round = -1; round < rounds; round++) {
    if (round >= 0) console.log(`replays, round ${round + 1} of ${rounds} …`)
    for (const [index, session] of rotated(readers, round)) {
      const measured = await session.read(placeOf(index), records)
      if (round >= 0) figures[index]?.reads.push(measured)
    }
  }
}

/** Each round begins with another peer, so that nobody always follows the same one. */
function rotated<T>(list: readonly T[], round: number): T[] {
  const first = Math.max(0, round) % list.length
  return [...list.slice(first), ...list.slice(0, first)]
}

/** Counts the syncs of every peer, outside of what is timed. */
export function countAllSyncs(figures: readonly PeerFigures[], folder: string): void {
  for (const { peer, syncs } of figures) {
    for (const [callers, appends] of [
      [1, 100],
      [64, 1280],
    ] as const) {
      if (!appendsWith(peer, callers)) continue
      syncs.push(countSyncs(peer, join(folder, 'syncs'), callers, appends))
    }
  }
}
