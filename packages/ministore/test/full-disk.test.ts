import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from './support/temporary.js'

/** A file system of 256 KiB, where this machine lets the test mount one. */
function tryMountTiny(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const folder = join(temporaryFolder(), 'tiny')
  mkdirSync(folder)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return undefined // not allowed to mount
  }
  onTestFinished(() => void execFileSync('umount', [folder]))
  return folder
}

describe('a disk that is really full', () => {
  it('rejects the append, keeps what was acknowledged, and works again with space', async (context) => {
    const folder = tryMountTiny()
    if (folder === undefined) return context.skip('this machine lets the test mount nothing')
    const path = join(folder, 'journal.jsonl')
    const ballast = join(folder, 'ballast')
    writeFileSync(ballast, Buffer.alloc(100 * 1024))
    const store = await MiniStore.open<{ n: number; text: string }>(path)
    let acknowledged = 0
    const fill = async (): Promise<void> => {
      for (;;) acknowledged = await store.append({ n: acknowledged + 1, text: 'x'.repeat(3000) })
    }
    await expect(fill()).rejects.toMatchObject({
      code: 'WRITE_FAILED',
      outcome: 'absent',
      cause: { code: 'ENOSPC' },
    })
    expect(acknowledged).toBeGreaterThan(10)
    expect(store.status).toBe('open')
    rmSync(ballast)
    expect(await store.append({ n: acknowledged + 1, text: 'space again' })).toBe(acknowledged + 1)
    await store.close()
    const numbers = (await MiniStore.replay<{ n: number }>(path)).map(({ n }) => n)
    expect(numbers).toEqual(Array.from({ length: acknowledged + 1 }, (_, index) => index + 1))
  })
})
