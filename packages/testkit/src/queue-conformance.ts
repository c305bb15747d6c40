import { receivingChecks } from './queue-checks/receiving.js'
import { sendingChecks } from './queue-checks/sending.js'
import { settlingChecks } from './queue-checks/settling.js'
import type { MakeQueue, QueueCheck, QueueSubject } from './queue-checks/subject.js'
import { type CheckGroup, registerChecks } from './register-checks.js'

const GROUPS: readonly CheckGroup<QueueSubject>[] = [
  ['sending', sendingChecks],
  ['receiving', receivingChecks],
  ['settling', settlingChecks],
]

/** Every promise of the `MessageQueue` port, as plain functions. */
export const queueChecks: readonly QueueCheck[] = GROUPS.flatMap(([, checks]) => checks)

/**
 * Registers one test for each promise of the `MessageQueue` port; a queue passes them all. What a queue
 * cannot be asked is skipped, and the report says why.
 */
export function queueConformance(name: string, makeQueue: MakeQueue): void {
  registerChecks(`${name}, as a MessageQueue`, GROUPS, makeQueue)
}
