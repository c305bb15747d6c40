import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import type { ProofResult, Shard } from './proof.js'

/** A shard, and what runs it. */
export interface ShardRun extends Shard {
  /** Its arguments are row, seed and amount; the last line that it prints is a {@link ProofResult}. */
  readonly programPath: string
  /** Where it runs; by default here. */
  readonly cwd?: string
  readonly signal?: AbortSignal
  /** Of the process, as `os.setPriority` has it; by default as everybody's. */
  readonly priority?: number
}

/** Runs a shard in a process of its own. */
export function runShard(run: ShardRun): Promise<ProofResult> {
  const { programPath, row, seed, amount, cwd, signal, priority } = run
  return new Promise((resolve, reject) => {
    const args = ['--import', 'tsx', programPath, row.name, String(seed), String(amount)]
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      ...(cwd !== undefined && { cwd }),
      ...(signal !== undefined && { signal }),
    })
    if (priority !== undefined && child.pid !== undefined) setPriority(child.pid, priority)
    let output = ''
    child.stdout.on('data', (data: Buffer) => (output += data.toString()))
    child.on('error', reject)
    child.on('close', (code) => {
      const last = output.trimEnd().split('\n').at(-1) ?? ''
      if (code === 0) resolve(JSON.parse(last) as ProofResult)
      else reject(new Error(`${row.name}, seed ${seed}: the shard ended with ${code}: ${last}`))
    })
  })
}
