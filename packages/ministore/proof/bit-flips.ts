import { CrashFileSystem, type ProofRow, SeededChoices } from '@mini-rs/testkit'
import { MiniStore, MiniStoreError, type OpenOptions } from '@mini-rs/ministore'
import { BASE } from '../test/support/journals.js'

const WATERMARK = `${BASE}.ack`
const JOURNAL_BYTES = 64 * 1024

/** Bits of a journal and of its watermark, each flipped alone. */
export const bitFlips: ProofRow = {
  name: 'bit-flips',
  fault: 'every single bit of a 64 KiB journal and its watermark, flipped',
  unit: 'bits',
  amountUnit: '%',
  pass: '0 silent',
  kind: 'all',
  inTest: 10,
  inProve: 100,
  shard: 1,
  run: (seed, percent) => flipBits(seed, percent),
}

async function flipBits(
  seed: number,
  percent: number,
): Promise<{ count: number; failures: string[] }> {
  const disk = await sampleDisk(JOURNAL_BYTES)
  const texts = await readTexts(disk)
  const choices = new SeededChoices(seed)
  let count = 0
  const failures: string[] = []
  for (const path of [BASE, WATERMARK]) {
    const bytes = disk.get(path)
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      if (percent < 100 && choices.choose(100) >= percent) continue
      count++
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const damaged = new CrashFileSystem()
      for (const one of disk.paths) damaged.put(one, one === path ? flipped : disk.get(one))
      const silent =
        path === WATERMARK
          ? await harmOf(damaged, texts)
          : ((await silentDamage(damaged, texts)) ?? (await silentlyOpened(damaged, texts)))
      if (silent !== undefined) failures.push(`bit ${bit} of ${path}: ${silent}`)
    }
  }
  return { count, failures: failures.slice(0, 10) }
}

/** The watermark's own damage costs nothing but sharper verdicts: reader and writer show every record. */
async function harmOf(
  disk: CrashFileSystem,
  texts: readonly string[],
): Promise<string | undefined> {
  try {
    if ((await readTexts(disk)).length !== texts.length) return 'a reader shows other records'
    const store = await MiniStore.open(BASE, { fileSystem: disk })
    await store.close()
    return store.lastSeq === texts.length ? undefined : `a writer found ${store.lastSeq} records`
  } catch (error) {
    return `refused: ${String(error)}`
  }
}

/** What a writer took for good that is not: it refuses, or finds every record. */
async function silentlyOpened(
  disk: CrashFileSystem,
  texts: readonly string[],
): Promise<string | undefined> {
  try {
    const store = await MiniStore.open(BASE, { fileSystem: disk })
    await store.close()
  } catch (error) {
    return MiniStoreError.is(error) ? undefined : `no error of ours: ${String(error)}`
  }
  return silentDamage(disk, texts)
}

/** A journal of at least that size, closed in order. */
export async function sampleDisk(
  sizeBytes: number,
  options: OpenOptions<unknown> = {},
): Promise<CrashFileSystem> {
  const disk = new CrashFileSystem()
  const store = await MiniStore.open(BASE, { ...options, fileSystem: disk })
  for (let n = 0; store.stats().sizeBytes < sizeBytes; n++) {
    await store.appendMany([
      { n, text: 'a first record' },
      { n, list: [n, true, null, 'é'] },
    ])
    await store.append({ Set: { key: `component-${n}`, value: 'a longer text '.repeat(80) } })
  }
  await store.close()
  return disk
}

async function readTexts(disk: CrashFileSystem): Promise<string[]> {
  const records = await MiniStore.replay(BASE, { fileSystem: disk })
  return records.map((record) => JSON.stringify(record))
}

/**
 * Says what damage was not noticed: records that are wrong, or fewer without an error. Readers change
 * nothing, so the disk can be used again.
 */
async function silentDamage(
  disk: CrashFileSystem,
  texts: readonly string[],
): Promise<string | undefined> {
  try {
    const shown = await readTexts(disk)
    if (shown.length < texts.length) return `${texts.length - shown.length} records are missing`
    return shown.every((text, index) => text === texts[index]) ? undefined : 'a record is wrong'
  } catch (error) {
    if (MiniStoreError.is(error)) return undefined
    return `no error of ours: ${String(error)}`
  }
}
