import type { Role, Step, StepResult, Syscall, TracedCall } from './traced-run.js'

/** A row of "Failures while writing" in FORMAT.md, as a caller sees it. */
export interface FailureRow {
  readonly code: string
  readonly outcome: string | undefined
  readonly status: 'open' | 'failed'
}

const ABSENT: FailureRow = { code: 'WRITE_FAILED', outcome: 'absent', status: 'open' }
const UNKNOWN: FailureRow = { code: 'WRITE_FAILED', outcome: 'unknown', status: 'failed' }
const SYNC: FailureRow = { code: 'SYNC_FAILED', outcome: 'unknown', status: 'failed' }
/** Not in the table, for nothing is written: a file could not be dropped. */
const NOT_DROPPED: FailureRow = { code: 'IO', outcome: undefined, status: 'open' }

/** The row for a call that failed within a step; `isFollowed`: so did the one that was to take it back. */
export function rowOf(
  step: string,
  { syscall, role }: { syscall: Syscall; role: Role },
  isFollowed: boolean,
): FailureRow {
  const isRemoving = role === 'archived' || role === 'directory'
  if (step === 'dropBefore' && isRemoving) return NOT_DROPPED
  if (role === 'directory') return UNKNOWN
  if (role === 'active' && syscall === 'fdatasync') return SYNC
  if (role === 'active' && syscall === 'pwrite64') return isFollowed ? UNKNOWN : ABSENT
  return isFollowed ? UNKNOWN : ABSENT
}

/** Compares what a writer said with the table. Resolves to the ways in which it differs. */
export function differencesFrom(steps: readonly Step[], calls: readonly TracedCall[]): string[] {
  const injected = calls.filter(({ isInjected }) => isInjected)
  const faults = injected.filter(({ role }) => role !== 'watermark')
  const canFail = isWatermarkStuck(injected)
  const differences: string[] = []
  let isFailed = false
  for (const { step, results = [], status } of steps) {
    const rejected = results.filter(({ isAcknowledged }) => !isAcknowledged)
    if (isFailed) {
      differences.push(...differencesOfFailed(step, results))
      continue
    }
    if (rejected.length === 0) {
      isFailed = status === 'failed'
      if (isFailed && !canFail) differences.push(`${step}: the store failed, and rejected nothing`)
      continue
    }
    const fault = faults.shift()
    if (fault === undefined && canFail && status === 'failed') {
      // It got stuck behind the first commit of the step: what waited behind that is refused.
      differences.push(...differencesOfFailed(step, rejected))
      isFailed = true
      continue
    }
    if (fault === undefined) {
      differences.push(`${step} failed without a fault: ${JSON.stringify(rejected)}`)
      continue
    }
    const isFollowed = isTakingBack(fault, faults[0])
    if (isFollowed) faults.shift()
    const row = rowOf(step, fault, isFollowed)
    for (const { code, outcome, message } of rejected) {
      if (code === row.code && outcome === row.outcome) continue
      if (code === 'STORE_FAILED' && outcome === 'absent' && row.status === 'failed') continue
      differences.push(`${step}, ${fault.syscall} ${fault.role}: ${code} ${outcome}: ${message}`)
    }
    if (status !== row.status) differences.push(`${step}, ${fault.syscall}: status ${status}`)
    isFailed = row.status === 'failed'
  }
  if (canFail && goesOn(calls)) differences.push('the watermark is stuck, and the store goes on')
  return [...differences, ...faults.map((one) => `no step answered for ${JSON.stringify(one)}`)]
}

/** It could be neither written nor removed: what it says is stale, and the next writes are refused. */
function isWatermarkStuck(injected: readonly TracedCall[]): boolean {
  const stuck = injected.filter(({ role }) => role === 'watermark')
  return ['pwrite64', 'unlink'].every((call) => stuck.some(({ syscall }) => syscall === call))
}

/** Whether the journal itself was written behind the last call that failed. At a close there is no such write. */
function goesOn(calls: readonly TracedCall[]): boolean {
  const last = calls.findLastIndex(({ isInjected }) => isInjected)
  return calls.slice(last + 1).some(({ role }) => role === 'active')
}

/** After a failed write the file is cut and synced; after a failed second rename the first is undone. */
function isTakingBack(fault: TracedCall, next: TracedCall | undefined): boolean {
  if (fault.role === 'next') return fault.syscall === 'rename' && next?.role === 'archived'
  if (fault.role !== 'active' || fault.syscall !== 'pwrite64' || next?.role !== 'active')
    return false
  return next.syscall === 'ftruncate' || next.syscall === 'fdatasync'
}

/** A failed store refuses every write, surely without a trace, and closes quietly. */
function differencesOfFailed(step: string, results: readonly StepResult[]): string[] {
  if (step === 'close') return results.every((one) => one.isAcknowledged) ? [] : ['close failed']
  const wrong = results.filter(
    ({ code, outcome }) => code !== 'STORE_FAILED' || outcome !== 'absent',
  )
  return wrong.map((one) => `${step} on a failed store: ${JSON.stringify(one)}`)
}
