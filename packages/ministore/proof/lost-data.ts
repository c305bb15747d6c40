import { CrashFileSystem, type ProofRow } from '@mini-rs/testkit'
import { MiniStore, MiniStoreError } from '@mini-rs/ministore'
import { BASE } from '../test/support/journals.js'
import { sampleDisk } from './bit-flips.js'

const SECTOR_BYTES = 512

/** Acknowledged data that a disk lost: the journal shorter by any number of bytes, or with a sector of zeros. */
export const lostData: ProofRow = {
  name: 'lost-data',
  fault: 'every truncation, every zeroed and every misdirected sector of acknowledged data',
  unit: 'journals',
  amountUnit: 'KiB',
  pass: '100 % detected with the watermark',
  kind: 'all',
  inTest: 2,
  inProve: 32,
  shard: 1,
  run: (_seed, kib) => loseData(1024 * kib, true),
}

/** `hasWatermark` false is the negative control: a cut between two commits then goes unnoticed. */
export async function loseData(
  sizeBytes: number,
  hasWatermark: boolean,
): Promise<{ count: number; failures: string[] }> {
  const active = await loseIn(await sampleDisk(sizeBytes), BASE, hasWatermark)
  // Two files of half the size: the writer looks only at where they meet, a reader at every byte.
  const halves = await sampleDisk(sizeBytes, { maxSegmentBytes: Math.ceil(sizeBytes / 2) })
  const archived = await loseIn(halves, `${BASE}.000001`, hasWatermark)
  return {
    count: active.count + archived.count,
    failures: [...active.failures, ...archived.failures].slice(0, 10),
  }
}

/** Every loss in one file of a journal. */
async function loseIn(
  sample: CrashFileSystem,
  path: string,
  hasWatermark: boolean,
): Promise<{ count: number; failures: string[] }> {
  const bytes = sample.get(path)
  const failures: string[] = []
  let count = 0
  const judge = async (left: Buffer, what: string): Promise<void> => {
    count++
    const disk = new CrashFileSystem()
    for (const other of sample.paths) disk.put(other, other === path ? left : sample.get(other))
    if (!hasWatermark) disk.discard(`${BASE}.ack`)
    const readers: [string, () => Promise<unknown>][] = [
      ['a reader', () => MiniStore.replay(BASE, { fileSystem: disk })],
    ]
    if (path === BASE) readers.push(['a writer', () => MiniStore.open(BASE, { fileSystem: disk })])
    for (const [who, attempt] of readers) {
      if (!(await isRefused(attempt))) failures.push(`${what} of ${path}: ${who} did not notice`)
    }
  }
  for (let cut = 0; cut < bytes.length; cut++) {
    await judge(bytes.subarray(0, cut), `cut at byte ${cut}`)
  }
  for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
    const zeroed = Buffer.from(bytes)
    zeroed.fill(0, at, Math.min(at + SECTOR_BYTES, bytes.length))
    await judge(zeroed, `sector at byte ${at} zeroed`)
  }
  for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
    for (let from = at % (4 * SECTOR_BYTES); from < bytes.length; from += 4 * SECTOR_BYTES) {
      const misdirected = Buffer.from(bytes)
      bytes.copy(misdirected, at, from, Math.min(from + SECTOR_BYTES, bytes.length))
      if (misdirected.equals(bytes)) continue
      await judge(misdirected, `sector at byte ${from} also written to byte ${at}`)
    }
  }
  return { count, failures }
}

async function isRefused(attempt: () => Promise<unknown>): Promise<boolean> {
  try {
    await attempt()
    return false
  } catch (error) {
    if (!MiniStoreError.is(error)) throw error
    return true
  }
}
