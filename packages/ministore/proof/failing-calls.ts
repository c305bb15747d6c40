import { type Lies, type ProofRow, SeededChoices } from '@mini-rs/testkit'
import { type FaultPlan, FaultScript } from './fault-script.js'

const OPTIONS = { maxSegmentBytes: 700 }

/** One error at each single call that a long script makes. */
export const failingCalls: ProofRow = {
  name: 'failing-calls',
  fault: 'an error at every single file-system call of a script',
  unit: 'runs',
  amountUnit: 'steps',
  pass: 'no false acknowledgement, no false absence; usable again',
  kind: 'all',
  inTest: 200,
  inProve: 400,
  shard: 1,
  run: (seed, steps) => failEachCall(seed, steps),
}

/** A full disk that takes every possible part of a write. */
export const fullDisk: ProofRow = {
  name: 'full-disk',
  fault: 'ENOSPC at every byte offset of every write of a script',
  unit: 'runs',
  amountUnit: 'steps',
  pass: 'the same',
  kind: 'all',
  inTest: 12,
  inProve: 60,
  shard: 1,
  run: (seed, steps) => fillAtEachByte(seed, steps),
}

/** Random scripts on disks that fail at random calls. */
export const randomFaults: ProofRow = {
  name: 'random-faults',
  fault: 'random scripts with several errors each: short writes, EIO, ENOSPC, lost syncs',
  unit: 'scripts',
  pass: 'the same',
  kind: 'seeds',
  inTest: 500,
  inProve: 10_000,
  shard: 1_000,
  run: (seed, scripts) => runRandomScripts(seed, scripts),
}

/** `lies`: what is taken away, for a negative control. */
export async function failEachCall(
  seed: number,
  steps: number,
  lies: Lies = {},
): Promise<{ count: number; failures: string[] }> {
  const clean = new FaultScript(new SeededChoices(seed), OPTIONS)
  await clean.run(steps, () => undefined)
  const failures: string[] = []
  let count = 0
  for (let at = 0; at < clean.calls; at++) {
    const code = at % 2 === 0 ? 'EIO' : 'ENOSPC'
    count++
    const plan: FaultPlan = (_call, index) => (index === at ? { code } : undefined)
    const failure = await failureOf(seed, steps, plan, lies)
    if (failure !== undefined) failures.push(`seed ${seed}, ${code} at call ${at}: ${failure}`)
  }
  return { count, failures: failures.slice(0, 10) }
}

async function fillAtEachByte(
  seed: number,
  steps: number,
): Promise<{ count: number; failures: string[] }> {
  const sizes = await writeSizes(seed, steps)
  const failures: string[] = []
  let count = 0
  for (const [at, sizeBytes] of sizes) {
    for (let takeBytes = 0; takeBytes < sizeBytes; takeBytes++) {
      count++
      const failure = await failureOf(seed, steps, (_call, index) => {
        return index === at ? { code: 'ENOSPC', takeBytes } : undefined
      })
      if (failure !== undefined) {
        failures.push(`seed ${seed}, full after ${takeBytes} bytes of call ${at}: ${failure}`)
      }
    }
  }
  return { count, failures: failures.slice(0, 10) }
}

async function writeSizes(seed: number, steps: number): Promise<Map<number, number>> {
  const script = new FaultScript(new SeededChoices(seed), OPTIONS)
  const sizes = new Map<number, number>()
  const running = script.run(steps, () => undefined)
  const { hook } = script.disk
  script.disk.hook = (call, path, sizeBytes) => {
    if (call === 'write' && !path.endsWith('.ack')) sizes.set(script.calls, sizeBytes)
    return hook?.(call, path, sizeBytes)
  }
  await running
  return sizes
}

async function runRandomScripts(
  seed: number,
  scripts: number,
): Promise<{ count: number; failures: string[] }> {
  const failures: string[] = []
  for (let script = 0; script < scripts; script++) {
    const world = seed * 1_000_000 + script
    const faults = new SeededChoices(world)
    const failure = await failureOf(world, 30, (call) => {
      if (faults.choose(40) !== 0) return undefined
      const code = ['EIO', 'ENOSPC'][faults.choose(2)] ?? 'EIO'
      return call === 'write' ? { code, takeBytes: faults.choose(60) } : { code }
    })
    if (failure !== undefined) failures.push(`script ${world}: ${failure}`)
  }
  return { count: scripts, failures: failures.slice(0, 10) }
}

async function failureOf(
  seed: number,
  steps: number,
  plan: FaultPlan,
  lies: Lies = {},
): Promise<string | undefined> {
  const script = new FaultScript(new SeededChoices(seed), OPTIONS, lies)
  try {
    await script.run(steps, plan)
    await script.verify()
    return undefined
  } catch (error) {
    return error instanceof Error
      ? process.env['STACK']
        ? error.stack
        : error.message
      : String(error)
  }
}
