import type { Log } from '@mini-rs/ministore'
import { type LogCheck, type LogSubject, logChecks, runCheck } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { Faithful, brokenLogs } from './support/broken-logs.js'
import { memorySubject } from './support/memory-subject.js'

const SEED = 7

/** The names of the checks that a log behind this wrapper does not pass. */
async function failedChecks(
  Wrapper: new (inner: Log<unknown>) => Faithful,
  checks: readonly LogCheck[],
): Promise<string[]> {
  const failed: string[] = []
  for (const check of checks) {
    const makeLog = async (): Promise<LogSubject> => {
      const subject = await memorySubject(SEED)
      return { ...subject, log: new Wrapper(subject.log) }
    }
    await runCheck(check, makeLog).catch(() => failed.push(check.name))
  }
  return failed
}

describe('the conformance suite', () => {
  it('passes a wrapper that changes nothing', async () => {
    expect(await failedChecks(Faithful, logChecks)).toEqual([])
  })

  it.each(brokenLogs.map(([Broken, caughtBy]) => ({ name: Broken.name, Broken, caughtBy })))(
    'notices a log that $name',
    async ({ Broken, caughtBy }) => {
      const due = logChecks.filter(({ name }) => caughtBy.test(name))
      expect(await failedChecks(Broken, due)).not.toEqual([])
    },
  )

  it('has no two checks of one name', () => {
    const names = logChecks.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})
