import type { Engine } from '@mini-rs/ministate'
import type { Lies, ProofResult, ProofRow } from '@mini-rs/testkit'
import { type Fault, FaultScript } from './fault-script.js'

const STEPS = 7
const ENGINES: readonly Engine[] = ['immutable', 'inPlace']
const FAULTS: readonly Fault[] = [
  { code: 'EIO' },
  { code: 'ENOSPC' },
  { code: 'ENOSPC', takeBytes: 37 },
]

/** One error at each single call of a program with concurrent callers. */
export const failingCalls: ProofRow = {
  name: 'failing-calls',
  fault:
    'EIO, ENOSPC or a short write at every single file-system call of a script with concurrent callers, snapshots and readers, in both engines',
  unit: 'runs',
  amountUnit: 'seeds',
  pass: 'no false acknowledgement, no false absence; no answer, and nothing shown, stands on what is lost; reading goes on; usable again where it says so, and after opening it again',
  kind: 'all',
  inTest: 1,
  inProve: 60,
  shard: 1,
  run: (_seed, seeds) => failEachCall(seeds),
}

/** How calls are failed for a negative control. */
export interface ControlOptions {
  /** What is taken away. */
  readonly lies?: Lies
  /** Whether one failure is enough. */
  readonly stopsAtFirst?: boolean
}

/** Fails each call of the scripts of so many seeds, each alone. */
export async function failEachCall(
  seeds: number,
  { lies = {}, stopsAtFirst = false }: ControlOptions = {},
): Promise<ProofResult> {
  const failures: string[] = []
  let count = 0
  for (let seed = 1; seed <= seeds; seed++) {
    for (const engine of ENGINES) {
      const clean = new FaultScript(seed, engine)
      await clean.run(STEPS)
      for (let at = 0; at < clean.calls; at++) {
        const fault = FAULTS[(at + seed) % FAULTS.length] ?? { code: 'EIO' }
        count++
        const failure = await failureOf(new FaultScript(seed, engine, lies), at, fault)
        if (failure === undefined) continue
        failures.push(`seed ${seed}, ${engine}, ${JSON.stringify(fault)} at call ${at}: ${failure}`)
        if (stopsAtFirst) return { count, failures }
      }
    }
  }
  return { count, failures: failures.slice(0, 10) }
}

async function failureOf(
  script: FaultScript,
  at: number,
  fault: Fault,
): Promise<string | undefined> {
  script.failAt(at, fault)
  try {
    await script.run(STEPS)
    await script.verify()
    return undefined
  } catch (error) {
    if (!(error instanceof Error)) return String(error)
    return process.env['STACK'] === undefined ? error.message : error.stack
  }
}
