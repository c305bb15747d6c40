// Opens one log twice, and checks the state each time.
import { join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { timed } from '../measure.js'
import type { Engine } from '@mini-rs/ministate'
import { type Change, assertValues } from './changes.js'
import type { ReplayRound, ReplayTask } from './replay.js'
import { type OpenShapedState, shapedObjects, shapedState } from './shaped-state.js'

const task = JSON.parse(process.argv[2] ?? '') as ReplayTask
const open = shapedState(task.shape, task.size)
const round: ReplayRound = {
  firstPerSecond: await perSecond(),
  secondPerSecond: await perSecond(),
}
console.log(JSON.stringify(round))

async function perSecond(): Promise<number> {
  const { into, mutations } = task
  const elapsedMs = await (into === 'nothing'
    ? timed(readLog)
    : into === 'objects'
      ? setObjects()
      : openState(into))
  return (mutations / elapsedMs) * 1000
}

async function openState(engine: Engine): Promise<number> {
  let state: OpenShapedState | undefined
  const elapsedMs = await timed(async () => (state = await open(task.folder, engine)))
  if (state?.recovery.replayedRecords !== task.mutations) throw new Error('not all was replayed')
  assertValues('replay', await state.values(), task.mutations)
  await state.close()
  return elapsedMs
}

/** The least that a replay can be: the same changes to objects that promise nothing. */
async function setObjects(): Promise<number> {
  const objects = shapedObjects(task.shape, task.size)
  const elapsedMs = await timed(async () => {
    for await (const { records } of log()) {
      for (const { set } of records) objects.set(set)
    }
  })
  assertValues('objects', objects.values(), task.mutations)
  return elapsedMs
}

async function readLog(): Promise<void> {
  let count = 0
  for await (const { records } of log()) count += records.length
  if (count !== task.mutations) throw new Error(`the log has ${count} records`)
}

function log(): AsyncIterable<{ readonly records: readonly { readonly set: Change }[] }> {
  return MiniStore.batches<{ readonly set: Change }>(join(task.folder, 'journal.jsonl'))
}
