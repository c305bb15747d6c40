// Prepares a state with a snapshot and a tail, or opens it, or parses the snapshot's text.
import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { StateManager, defineState } from '@mini-rs/ministate'
import { timed } from '../measure.js'
import { RECORD_BYTES, benchState } from '../snapshots/state.js'
import type { OpeningTask } from './opening.js'

type State = Record<string, Record<string, { weight: number }>>

interface Weight {
  readonly group: string
  readonly id: string
  readonly weight: number
}

const task = JSON.parse(process.argv[2] ?? '') as OpeningTask
/** The same state, over many lines, is so many times as long. */
const LENGTH_RATIO = task.pretty ? 1.6 : 1
const COMPACT_BYTES = task.snapshotBytes / LENGTH_RATIO
/** A prime: the tail's records change entries all over the state. */
const STRIDE = 7919

console.log(JSON.stringify(await perform()))

function perform(): Promise<unknown> {
  switch (task.do) {
    case 'prepare':
      return prepare()
    case 'open':
      return measureOpen()
    case 'parse':
      return measureParse()
  }
}

function defined(initial: State) {
  return defineState({
    initial,
    mutations: (m) => ({ weigh: m((state, weight: Weight) => weigh(state, weight)) }),
  })
}

function weigh(state: State, { group, id, weight }: Weight): void {
  const record = state[group]?.[id]
  if (record === undefined) throw new Error(`no record ${id}`)
  record.weight = weight
}

function weightOf(n: number): Weight {
  const index = (n * STRIDE) % Math.ceil(COMPACT_BYTES / RECORD_BYTES)
  return { group: `group-${index % 100}`, id: `id-${index}`, weight: n + 0.5 }
}

async function prepare(): Promise<{ sizeBytes: number }> {
  const { folder, tail, pretty } = task
  mkdirSync(folder, { recursive: true })
  const definition = defined(benchState(COMPACT_BYTES) as State)
  // In place: a commit of the tail copies nothing.
  const manager = await StateManager.open(folder, definition, { engine: 'inPlace', pretty })
  await manager.apply({ weigh: weightOf(0) })
  const { sizeBytes } = await manager.createSnapshot()
  for (let n = 0; n < tail; n += 1000) {
    const length = Math.min(1000, tail - n)
    await manager.applyAll(Array.from({ length }, (_, at) => ({ weigh: weightOf(n + at) })))
  }
  await manager.close()
  return { sizeBytes }
}

/** The heap has been as large before whatever is measured, so that its growth is no part of it. */
function growHeap(): void {
  JSON.parse(textOfSnapshot())
  gc?.()
}

function textOfSnapshot(): string {
  const name = readdirSync(task.folder).find((one) => one.startsWith('snapshot_'))
  if (name === undefined) throw new Error('there is no snapshot')
  return readFileSync(join(task.folder, name), 'utf8')
}

/** Of a text that is there: reading it and its bytes' decoding are no part of it. */
async function measureParse(): Promise<number> {
  const text = textOfSnapshot()
  growHeap()
  return timed(() => JSON.parse(text))
}

async function measureOpen(): Promise<number> {
  const { folder, engine, pretty, tail } = task
  const options = { pretty, freeze: false, engine: engine as 'immutable' }
  growHeap()
  const startMs = performance.now()
  const manager = await StateManager.open(folder, defined({}), options)
  const openMs = performance.now() - startMs
  const { snapshot, replayedRecords } = manager.recovery
  if (snapshot?.seq !== 1 || replayedRecords !== tail) throw new Error('not opened as prepared')
  const expected = benchState(COMPACT_BYTES) as State
  for (let n = 0; n < tail; n++) weigh(expected, weightOf(n))
  await manager.read((state) => {
    if (!isDeepStrictEqual(state, expected)) throw new Error('opened another state')
  })
  await manager.close()
  return openMs
}
