import { execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { MiniStore } from '@mini-rs/ministore'
import { type Measure, grouped, median, medianRatio, timed } from './measure.js'

const MIB = 1024 * 1024
const ONE_SEGMENT = { durability: 'os', maxSegmentBytes: 4 * 1024 * MIB } as const

interface Counted {
  readonly n: number
  readonly kind: string
  readonly by: number
  readonly name: string
}

function counted(n: number): Counted {
  return { n, kind: 'inc', by: n % 7, name: `counter-${n % 100}` }
}

/** Writes records, a thousand a commit, until `isEnough`. */
async function fill(
  path: string,
  isEnough: (count: number, sizeBytes: number) => boolean,
): Promise<void> {
  const store = await MiniStore.open<Counted>(path, ONE_SEGMENT)
  while (!isEnough(store.lastSeq, store.stats().sizeBytes)) {
    const first = store.lastSeq
    await store.appendMany(Array.from({ length: 1000 }, (_, index) => counted(first + index)))
  }
  await store.close()
}

/** A fold with seals verified, beside readline and JSON.parse over the same file. */
export async function measureReduce(folder: string, isQuick: boolean): Promise<Measure[]> {
  const count = isQuick ? 200_000 : 2_000_000
  const path = join(folder, 'reduce.jsonl')
  await fill(path, (records) => records >= count)
  const ours: number[] = []
  const readline: number[] = []
  for (let round = 0; round < 5; round++) {
    let folded = 0
    let byLine = 0
    ours.push(
      await timed(async () => {
        folded = await MiniStore.reduce<Counted, number>(path, (sum, { by }) => sum + by, 0)
      }),
    )
    readline.push(await timed(async () => (byLine = await sumByLine(path))))
    if (folded !== byLine) throw new Error('the two folds differ')
  }
  return [
    {
      name: `reduce over ${grouped(count)} records ÷ readline + JSON.parse`,
      value: medianRatio(readline, ours),
      unit: 'ratio',
      reach: 1.7,
      detail: `${grouped((count / median(ours)) * 1000)}/s beside ${grouped((count / median(readline)) * 1000)}/s`,
    },
  ]
}

async function sumByLine(path: string): Promise<number> {
  let sum = 0
  for await (const line of createInterface({
    input: createReadStream(path),
    crlfDelay: Infinity,
  })) {
    if (!line.startsWith('//')) sum += (JSON.parse(line) as Counted).by
  }
  return sum
}

/** Opening with every seal verified, beside reading the file and one CRC over it. */
export async function measureOpen(folder: string, isQuick: boolean): Promise<Measure[]> {
  const sizeBytes = (isQuick ? 8 : 64) * MIB
  const path = join(folder, 'open.jsonl')
  await fill(path, (_, size) => size >= sizeBytes)
  const open: number[] = []
  const raw: number[] = []
  for (let round = 0; round < 9; round++) {
    raw.push(await timed(async () => crc32(await readFile(path))))
    let store: MiniStore<unknown> | undefined
    open.push(await timed(async () => (store = await MiniStore.open(path, ONE_SEGMENT))))
    await store?.close()
  }
  return [
    {
      name: `opening ${sizeBytes / MIB} MiB ÷ (readFile + one crc32)`,
      value: medianRatio(raw, open),
      unit: 'ratio',
      reach: 0.4,
      detail: `${median(open).toFixed(0)} ms beside ${median(raw).toFixed(0)} ms`,
    },
  ]
}

/** Peak memory of a process of its own that reads a journal record by record. */
export async function measureMemory(folder: string, isQuick: boolean): Promise<Measure[]> {
  const sizeBytes = (isQuick ? 64 : 1024) * MIB
  const path = join(folder, 'memory.jsonl')
  await fill(path, (_, size) => size >= sizeBytes)
  const program = fileURLToPath(new URL('read-entries.mjs', import.meta.url))
  const output = execFileSync(process.execPath, [program, path], { encoding: 'utf8' })
  const { records, maxRssBytes } = JSON.parse(output) as { records: number; maxRssBytes: number }
  return [
    {
      name: `peak memory of entries over ${((await stat(path)).size / MIB).toFixed(0)} MiB`,
      value: maxRssBytes / 1_000_000,
      unit: 'MB',
      reach: 150,
      detail: `${grouped(records)} records`,
    },
  ]
}
