import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ProofRow } from '@mini-rs/testkit'
import type { HugeStateFigures, Shape } from './measure-huge-state.js'

/** From this size on, the promises about time and memory are held to; smaller ones are too short to tell. */
const MEASURED_MIB = 256

/** The largest that one JSON.parse can still read, for the comparison. */
const COMPARABLE_MIB = 480

const MAX_HELD_P999_MS = 25
const MAX_RESTORE_RATIO = 1.7

/** A state of a million entries, created and restored on the real disk in a process of its own. */
export const hugeState: ProofRow = {
  name: 'huge-state',
  fault: 'a state of 1 GiB with a million entries (a Map; nested records), on a real disk',
  unit: 'MiB',
  amountUnit: 'MiB',
  pass: 'restored equal; the event loop held ≤ 25 ms at p99.9 while it was created; extra memory ≤ 1 × the state; restored in ≤ 1.7 × one `JSON.parse` where that can read it',
  kind: 'all',
  isTimed: true,
  inTest: 32,
  inProve: 1024,
  shard: 1,
  run: (_seed, mib) => runHugeStates(mib),
}

async function runHugeStates(mib: number): Promise<{ count: number; failures: string[] }> {
  const failures: string[] = []
  let count = 0
  const sizes = mib > COMPARABLE_MIB ? [COMPARABLE_MIB, mib] : [mib]
  for (const sizeMib of sizes) {
    for (const shape of ['map', 'records'] as const) {
      const figures = await measureInChild(shape, sizeMib)
      count += Math.round(figures.stateBytes / 2 ** 20)
      console.error(JSON.stringify(figures))
      failures.push(...brokenPromises(figures, sizeMib))
    }
  }
  return { count, failures }
}

function brokenPromises(figures: HugeStateFigures, mib: number): string[] {
  const { shape, isEqual, heldP999Ms, extraBytes, stateBytes, restoreRatio } = figures
  const broken: string[] = []
  if (!isEqual) broken.push('the restored state is another')
  if (mib >= MEASURED_MIB) {
    if (heldP999Ms > MAX_HELD_P999_MS) broken.push(`held for ${heldP999Ms} ms at p99.9`)
    if (extraBytes > stateBytes) broken.push(`${extraBytes} bytes of extra memory`)
    if (restoreRatio !== undefined && restoreRatio > MAX_RESTORE_RATIO) {
      broken.push(`restored in ${restoreRatio} × JSON.parse`)
    }
  }
  return broken.map((what) => `${shape} of ${mib} MiB: ${what}`)
}

function measureInChild(shape: Shape, mib: number): Promise<HugeStateFigures> {
  const program = fileURLToPath(new URL('measure-huge-state.ts', import.meta.url))
  const memory = `--max-old-space-size=${Math.max(2048, 14 * mib)}`
  const args = [memory, '--expose-gc', '--import', 'tsx', program, shape, String(mib)]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: fileURLToPath(new URL('..', import.meta.url)),
    })
    let output = ''
    child.stdout.on('data', (data: Buffer) => (output += data.toString()))
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as HugeStateFigures)
      else reject(new Error(`${shape} of ${mib} MiB: the process ended with ${code}`))
    })
  })
}
