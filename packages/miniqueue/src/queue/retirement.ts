import type { Ledger } from '../ledger/ledger.js'
import type { NumberQueue } from '../table/number-queue.js'
import type { DeclaredQueue } from './core.js'

/** Lets go of jobs that ended long ago, or before many others. Of a queue that nobody has declared all are kept. */
export function retire(ledger: Ledger, queue: DeclaredQueue, nowMs: number): void {
  const { completed, dead } = queue.settings.retention
  const { ended } = queue.ledger
  retireFrom(ended.completed, ledger, completed, nowMs)
  retireFrom(ended.dead, ledger, dead, nowMs)
  retireFrom(ended.cancelled, ledger, dead, nowMs)
}

function retireFrom(
  slots: NumberQueue,
  { jobs }: Ledger,
  { ageMs, count }: { readonly ageMs: number; readonly count: number },
  nowMs: number,
): void {
  for (;;) {
    const oldest = slots.first()
    if (oldest === undefined) return
    const isOld = jobs.table.dueMs(oldest) <= nowMs - ageMs
    if (slots.size <= count && !isOld) return
    jobs.forget(oldest)
  }
}
