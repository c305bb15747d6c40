import { describe, test } from 'vitest'
import { type Check, type CheckSubject, runCheck } from './check.js'

/** Checks that belong together, by what they are about. */
export type CheckGroup<Subject> = readonly [about: string, checks: readonly Check<Subject>[]]

/** A check does not wait for a clock; one that takes this long waits for something that never comes. */
const CHECK_TIMEOUT_MS = 30_000

/** Registers one test for each check. What a subject cannot be asked is skipped, and the report says why. */
export function registerChecks<Subject extends CheckSubject>(
  title: string,
  groups: readonly CheckGroup<Subject>[],
  makeSubject: () => Promise<Subject>,
): void {
  describe(`${title}`, () => {
    for (const [about, checks] of groups) {
      describe(`${about}`, () => {
        for (const check of checks) {
          // oxlint-disable-next-line vitest/expect-expect -- the checks assert, without a test runner
          test(`${check.name}`, { timeout: CHECK_TIMEOUT_MS }, async ({ skip }) => {
            const reason = await runCheck(check, makeSubject)
            if (reason !== undefined) skip(reason)
          })
        }
      })
    }
  })
}
