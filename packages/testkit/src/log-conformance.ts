import { appendingChecks } from './log-checks/appending.js'
import { closingChecks } from './log-checks/closing.js'
import { conflictChecks } from './log-checks/conflicts.js'
import { droppingChecks } from './log-checks/dropping.js'
import { failingChecks } from './log-checks/failing.js'
import { followingChecks } from './log-checks/following.js'
import { readingChecks } from './log-checks/reading.js'
import type { LogCheck, LogSubject, MakeLog } from './log-checks/subject.js'
import { type CheckGroup, registerChecks } from './register-checks.js'

const GROUPS: readonly CheckGroup<LogSubject>[] = [
  ['appending', appendingChecks],
  ['expectedSeq and other writers', conflictChecks],
  ['reading', readingChecks],
  ['dropping', droppingChecks],
  ['following', followingChecks],
  ['failing', failingChecks],
  ['closing', closingChecks],
]

/** Every promise of the `Log` port, as plain functions. */
export const logChecks: readonly LogCheck[] = GROUPS.flatMap(([, checks]) => checks)

/**
 * Registers one test for each promise of the `Log` port; an engine passes them all. What a log
 * cannot be asked is skipped, and the report says why.
 */
export function logConformance(name: string, makeLog: MakeLog): void {
  registerChecks(`${name}, as a Log`, GROUPS, makeLog)
}
