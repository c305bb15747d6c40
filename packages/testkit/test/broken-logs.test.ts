import type { Log } from '@mini-rs/ministore'
import { type LogSubject, logChecks } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { brokenReaders } from './support/broken-readers.js'
import { brokenWriters } from './support/broken-writers.js'
import { Faithful } from './support/faithful-log.js'
import { memorySubject } from './support/memory-subject.js'
import { noticedBy } from './support/noticing.js'

const SEED = 7

type Wrapper = new (inner: Log<unknown>) => Faithful

function noticedIn(Broken: Wrapper): Promise<string[]> {
  return noticedBy(logChecks, async (): Promise<LogSubject> => {
    const subject = await memorySubject(SEED)
    const reopen = async (): Promise<Log<unknown>> =>
      new Broken((await subject.reopen?.()) ?? subject.log)
    return { ...subject, log: new Broken(subject.log), reopen }
  })
}

describe('the conformance suite', () => {
  const brokenLogs = [...brokenWriters, ...brokenReaders]
  const byName = brokenLogs.map(([Broken, caughtBy]) => ({ name: Broken.name, Broken, caughtBy }))

  it('passes a log whose wrapper changes nothing', async () => {
    expect(await noticedIn(Faithful)).toEqual([])
  })

  it.each(byName)('notices the log that $name', async ({ Broken, caughtBy }) => {
    expect(await noticedIn(Broken)).toContainEqual(expect.stringMatching(caughtBy))
  })

  it('has no check that all broken logs pass', async () => {
    const noticed = new Set<string>()
    for (const [Broken] of brokenLogs) for (const name of await noticedIn(Broken)) noticed.add(name)
    expect(logChecks.map(({ name }) => name).filter((name) => !noticed.has(name))).toEqual([])
  })

  it('has no two checks of one name', () => {
    const names = logChecks.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})
