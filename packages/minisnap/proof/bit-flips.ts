import { type ProofRow, CrashFileSystem, SeededChoices } from '@mini-rs/testkit'
import { MiniSnapError, SnapStore, type SnapStoreOptions } from '@mini-rs/minisnap'

const FOLDER = '/snapshots'

/** The state whose file is damaged: a few KiB of everything that plain JSON can carry. */
const SAMPLE: unknown = {
  counter: 42,
  list: Array.from({ length: 40 }, (_, index) => ({ index, name: `component-${index}`, on: true })),
  nested: { empty: {}, none: null, text: 'é \u2028 "quoted"\n', numbers: [0, -1.5, 1e300] },
}

const OLDER = { counter: 41 }

/** Bits and lengths of a snapshot, each damaged alone, in every kind of file. */
export const bitFlips: ProofRow = {
  name: 'bit-flips',
  fault: 'every single bit of a snapshot flipped, every truncation, zeroed sectors',
  unit: 'damages',
  amountUnit: '%',
  pass: 'noticed: the older one, or a clear error; or provably the same state',
  kind: 'all',
  inTest: 20,
  inProve: 100,
  shard: 1,
  run: (seed, percent) => damageAll(seed, percent),
}

/** What a file is made of; the kinds that the running Node.js has. */
const KINDS: readonly SnapStoreOptions<unknown>[] = [
  { pretty: true },
  { pretty: false },
  { compression: 'gzip' },
]

/** Every damage that `percent` of the draws take, of every kind of file. */
async function damageAll(
  seed: number,
  percent: number,
): Promise<{ count: number; failures: string[] }> {
  const choices = new SeededChoices(seed)
  const failures: string[] = []
  let count = 0
  for (const options of KINDS) {
    const { fileSystem, path } = await sampleDisk(options)
    for (const { what, bytes } of damages(fileSystem.get(path))) {
      if (percent < 100 && choices.choose(100) >= percent) continue
      count++
      fileSystem.put(path, bytes)
      const silent = await silentDamage(fileSystem, options)
      if (silent !== undefined) failures.push(`${JSON.stringify(options)}, ${what}: ${silent}`)
    }
  }
  return { count, failures: failures.slice(0, 10) }
}

/** A folder with an older snapshot, and one of the sample. */
export async function sampleDisk(
  options: SnapStoreOptions<unknown>,
): Promise<{ fileSystem: CrashFileSystem; path: string }> {
  const fileSystem = new CrashFileSystem()
  const snapshots = new SnapStore<unknown>(FOLDER, { ...options, fileSystem })
  await snapshots.create(OLDER, 1)
  const { path } = await snapshots.create(SAMPLE, 2)
  return { fileSystem, path }
}

/** The content with every single damage. */
export function* damages(whole: Buffer): Generator<{ what: string; bytes: Buffer }> {
  for (let bit = 0; bit < 8 * whole.length; bit++) {
    const bytes = Buffer.from(whole)
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    yield { what: `bit ${bit} flipped`, bytes }
  }
  for (let sizeBytes = 0; sizeBytes < whole.length; sizeBytes++) {
    yield { what: `cut to ${sizeBytes} bytes`, bytes: Buffer.from(whole.subarray(0, sizeBytes)) }
  }
  for (let at = 0; at < whole.length; at += 512) {
    yield {
      what: `512 bytes from ${at} zeroed`,
      bytes: Buffer.from(whole).fill(0, at, Math.min(at + 512, whole.length)),
    }
  }
}

/** What was not noticed: another state than one of those that were created, or none without an error. */
export async function silentDamage(
  fileSystem: CrashFileSystem,
  options: SnapStoreOptions<unknown>,
): Promise<string | undefined> {
  try {
    const { state, seq, skipped } = await new SnapStore<unknown>(FOLDER, {
      ...options,
      fileSystem,
    }).restore()
    const wanted = JSON.stringify(seq === 2 ? SAMPLE : OLDER)
    if (JSON.stringify(state) !== wanted) return `the state of ${seq} is wrong`
    return seq === 1 && skipped.length !== 1 ? 'the damaged one was not named' : undefined
  } catch (error) {
    return MiniSnapError.is(error)
      ? `refused: ${error.message}`
      : `no error of ours: ${String(error)}`
  }
}
