import type { Engine } from '@mini-rs/ministate'
import {
  type Call,
  CrashFileSystem,
  type ProofResult,
  type ProofRow,
  errno,
} from '@mini-rs/testkit'
import { idsOf, openLedger } from './ledger-state.js'
import { Violation } from './model.js'

const ENGINES: readonly Engine[] = ['immutable', 'inPlace']
const READING: ReadonlySet<Call> = new Set([
  'read',
  'stat',
  'list',
  'size',
  'realPath',
  'lock',
  'close',
])

/** An error at every single call that changes something, of a script, in both engines. */
export const failingCalls: ProofRow = {
  name: 'failing-calls',
  fault: 'an error at every single changing file-system call of a script, in both engines',
  unit: 'runs',
  amountUnit: 'steps',
  pass: 'all riders are told; what is called absent is not there, what was acknowledged or shown is; reading goes on; usable again after absent; opening again is right',
  kind: 'all',
  inTest: 12,
  inProve: 60,
  shard: 1,
  run: (_seed, steps) => runFailingCalls(steps),
}

/** Scripts of so many steps, each with every one of its calls failing once. */
export async function runFailingCalls(steps: number): Promise<ProofResult> {
  let count = 0
  for (const engine of ENGINES) {
    for (let failing = 1; ; failing++) {
      try {
        if (!(await runScript(engine, steps, failing))) break
        count++
      } catch (error) {
        const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
        return { count, failures: [`${engine}, call ${failing} of ${steps} steps: ${message}`] }
      }
    }
  }
  return { count, failures: [] }
}

/** Runs the script with one call failing; false when there is no such call. */
async function runScript(engine: Engine, steps: number, failing: number): Promise<boolean> {
  const disk = new CrashFileSystem()
  let calls = 0
  disk.hook = (call, path) => {
    if (READING.has(call)) return
    if (++calls === failing) throw errno(call === 'write' ? 'ENOSPC' : 'EIO', path)
  }
  const told = new Map<number, 'acknowledged' | 'absent' | 'unknown'>()
  const manager = await openLedger(disk, engine).catch(() => undefined)
  if (manager !== undefined) {
    let shown = 0
    manager.subscribe(() => (shown = Math.max(shown, manager.sequence())))
    for (let step = 1; step <= steps; step++) {
      const ids = Array.from({ length: 1 + (step % 3) }, (_, n) => step * 10 + n)
      const settled = await Promise.allSettled(ids.map((id) => manager.apply({ add: id })))
      for (const [n, one] of settled.entries()) told.set(ids[n] ?? 0, verdictOf(one))
    }
    const seen = await idsOf(manager)
    if (manager.sequence() !== seen.length) throw new Violation('a number without its state')
    if (seen.length < shown) throw new Violation('what was shown has gone')
    for (const id of seen) {
      if (told.get(id) !== 'acknowledged')
        throw new Violation(`${id} is shown, and is ${told.get(id)}`)
    }
    if (manager.status === 'open') {
      disk.hook = undefined
      await manager.apply({ add: 9_999 })
      told.set(9_999, 'acknowledged')
    }
    await manager.close().catch(() => {}) // the failing call may be its own
  }
  disk.hook = undefined
  const again = await openLedger(disk, engine)
  const there = await idsOf(again)
  await again.close()
  assertHonest(there, told)
  return calls >= failing
}

function verdictOf(one: PromiseSettledResult<number>): 'acknowledged' | 'absent' | 'unknown' {
  if (one.status === 'fulfilled') return 'acknowledged'
  const { outcome } = one.reason as { readonly outcome?: 'absent' | 'unknown' }
  if (outcome === undefined)
    throw new Violation(`a rejection without an outcome: ${String(one.reason)}`)
  return outcome
}

function assertHonest(there: readonly number[], told: ReadonlyMap<number, string>): void {
  if (new Set(there).size !== there.length) throw new Violation('something is there twice')
  for (const id of there) {
    if (told.get(id) === 'absent') throw new Violation(`${id} was called absent, and is there`)
  }
  const acknowledged = [...told]
    .filter(([, verdict]) => verdict === 'acknowledged')
    .map(([id]) => id)
  const kept = there.filter((id) => told.get(id) === 'acknowledged')
  if (JSON.stringify(kept) !== JSON.stringify(acknowledged)) {
    throw new Violation(`acknowledged were ${acknowledged.join(' ')}, there are ${kept.join(' ')}`)
  }
}
