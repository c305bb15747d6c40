import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Peer } from './peer.js'
import { type Task, childProgram } from './session.js'

/** Syncs that the kernel saw while so many records were appended. */
export interface SyncCount {
  readonly callers: number
  readonly appends: number
  readonly syncs: number
}

const CALLS = 'fsync,fdatasync,msync,sync_file_range'

/** Whether this machine has strace, and lets it trace. */
export function canCountSyncs(): boolean {
  return spawnSync('strace', ['-c', 'true'], { stdio: 'ignore' }).status === 0
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
  const output = `${folder}.strace`
  const task: Task = { do: 'append', folder, callers, maxAppends, durationMs: 60_000 }
  const program = [process.execPath, ...childProgram, peer.name, JSON.stringify(task)]
  const args = ['-f', '-c', '-e', `trace=${CALLS}`, '-o', output, ...program]
  const { status, stderr } = spawnSync('strace', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${peer.name} under strace: ${stderr.slice(-1000)}`)
  const summary = readFileSync(output, 'utf8')
  rmSync(output)
  rmSync(join(folder), { recursive: true, force: true })
  return sumOfCalls(summary)
}

/** Adds up the column `calls` of the summary, whose last line is a total. */
function sumOfCalls(summary: string): number {
  const names = new Set(CALLS.split(','))
  let sum = 0
  for (const line of summary.split('\n')) {
    const columns = line.trim().split(/\s+/)
    if (names.has(columns.at(-1) ?? '')) sum += Number(columns[3])
  }
  return sum
}
