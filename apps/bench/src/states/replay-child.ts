// Opens one log twice, and checks the state each time.
import { join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { timed } from '../measure.js'
import { assertValues } from './changes.js'
import type { ReplayRound, ReplayTask } from './replay.js'
import { type OpenShapedState, shapedState } from './shaped-state.js'

const task = JSON.parse(process.argv[2] ?? '') as ReplayTask
const open = shapedState(task.shape, task.size)
const round: ReplayRound = {
  firstPerSecond: await perSecond(),
  secondPerSecond: await perSecond(),
}
console.log(JSON.stringify(round))

async function perSecond(): Promise<number> {
  const { engine, mutations } = task
  const elapsedMs = await (engine === undefined ? timed(readLog) : openState(engine))
  return (mutations / elapsedMs) * 1000
}

async function openState(engine: 'immutable' | 'inPlace'): Promise<number> {
  let state: OpenShapedState | undefined
  const elapsedMs = await timed(async () => (state = await open(task.folder, engine)))
  if (state?.recovery.replayedRecords !== task.mutations) throw new Error('not all was replayed')
  assertValues('replay', await state.values(), task.mutations)
  await state.close()
  return elapsedMs
}

async function readLog(): Promise<void> {
  let count = 0
  const path = join(task.folder, 'journal.jsonl')
  for await (const { records } of MiniStore.batches(path)) count += records.length
  if (count !== task.mutations) throw new Error(`the log has ${count} records`)
}
