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
  inTest: 4,
  inProve: 32,
  shard: 1,
  run: (_seed, kib) => loseData(1024 * kib, true),
}

/** `hasWatermark` false is the negative control: a cut between two commits then goes unnoticed. */
export async function loseData(
  sizeBytes: number,
  hasWatermark: boolean,
): Promise<{ count: number; failures: string[] }> {
  const sample = await sampleDisk(sizeBytes)
  const bytes = sample.get(BASE)
  const failures: string[] = []
  let count = 0
  const judge = async (left: Buffer, what: string): Promise<void> => {
    count++
    const disk = new CrashFileSystem()
    disk.put(BASE, left)
    if (hasWatermark) disk.put(`${BASE}.ack`, sample.get(`${BASE}.ack`))
    for (const [who, attempt] of [
      ['a writer', () => MiniStore.open(BASE, { fileSystem: disk })],
      ['a reader', () => MiniStore.replay(BASE, { fileSystem: disk })],
    ] as const) {
      if (!(await isRefused(attempt))) failures.push(`${what}: ${who} did not notice`)
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
  return { count, failures: failures.slice(0, 10) }
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
