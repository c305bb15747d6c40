import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { jobData } from './subject.js'

/** The least that a durable job can cost: a blocking loop, nothing around it. */
export interface FloorFigures {
  readonly perSecond: number
  /** How long a write and its sync take, in the middle. */
  readonly p50Ms: number
}

/**
 * Writes and syncs records such as a queue's for so long. With a rest before each of them, as a queue has it
 * that is empty: after a rest a sync takes several times as long, on a disk and a processor that had none.
 */
export async function measureFloor(
  path: string,
  durationMs: number,
  restMs = 0,
): Promise<FloorFigures> {
  const file = openSync(path, 'w')
  const timesMs: number[] = []
  const endMs = performance.now() + durationMs
  let offset = 0
  while (performance.now() < endMs) {
    if (restMs > 0) await setTimeout(restMs)
    const startMs = performance.now()
    const record = { enqueue: { queue: 'jobs', data: jobData(timesMs.length), atMs: Date.now() } }
    const bytes = Buffer.from(`${JSON.stringify(record)}\n`)
    writeSync(file, bytes, 0, bytes.length, offset)
    offset += bytes.length
    fdatasyncSync(file)
    timesMs.push(performance.now() - startMs)
  }
  closeSync(file)
  rmSync(path)
  const allMs = timesMs.reduce((sum, ms) => sum + ms, 0)
  const p50Ms = timesMs.toSorted((a, b) => a - b)[Math.floor(timesMs.length / 2)] ?? 0
  return { perSecond: (timesMs.length / allMs) * 1000, p50Ms }
}
