import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SnapStore } from '@mini-rs/minisnap'
import { proving, temporaryFolder } from '@mini-rs/testkit/vitest'
import { expect, it, onTestFinished } from 'vitest'

const PAGE_BYTES = 4096

/** About 100 KiB of JSON. */
const STATE = Array.from({ length: 1000 }, (_, index) => ({ index, text: 'x'.repeat(60) }))

/** A file system of 512 KiB, where this machine lets the test mount one. */
function tryMountTiny(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const folder = join(temporaryFolder(), 'tiny')
  mkdirSync(folder)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return undefined // not allowed to mount
  }
  onTestFinished(() => void execFileSync('umount', ['-l', folder]))
  return folder
}

function leaveFree(folder: string, freeBytes: number): void {
  const { bavail, bsize } = statfsSync(folder)
  const ballastBytes = bavail * bsize - freeBytes
  if (ballastBytes > 0) writeFileSync(join(folder, 'ballast'), Buffer.alloc(ballastBytes))
}

it('keeps the older snapshot on a disk that is really full, at every page of the write', async (context) => {
  const folder = tryMountTiny()
  if (folder === undefined) return context.skip('this machine lets the test mount nothing')
  const dir = join(folder, 'snapshots')
  const snapshots = new SnapStore<unknown>(dir, { pretty: false })
  const { sizeBytes } = await snapshots.create(STATE, 1)
  const pages = Math.ceil(sizeBytes / PAGE_BYTES)
  const runOutAtEveryPage = async (): Promise<void> => {
    for (let page = 0; page <= pages; page++) {
      leaveFree(folder, page * PAGE_BYTES)
      const creating = snapshots.create([...STATE, page], 2 + page)
      if (page < pages) {
        await expect(creating).rejects.toMatchObject({
          code: 'WRITE_FAILED',
          cause: { code: 'ENOSPC' },
        })
        expect((await snapshots.restore()).state).toEqual(STATE)
      } else await creating
      rmSync(join(folder, 'ballast'))
    }
  }
  const proof = { row: 'full disk', count: pages, seed: undefined }
  await proving(proof, () => ({ sizeBytes }), runOutAtEveryPage)
  expect(await snapshots.restore()).toMatchObject({ seq: 2 + pages, skipped: [] })
  expect(readdirSync(dir).filter((name) => name.includes('.tmp'))).toEqual([])
})
