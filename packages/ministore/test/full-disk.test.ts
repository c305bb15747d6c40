import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { describe, expect, it, onTestFinished } from 'vitest'
import { proving, temporaryFolder } from '@mini-rs/testkit/vitest'

const KIB = 1024

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
  onTestFinished(() => void execFileSync('umount', ['-l', folder]))
  return folder
}

interface Sized {
  readonly n: number
  readonly text: string
}

/** Leaves so much space on the tiny disk, by filling the rest of it. */
function leaveFree(folder: string, freeBytes: number): void {
  const { bavail, bsize } = statfsSync(folder)
  const ballastBytes = bavail * bsize - freeBytes
  if (ballastBytes > 0) writeFileSync(join(folder, 'ballast'), Buffer.alloc(ballastBytes))
}

/** Appends until the disk is full. Resolves to how many were acknowledged, and what ended it. */
async function fill(
  store: MiniStore<Sized>,
  sizeBytes: number,
): Promise<{ acknowledged: number; failure: unknown }> {
  let acknowledged = store.lastSeq
  try {
    for (;;) {
      acknowledged = await store.append({ n: acknowledged + 1, text: 'x'.repeat(sizeBytes) })
    }
  } catch (failure) {
    return { acknowledged, failure }
  }
}

async function numbersIn(path: string): Promise<number[]> {
  return (await MiniStore.replay<Sized>(path)).map(({ n }) => n)
}

function countUpTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1)
}

const FULL = { code: 'WRITE_FAILED', outcome: 'absent', cause: { code: 'ENOSPC' } }

/** Runs out of space, gets some, and goes on. */
async function runOut(store: MiniStore<Sized>, folder: string): Promise<void> {
  const { acknowledged, failure } = await fill(store, 900)
  expect(failure).toMatchObject(FULL)
  await expect(store.append({ n: 0, text: 'x'.repeat(5000) })).rejects.toMatchObject(FULL)
  expect([store.status, store.lastSeq]).toEqual(['open', acknowledged])
  rmSync(join(folder, 'ballast'), { force: true })
  expect(await store.append({ n: acknowledged + 1, text: '' })).toBe(acknowledged + 1)
}

/** A journal's life on a disk with so much space. Resolves to whether it could be created at all. */
async function liveWith(folder: string, freeBytes: number): Promise<'refused' | 'filled'> {
  const path = join(folder, 'journal', 'journal.jsonl')
  leaveFree(folder, freeBytes)
  const options = { maxSegmentBytes: 16 * KIB }
  const opened = await MiniStore.open<Sized>(path, options).catch((error: unknown) => error)
  if (opened instanceof MiniStore) {
    await runOut(opened, folder)
    await opened.close()
  } else {
    expect(opened).toMatchObject({ code: 'IO', cause: { code: 'ENOSPC' } })
    rmSync(join(folder, 'ballast'))
  }
  const store = await MiniStore.open<Sized>(path)
  const next = store.lastSeq + 1
  expect(await store.append({ n: next, text: '' })).toBe(next)
  await store.close()
  expect(await numbersIn(path)).toEqual(countUpTo(next))
  rmSync(join(folder, 'journal'), { recursive: true })
  return opened instanceof MiniStore ? 'filled' : 'refused'
}

describe('a disk that is really full', () => {
  it('rejects the append, keeps what was acknowledged, and works again with space', async (context) => {
    const folder = tryMountTiny()
    if (folder === undefined) return context.skip('this machine lets the test mount nothing')
    const path = join(folder, 'journal.jsonl')
    leaveFree(folder, 150 * KIB)
    const store = await MiniStore.open<Sized>(path)
    const { acknowledged, failure } = await fill(store, 3000)
    expect(failure).toMatchObject(FULL)
    expect(acknowledged).toBeGreaterThan(10)
    expect(store.status).toBe('open')
    rmSync(join(folder, 'ballast'))
    expect(await store.append({ n: acknowledged + 1, text: 'space again' })).toBe(acknowledged + 1)
    await store.close()
    expect(await numbersIn(path)).toEqual(countUpTo(acknowledged + 1))
  })

  it('may be full at any point: nothing acknowledged is lost, and nothing else is kept', async (context) => {
    const folder = tryMountTiny()
    if (folder === undefined) return context.skip('this machine lets the test mount nothing')
    const isAll = process.env['FULL_DISK_POINTS'] === 'all'
    const points = isAll ? countUpTo(60).map((count) => count - 1) : [0, 1, 2, 3, 5, 6, 9, 31]
    const outcomes: Record<string, number> = {}
    const runOutAtAll = async (): Promise<void> => {
      for (const point of points) {
        const outcome = await liveWith(folder, point * 4 * KIB)
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      }
    }
    const row = 'full disk'
    await proving({ row, count: points.length, seed: undefined }, () => ({ outcomes }), runOutAtAll)
    expect(outcomes['filled']).toBeGreaterThan(0)
    console.log(`${points.length} full disks:`, outcomes)
  })
})
