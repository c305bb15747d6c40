import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MiniStore } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { CrashFileSystem } from '@mini-rs/testkit'
import { BASE } from './support/journals.js'
import { temporaryFolder } from '@mini-rs/testkit/vitest'

const APPENDER = fileURLToPath(new URL('support/appender.mjs', import.meta.url))

describe('the lock', () => {
  it('lets exactly one of two writers in, and names the holder to the other', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const outcomes = await Promise.allSettled([MiniStore.open(path), MiniStore.open(path)])
    const won = outcomes.filter((outcome) => outcome.status === 'fulfilled')
    expect(won).toHaveLength(1)
    await expect(MiniStore.open(path)).rejects.toMatchObject({
      code: 'JOURNAL_LOCKED',
      message: expect.stringContaining(`process ${process.pid} on ${hostname()}`),
    })
    await won[0]?.value.close()
    const next = await MiniStore.open(path)
    expect(next.recovery.lock.length).toBeGreaterThan(0)
    await next.close()
  })

  it('is free at once when its holder is killed', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const holder = spawn(process.execPath, [APPENDER, path, '1'])
    await once(holder.stdout, 'data')
    await expect(MiniStore.open(path)).rejects.toThrow(`process ${holder.pid}`)
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    const store = await MiniStore.open(path)
    expect(store.status).toBe('open')
    await store.close()
  })

  it('leaves its file in place, which says who held it', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const store = await MiniStore.open(path)
    await store.close()
    expect(JSON.parse(readFileSync(`${path}.lock`, 'utf8'))).toMatchObject({ pid: process.pid })
  })

  it('is not said to be held by one who has let it go, or is dead', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const gone = spawn(process.execPath, ['-e', ''])
    await once(gone, 'exit')
    const store = await MiniStore.open(path)
    const owner = { host: hostname(), since: new Date(0).toISOString() }
    for (const text of [
      { pid: process.pid, ...owner, isReleased: true },
      { pid: gone.pid, ...owner },
    ]) {
      writeFileSync(`${path}.lock`, JSON.stringify(text))
      await expect(MiniStore.open(path)).rejects.toMatchObject({
        code: 'JOURNAL_LOCKED',
        message: expect.stringContaining('another process'),
      })
    }
    await store.close()
    expect(JSON.parse(readFileSync(`${path}.lock`, 'utf8'))).toMatchObject({ isReleased: true })
  })

  it('is refused by name where nothing can lock, and can be done without', async () => {
    const fileSystem = new CrashFileSystem()
    fileSystem.tryLock = async () => ({ kind: 'unavailable', reason: 'no way to lock' })
    await expect(MiniStore.open(BASE, { fileSystem })).rejects.toThrow(
      /no way to lock.*lock: false/,
    )
    const store = await MiniStore.open(BASE, { fileSystem, lock: false })
    expect(store.recovery.lock).toEqual([])
    expect(store.exclusive).toBe(true)
    await store.close()
  })
})
