import {
  CrashFileSystem,
  type CrashFileSystemOptions,
  type PowerCutRules,
  type ProofRow,
  everyCombination,
} from '@mini-rs/testkit'
import { MiniStore, MiniStoreError, type OpenOptions } from '@mini-rs/ministore'
import { BASE } from '../test/support/journals.js'

const SECTOR_BYTES = 16

/** The watermark is left to the random worlds: here it is there as it was written, or not at all. */
const RULES: PowerCutRules = {
  sectorBytes: SECTOR_BYTES,
  gaps: 'zero',
  hasPatterns: false,
  isWhole: (path) => path.endsWith('.ack'),
}

interface SmallWorld {
  readonly name: string
  readonly options: OpenOptions<unknown>
  /** Each appends its records as one commit. */
  readonly commits: readonly (readonly unknown[])[]
}

const WORLDS: readonly SmallWorld[] = [
  { name: 'three appends', options: {}, commits: [[1], [2], [3]] },
  {
    name: 'batches',
    options: {},
    commits: [
      [1, 2],
      ['ab', 4, 5],
    ],
  },
  { name: 'a longer record', options: {}, commits: [[1], ['x'.repeat(60)]] },
  { name: 'a long record', options: {}, commits: [[1], ['x'.repeat(110)]] },
  { name: 'a longer one', options: {}, commits: [['x'.repeat(140)]] },
  { name: 'rotation', options: { maxSegmentBytes: 64 }, commits: [[1], [2], [3]] },
  { name: "two 'os' commits", options: { durability: 'os' }, commits: [[1], [2]] },
  { name: "three 'os' commits", options: { durability: 'os' }, commits: [[1], [22], [3]] },
  { name: 'an unsealed journal', options: { seal: false }, commits: [['ab'], [{ c: 1 }], ['d']] },
]

/** Every crash state of worlds that are small enough to count them all. */
export const smallWorlds: ProofRow = {
  name: 'small-worlds',
  fault:
    'exhaustive small worlds: every subset of unsynced 16-byte sectors × every length, up to 3 commits',
  unit: 'states',
  amountUnit: 'sectors',
  pass: 'the same',
  kind: 'all',
  inTest: 8,
  inProve: 12,
  shard: 1,
  run: (_seed, maxSectors) => runSmallWorlds(maxSectors),
}

/** `disk`: what is taken away, for a negative control. */
export async function runSmallWorlds(
  maxSectors: number,
  disk: CrashFileSystemOptions = {},
): Promise<{ count: number; failures: string[] }> {
  let count = 0
  const failures: string[] = []
  for (const world of WORLDS) {
    const lived = await live(world, disk)
    for (let position = 0; position <= lived.disk.position; position++) {
      const image = lived.disk.diskAt(position)
      if (image.pendingSectors(BASE, SECTOR_BYTES) > maxSectors) continue
      const must = lived.kept.findLast((mark) => mark.position <= position)?.count ?? 0
      const seen = new Set<string>()
      for (const choices of everyCombination()) {
        const crashed = lived.disk.bootedWith(image.afterPowerCut(choices, RULES))
        count++
        const bytes = crashed.paths.map((path) => `${path}=${crashed.get(path).toString('latin1')}`)
        const key = bytes.join('\n')
        if (seen.has(key)) continue // the same disk by other answers, judged before
        seen.add(key)
        const failure = await judgeState(crashed, world, must)
        if (failure === undefined) continue
        failures.push(`${world.name}, crash after step ${position}: ${failure}`)
        if (failures.length > 9) return { count, failures }
      }
    }
  }
  return { count, failures }
}

/** Lives once, and notes from which step on how many commits must be there. */
async function live(
  { options, commits }: SmallWorld,
  diskOptions: CrashFileSystemOptions,
): Promise<{
  disk: CrashFileSystem
  kept: { position: number; count: number }[]
}> {
  const disk = new CrashFileSystem({ ...diskOptions, sectorBytes: SECTOR_BYTES })
  const store = await MiniStore.open(BASE, { ...options, fileSystem: disk })
  const kept: { position: number; count: number }[] = []
  let count = 0
  for (const records of commits) {
    await store.appendMany(records)
    count += records.length
    if (store.durableSeq === count) kept.push({ position: disk.position, count })
  }
  return { disk, kept }
}

async function judgeState(
  disk: CrashFileSystem,
  { commits, options }: SmallWorld,
  must: number,
): Promise<string | undefined> {
  const all = commits.flat()
  const wholeAt = commits.map((_, index) => commits.slice(0, index + 1).flat().length)
  try {
    const store = await MiniStore.open(BASE, { ...options, fileSystem: disk })
    const records: unknown[] = []
    for await (const { record } of store.entries()) records.push(record)
    await store.close()
    const { length } = records
    if (length < must) return `acknowledged ${must}, recovered ${length}`
    if (length > 0 && !wholeAt.includes(length)) return `half a commit: ${length} records`
    const isSame = JSON.stringify(records) === JSON.stringify(all.slice(0, length))
    return isSame ? undefined : `wrong records: ${JSON.stringify(records)}`
  } catch (error) {
    return MiniStoreError.is(error) ? `refused: ${error.message}` : String(error)
  }
}
