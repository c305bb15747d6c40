import type { Ledger } from '../ledger/ledger.js'
import type { DeclaredQueue } from './core.js'

/** Lets go of jobs that ended long ago, or before many others. Of a queue that nobody has declared all are kept. */
export function retire(ledger: Ledger, queue: DeclaredQueue, nowMs: number): void {
  const { completed, dead } = queue.settings.retention
  const kinds = [
    [queue.ledger.ended.completed, completed],
    [queue.ledger.ended.dead, dead],
    [queue.ledger.ended.cancelled, dead],
  ] as const
  for (const [slots, { ageMs, count }] of kinds) {
    for (const slot of slots) {
      const isOld = ledger.jobs.table.dueMs(slot) <= nowMs - ageMs
      if (slots.size <= count && !isOld) break
      ledger.jobs.forget(slot)
    }
  }
}
