import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { jobData } from './subject.js'

/** The least that a durable job can cost: a blocking loop, nothing around it. */
export interface FloorFigures {
  readonly perSecond: number
  /** How long a write and its sync take, in the middle. */
  readonly p50Ms: number
}

/** Writes and syncs records such as a queue's for so long. */
export function measureFloor(path: string, durationMs: number): FloorFigures {
  const file = openSync(path, 'w')
  const timesMs: number[] = []
  const beginMs = performance.now()
  let nowMs = beginMs
  let offset = 0
  while (nowMs - beginMs < durationMs) {
    const record = { enqueue: { queue: 'jobs', data: jobData(timesMs.length), atMs: Date.now() } }
    const bytes = Buffer.from(`${JSON.stringify(record)}\n`)
    writeSync(file, bytes, 0, bytes.length, offset)
    offset += bytes.length
    fdatasyncSync(file)
    const thenMs = nowMs
    nowMs = performance.now()
    timesMs.push(nowMs - thenMs)
  }
  closeSync(file)
  rmSync(path)
  const p50Ms = timesMs.toSorted((a, b) => a - b)[Math.floor(timesMs.length / 2)] ?? 0
  return { perSecond: (timesMs.length / (nowMs - beginMs)) * 1000, p50Ms }
}
