import { execFile } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { MiniStore, systemClock } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { isInstalled } from './support/loop-disk.js'
import { Racer } from './support/racer.js'
import { countFromEnv, proving, temporaryFolder } from '@mini-rs/testkit/vitest'

const STOPPED_MS = countFromEnv('STOPPED_MS', 2000)
const TAKEOVERS = Math.ceil(countFromEnv('RACES', 50) / 10)
const DIST = fileURLToPath(new URL('../../dist', import.meta.url))
const DAY_MS = 24 * 60 * 60 * 1000

/** Opens until it works, and resolves to how often it was refused. */
async function openAtLast(path: string): Promise<{ store: MiniStore<unknown>; refusals: number }> {
  for (let refusals = 0; ; refusals++) {
    try {
      return { store: await MiniStore.open(path), refusals }
    } catch (error) {
      expect(error).toMatchObject({ code: 'JOURNAL_LOCKED' })
    }
  }
}

const FORGOTTEN = fileURLToPath(new URL('support/forgotten.mjs', import.meta.url))

describe('a holder of the lock', () => {
  it('keeps it when its program has lost sight of the store', async () => {
    const args = ['--expose-gc', FORGOTTEN, temporaryFolder()]
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args)
    expect([stdout.trim(), stderr]).toEqual(['JOURNAL_LOCKED', ''])
  })

  it(
    `keeps it while it is stopped, here for ${STOPPED_MS} ms`,
    { timeout: STOPPED_MS + 60_000 },
    async () => {
      const path = join(temporaryFolder(), 'journal.jsonl')
      const holder = await Racer.start()
      await holder.tell('open', { path })
      let refusals = 0
      await proving(
        { row: 'stopped holder', count: 1, seed: undefined },
        () => ({ stoppedMs: STOPPED_MS, refusals }),
        async () => {
          holder.signal('SIGSTOP')
          const startMs = systemClock.monotonicMs()
          while (systemClock.monotonicMs() - startMs < STOPPED_MS) {
            await expect(MiniStore.open(path)).rejects.toMatchObject({
              code: 'JOURNAL_LOCKED',
              message: expect.stringContaining(`process ${holder.pid} on `),
            })
            refusals++
            await pause(20) // a real process has to stay stopped for a real time
          }
          holder.signal('SIGCONT')
          expect(await holder.tell('append', { record: 'still mine' })).toMatchObject({ seq: 1 })
        },
      )
      await holder.tell('close')
      expect(refusals).toBeGreaterThan(1)
      expect(await MiniStore.replay(path)).toEqual(['still mine'])
    },
  )

  it('keeps it when the clock of another moves a day, either way', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const [holder, other] = await Promise.all([Racer.start(), Racer.start()])
    await holder.tell('open', { path })
    for (const aheadMs of [DAY_MS, -DAY_MS]) {
      const answer = await other.tell('open', { path, aheadMs })
      expect(answer).toMatchObject({ isDone: false, code: 'JOURNAL_LOCKED' })
    }
    expect(await holder.tell('append', { record: 1 })).toMatchObject({ seq: 1 })
    await holder.tell('close')
    expect(await other.tell('open', { path, aheadMs: -DAY_MS })).toMatchObject({ isDone: true })
  })

  it(
    `gives it up with its life, ${TAKEOVERS} times`,
    { timeout: 60_000 + TAKEOVERS * 2000 },
    async () => {
      const path = join(temporaryFolder(), 'journal.jsonl')
      const elapsed: number[] = []
      let refusals = 0
      const figures = (): Record<string, unknown> => {
        const sorted = elapsed.toSorted((a, b) => a - b)
        const p50Ms = sorted[Math.floor(sorted.length / 2)]
        return { p50Ms, maxMs: sorted.at(-1), refusals }
      }
      await proving(
        { row: 'lock takeover', count: TAKEOVERS, seed: undefined },
        figures,
        async () => {
          for (let takeover = 1; takeover <= TAKEOVERS; takeover++) {
            const holder = await Racer.start()
            await holder.tell('open', { path })
            expect(await holder.tell('append', { record: takeover })).toMatchObject({
              seq: takeover,
            })
            const startMs = systemClock.monotonicMs()
            holder.signal('SIGKILL')
            const taken = await openAtLast(path)
            elapsed.push(systemClock.monotonicMs() - startMs)
            refusals += taken.refusals
            await taken.store.close()
            expect(taken.store.lastSeq).toBe(takeover)
          }
        },
      )
      console.log(`${TAKEOVERS} takeovers:`, figures())
    },
  )
})

const hasAddOn = existsSync(
  fileURLToPath(new URL('../../node_modules/fs-native-extensions', import.meta.url)),
)
const hasCommand = process.platform === 'linux' && (isInstalled('flock') || isInstalled('busybox'))

describe('a machine with one way to lock', () => {
  /** The library where it does not find the add-on. */
  const libraryWithoutAddOn = (): string => {
    const copy = join(temporaryFolder(), 'library')
    cpSync(DIST, copy, { recursive: true })
    return join(copy, 'index.js')
  }
  const withoutCommand = { ...process.env, PATH: '/nonexistent' }

  it('says that it has the command only', async (context) => {
    if (!hasCommand) return context.skip('no flock command here')
    const path = join(temporaryFolder(), 'journal.jsonl')
    const [one, two] = await Promise.all([Racer.start(libraryWithoutAddOn()), Racer.start()])
    expect(await one.tell('open', { path })).toMatchObject({ isDone: true, lock: ['flock'] })
    expect(await two.tell('open', { path })).toMatchObject({ code: 'JOURNAL_LOCKED' })
  })

  it('says that it has the add-on only', async (context) => {
    if (!hasAddOn) return context.skip('fs-native-extensions is not installed here')
    const path = join(temporaryFolder(), 'journal.jsonl')
    const [one, two] = await Promise.all([Racer.start(undefined, withoutCommand), Racer.start()])
    expect(await one.tell('open', { path })).toMatchObject({ isDone: true, lock: ['ofd'] })
    expect(await two.tell('open', { path })).toMatchObject({ code: 'JOURNAL_LOCKED' })
  })

  it('is refused by both where a holder has both', async (context) => {
    if (!hasCommand || !hasAddOn) return context.skip('only one way to lock here')
    const path = join(temporaryFolder(), 'journal.jsonl')
    const racers = [
      Racer.start(),
      Racer.start(libraryWithoutAddOn()),
      Racer.start(undefined, withoutCommand),
    ]
    const [holder, commandOnly, addOnOnly] = await Promise.all(racers)
    expect(await holder?.tell('open', { path })).toMatchObject({ lock: ['flock', 'ofd'] })
    expect(await commandOnly?.tell('open', { path })).toMatchObject({ code: 'JOURNAL_LOCKED' })
    expect(await addOnOnly?.tell('open', { path })).toMatchObject({ code: 'JOURNAL_LOCKED' })
  })

  it('names both ways that it tried where it has none', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const racer = await Racer.start(libraryWithoutAddOn(), withoutCommand)
    const answer = await racer.tell('open', { path })
    expect(answer).toMatchObject({ isDone: false, code: 'IO' })
    expect(answer.message).toContain('fs-native-extensions')
    if (process.platform === 'linux') expect(answer.message).toContain('flock')
  })
})
