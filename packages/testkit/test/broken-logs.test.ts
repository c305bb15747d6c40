import type { Log } from '@mini-rs/ministore'
import { type LogCheck, type LogSubject, logChecks, runCheck } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { brokenReaders } from './support/broken-readers.js'
import { brokenWriters } from './support/broken-writers.js'
import { Faithful } from './support/faithful-log.js'
import { memorySubject } from './support/memory-subject.js'

const SEED = 7
/** A log in memory needs no turn of the event loop; what is not through by then never will be. */
const MOST_TURNS = 50

type Wrapper = new (inner: Log<unknown>) => Faithful

/** Whether the check fails, or hangs, which a test runner's time limit ends. */
async function isNoticed(Broken: Wrapper, check: LogCheck): Promise<boolean> {
  const makeLog = async (): Promise<LogSubject> => {
    const subject = await memorySubject(SEED)
    const reopen = async (): Promise<Log<unknown>> =>
      new Broken((await subject.reopen?.()) ?? subject.log)
    return { ...subject, log: new Broken(subject.log), reopen }
  }
  const checking = runCheck(check, makeLog).then(
    () => false,
    () => true,
  )
  return Promise.race([checking, turns().then(() => true)])
}

async function turns(): Promise<void> {
  for (let left = MOST_TURNS; left > 0; left--)
    await new Promise((resolve) => setImmediate(resolve))
}

async function noticedBy(Broken: Wrapper): Promise<string[]> {
  const noticed: string[] = []
  for (const check of logChecks) {
    if (await isNoticed(Broken, check)) noticed.push(check.name)
  }
  return noticed
}

describe('the conformance suite', () => {
  const brokenLogs = [...brokenWriters, ...brokenReaders]
  const byName = brokenLogs.map(([Broken, caughtBy]) => ({ name: Broken.name, Broken, caughtBy }))

  it('passes a log whose wrapper changes nothing', async () => {
    expect(await noticedBy(Faithful)).toEqual([])
  })

  it.each(byName)('notices the log that $name', async ({ Broken, caughtBy }) => {
    expect(await noticedBy(Broken)).toContainEqual(expect.stringMatching(caughtBy))
  })

  it('has no check that all broken logs pass', async () => {
    const noticed = new Set<string>()
    for (const [Broken] of brokenLogs) for (const name of await noticedBy(Broken)) noticed.add(name)
    expect(logChecks.map(({ name }) => name).filter((name) => !noticed.has(name))).toEqual([])
  })

  it('has no two checks of one name', () => {
    const names = logChecks.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})
