import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { nodeArguments } from './worker.js'

const CALLS = 'fsync,fdatasync,msync,sync_file_range'

/** Whether this machine has strace, and lets it trace. */
export function canCountSyncs(): boolean {
  return spawnSync('strace', ['-c', 'true'], { stdio: 'ignore' }).status === 0
}

/** Runs a program to its end, and counts the syncs that the kernel saw; `output` is a file for that. */
export function tracedSyncs(
  program: string,
  programArgs: readonly string[],
  output: string,
  environment = {},
): number {
  const node = [process.execPath, ...nodeArguments(program), ...programArgs]
  const args = ['-f', '-c', '-e', `trace=${CALLS}`, '-o', output, ...node]
  const env = { ...process.env, ...environment }
  const { status, stderr } = spawnSync('strace', args, { encoding: 'utf8', env })
  if (status !== 0) throw new Error(`${programArgs[0]} under strace: ${stderr.slice(-1000)}`)
  const summary = readFileSync(output, 'utf8')
  rmSync(output)
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
