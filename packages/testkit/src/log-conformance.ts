import { describe, test } from 'vitest'
import { appendingChecks } from './log-checks/appending.js'
import { closingChecks } from './log-checks/closing.js'
import { conflictChecks } from './log-checks/conflicts.js'
import { droppingChecks } from './log-checks/dropping.js'
import { failingChecks } from './log-checks/failing.js'
import { followingChecks } from './log-checks/following.js'
import { readingChecks } from './log-checks/reading.js'
import { type LogCheck, type MakeLog, runCheck } from './log-checks/subject.js'

const GROUPS: readonly (readonly [string, readonly LogCheck[]])[] = [
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

/** A check does not wait for a clock; one that takes this long waits for something that never comes. */
const CHECK_TIMEOUT_MS = 30_000

/**
 * Registers one test for each promise of the `Log` port; an engine passes them all. What a log
 * cannot be asked is skipped, and the report says why.
 */
export function logConformance(name: string, makeLog: MakeLog): void {
  describe(`${name}, as a Log`, () => {
    for (const [group, checks] of GROUPS) {
      describe(`${group}`, () => {
        for (const check of checks) {
          // oxlint-disable-next-line vitest/expect-expect -- the checks assert, without a test runner
          test(`${check.name}`, { timeout: CHECK_TIMEOUT_MS }, async ({ skip }) => {
            const reason = await runCheck(check, makeLog)
            if (reason !== undefined) skip(reason)
          })
        }
      })
    }
  })
}
