// One candidate in a process of its own: `child.ts <name> <state bytes> <folder> <create|nothing|all>`; its
// last line is the figures, as JSON.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { timed } from '../measure.js'
import { CANDIDATES } from './candidates.js'
import { benchState } from './state.js'

/** What one run of one candidate came to. */
export interface SnapshotFigures {
  readonly createMs: number
  readonly heldMaxMs: number
  readonly heldP999Ms: number
  readonly fileBytes: number
  readonly restoreMs: number
  /** One JSON.parse of the same state's JSON. */
  readonly parseMs: number
}

const [name, sizeBytes, folder = '', what] = process.argv.slice(2)
const candidate = CANDIDATES.find((one) => one.name === name)
if (candidate === undefined) throw new Error(`no candidate ${name}`)
const state = benchState(Number(sizeBytes))
const text = Buffer.from(JSON.stringify(state))
// The floor writes bytes: making them is not the disk's work.
const input = candidate.name === 'write + fdatasync' ? text : state

if (what === 'create') await candidate.create(input, folder)
else if (what === 'all') {
  // Once before, small, so that what is measured is not the compiling of the code.
  await candidate.create(candidate.name === 'write + fdatasync' ? text.subarray(0, 2) : {}, folder)
  const heldMs: number[] = []
  let isRunning = true
  let lastMs = performance.now()
  setImmediate(function turn() {
    const nowMs = performance.now()
    heldMs.push(nowMs - lastMs)
    lastMs = nowMs
    if (isRunning) setImmediate(turn)
  })
  const createMs = await timed(() => candidate.create(input, folder))
  await new Promise((resolve) => setImmediate(resolve))
  isRunning = false
  const sorted = heldMs.toSorted((a, b) => a - b)
  // Once before both, so that neither pays for the growth of the heap.
  JSON.parse(text.toString())
  let restored: unknown
  const restoreMs = await timed(async () => (restored = await candidate.restore(folder)))
  if (!isDeepStrictEqual(restored, state)) throw new Error(`${name} restored another state`)
  const figures: SnapshotFigures = {
    createMs,
    heldMaxMs: sorted.at(-1) ?? 0,
    heldP999Ms: sorted[Math.floor(sorted.length * 0.999)] ?? 0,
    fileBytes: Math.max(...readdirSync(folder).map((one) => statSync(join(folder, one)).size)),
    restoreMs,
    parseMs: await timed(() => JSON.parse(text.toString())),
  }
  console.log(JSON.stringify(figures))
}
