import { closeSync, fdatasync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { MiniStore, type OpenOptions } from '@mini-rs/ministore'
import { type Measure, grouped, median, medianRatio, timed } from './measure.js'

const RECORD = { Set: { key: 'component-000042', value: 42, at: 1_700_000_000_000, note: 'small' } }
const LINE = Buffer.from(`${JSON.stringify(RECORD)}\n`)
const ROUNDS = 9

/** Rates of one round, per second. */
interface Round {
  readonly floor: number
  /** The floor, with each sync handed to the thread pool: what a change of threads costs here. */
  readonly floorInPool: number
  readonly pool: number
  readonly inline: number
  readonly callers64: number
  readonly callers1024: number
}

/** Appends by one and by many callers, each beside the raw loop of its round. */
export async function measureAppends(folder: string, isQuick: boolean): Promise<Measure[]> {
  const count = isQuick ? 100 : 1000
  const rounds: Round[] = []
  // Compiled before it is measured: a writer that lives for a second has got there.
  await appendRate(folder, 1, 10 * count)
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({
      floor: await floorRate(folder, count, false),
      floorInPool: await floorRate(folder, count, true),
      pool: await appendRate(folder, 1, count),
      inline: await appendRate(folder, 1, count, { syncOn: 'inline' }),
      callers64: await appendRate(folder, 64, 8 * count),
      callers1024: await appendRate(folder, 1024, 128 * count),
    })
  }
  const all = (key: keyof Round): number[] => rounds.map((round) => round[key])
  const rate = (key: keyof Round): string => `${grouped(median(all(key)))}/s`
  const ratio = (above: keyof Round, below: keyof Round): number =>
    medianRatio(all(above), all(below))
  const share = ratio('floorInPool', 'floor').toFixed(2)
  return [
    {
      name: 'append, one caller ÷ write + fdatasync loop',
      value: ratio('pool', 'floor'),
      unit: 'ratio',
      reach: 0.65,
      detail: `${rate('pool')} beside ${rate('floor')}; the loop with its sync in the pool: ${share}`,
    },
    {
      name: "the same with syncOn: 'inline'",
      value: ratio('inline', 'floor'),
      unit: 'ratio',
      reach: 0.8,
      detail: `${rate('inline')} beside ${rate('floor')}`,
    },
    {
      name: '64 callers ÷ one caller',
      value: ratio('callers64', 'pool'),
      unit: 'ratio',
      reach: 12,
      detail: rate('callers64'),
    },
    {
      name: '1,024 callers ÷ one caller',
      value: ratio('callers1024', 'pool'),
      unit: 'ratio',
      reach: 60,
      detail: rate('callers1024'),
    },
  ]
}

async function floorRate(folder: string, count: number, isInPool: boolean): Promise<number> {
  const fd = openSync(join(folder, 'floor.jsonl'), 'w')
  const elapsedMs = await timed(async () => {
    for (let n = 0; n < count; n++) {
      writeSync(fd, LINE, 0, LINE.length, n * LINE.length)
      if (isInPool) await syncInPool(fd)
      else fdatasyncSync(fd)
    }
  })
  closeSync(fd)
  return (count / elapsedMs) * 1000
}

function syncInPool(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error ? reject(error) : resolve()))
  })
}

async function appendRate(
  folder: string,
  callers: number,
  count: number,
  options: OpenOptions<unknown> = {},
): Promise<number> {
  const store = await MiniStore.open(join(folder, `${crypto.randomUUID()}.jsonl`), options)
  let left = count
  const caller = async (): Promise<void> => {
    while (left-- > 0) await store.append(RECORD)
  }
  const elapsedMs = await timed(() => Promise.all(Array.from({ length: callers }, caller)))
  await store.close()
  if (store.lastSeq !== count) throw new Error(`${store.lastSeq} records instead of ${count}`)
  return (count / elapsedMs) * 1000
}
