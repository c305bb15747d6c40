// Reads `state` many times, and looks at how much of the heap is used after it.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { PerformanceObserver } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import { median } from '../measure.js'
import { changeOf } from './changes.js'
import type { ReadingFigures } from './reading.js'
import { shapedState } from './shaped-state.js'

/** So few that the least object a read, 12 bytes, does not fill the young generation. */
const READS = 100_000
const ROUNDS = 21
/** Reads with no collection of garbage among them: what allocates needs hundreds. */
const MANY_READS = 200_000_000

const folder = join(JSON.parse(process.argv[2] ?? '') as string, 'reading')
mkdirSync(folder, { recursive: true })
const state = await shapedState('flat', 100)(folder, 'immutable')
for (let n = 0; n < 1000; n++) await state.set(changeOf(n, 100))

let kept: object = {}
const bytesPerRead = measure((times) => state.readState(times))
const controlBytesPerRead = measure((times) => {
  for (let n = 0; n < times; n++) kept = { n, kept: undefined }
})
const collections = await countCollections(() => state.readState(MANY_READS))
await state.close()
rmSync(folder, { recursive: true })
const figures: ReadingFigures = {
  bytesPerRead,
  controlBytesPerRead,
  reads: MANY_READS,
  collections,
}
console.log(JSON.stringify(figures))
if (kept === undefined) throw new Error('the control made nothing')

/** Bytes a call, less what looking at the heap costs. */
function measure(read: (times: number) => void): number {
  // Compiled before it is measured.
  for (let round = 0; round < 5; round++) read(READS)
  const bytes: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    bytes.push(heapGrowth(() => read(READS)) - heapGrowth(() => read(0)))
  }
  return median(bytes) / READS
}

function heapGrowth(work: () => void): number {
  gc?.()
  const before = getHeapStatistics().used_heap_size
  work()
  return getHeapStatistics().used_heap_size - before
}

async function countCollections(work: () => void): Promise<number> {
  let count = 0
  gc?.()
  await setTimeout(10)
  const observer = new PerformanceObserver((list) => (count += list.getEntries().length))
  observer.observe({ entryTypes: ['gc'] })
  work()
  // Entries are handed over in a turn of the event loop of their own.
  await setTimeout(10)
  observer.disconnect()
  return count
}
