// Creates and restores a large state on the real disk: `measure-huge-state.ts <map|records> <MiB>`; prints
// the figures as JSON.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { SnapStore, json } from '@mini-rs/minisnap'

/** `map`: a Map of a million entries, in tagged JSON; `records`: as many records in a thousand groups, in plain JSON. */
export type Shape = 'map' | 'records'

/** What one run came to. */
export interface HugeStateFigures {
  readonly shape: Shape
  readonly stateBytes: number
  readonly entries: number
  readonly isEqual: boolean
  readonly createMs: number
  /** How long the event loop was held while the state was created. */
  readonly heldP999Ms: number
  readonly heldMaxMs: number
  readonly turns: number
  /** Resident memory at its peak while the state was created, beyond what was there before. */
  readonly extraBytes: number
  readonly restoreMs: number
  /** Undefined where one string cannot hold the text. */
  readonly restoreRatio: number | undefined
}

/** Of a record, without its padding, in plain JSON. */
const RECORD_BYTES = 180

/** The longest text that one string holds in V8. */
const MAX_TEXT_BYTES = 2 ** 29 - 24

interface Component {
  readonly id: number
  readonly name: string
  readonly tags: readonly string[]
  readonly isEnabled: boolean
  readonly weight: number
  readonly text: string
}

function component(id: number, padding: string): Component {
  const tags = ['wasm', `t${id % 7}`]
  // Of its own bytes: V8 would keep a concatenation as such, and all of them would share the padding.
  const text = Buffer.from(`${padding}${id}`, 'latin1').toString('latin1')
  return { id, name: `component-${id}`, tags, isEnabled: id % 3 === 0, weight: id / 8, text }
}

function generate(shape: Shape, mib: number): { state: unknown; entries: number } {
  const entries = Math.min(1_000_000, mib * 1000)
  const padding = 'x'.repeat(Math.max(0, Math.floor((mib * 2 ** 20) / entries) - RECORD_BYTES))
  const ids = Array.from({ length: entries }, (_, id) => id)
  if (shape === 'map') {
    return { state: new Map(ids.map((id) => [`key-${id}`, component(id, padding)])), entries }
  }
  const groups: Record<string, Record<string, Component>> = {}
  for (const id of ids) (groups[`group-${id % 1000}`] ??= {})[`key-${id}`] = component(id, padding)
  return { state: groups, entries }
}

/** Notes how long each turn of the event loop took, and the memory at its end. */
class LoopProbe {
  readonly heldMs: number[] = []
  peakBytes = 0
  #isRunning = true
  #lastMs = performance.now()

  constructor() {
    const turn = (): void => {
      const nowMs = performance.now()
      this.heldMs.push(nowMs - this.#lastMs)
      this.#lastMs = nowMs
      if (this.heldMs.length % 16 === 0) {
        this.peakBytes = Math.max(this.peakBytes, process.memoryUsage.rss())
      }
      if (this.#isRunning) setImmediate(turn)
    }
    setImmediate(turn)
  }

  stop(): void {
    this.#isRunning = false
  }

  /** Of the time that passed, not of the turns: most of these only wait for the disk. */
  p999(): number {
    const sorted = this.heldMs.toSorted((a, b) => a - b)
    return sorted[Math.floor(sorted.length * 0.999)] ?? 0
  }
}

function parseMs(path: string): number | undefined {
  const bytes = readFileSync(path)
  if (bytes.length > MAX_TEXT_BYTES) return undefined
  const startMs = performance.now()
  JSON.parse(bytes.toString())
  return performance.now() - startMs
}

async function measure(shape: Shape, mib: number): Promise<HugeStateFigures> {
  const dir = mkdtempSync(join(tmpdir(), 'huge-state-'))
  try {
    const { state, entries } = generate(shape, mib)
    const codec = json({ tagged: shape === 'map' })
    const snapshots = new SnapStore<unknown>(dir, { codec, pretty: false })
    globalThis.gc?.()
    const beforeBytes = process.memoryUsage.rss()
    const probe = new LoopProbe()
    const created = await snapshots.create(state, 1)
    probe.stop()
    const extraBytes = Math.max(0, probe.peakBytes - beforeBytes)
    const startMs = performance.now()
    const restored = await snapshots.restore()
    const restoreMs = performance.now() - startMs
    const isEqual = isDeepStrictEqual(restored.state, state)
    const plainMs = parseMs(created.path)
    return {
      shape,
      stateBytes: created.sizeBytes,
      entries,
      isEqual,
      createMs: Math.round(created.elapsedMs),
      heldP999Ms: Number(probe.p999().toFixed(1)),
      heldMaxMs: Math.round(Math.max(...probe.heldMs.slice(0, 100_000))),
      turns: probe.heldMs.length,
      extraBytes,
      restoreMs: Math.round(restoreMs),
      restoreRatio: plainMs === undefined ? undefined : Number((restoreMs / plainMs).toFixed(2)),
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const [shape, mib] = process.argv.slice(2)
if (shape !== 'map' && shape !== 'records') throw new Error(`${shape} is no shape`)
console.log(JSON.stringify(await measure(shape, Number(mib))))
