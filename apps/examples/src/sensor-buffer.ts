// A device at the edge: readings are kept on the disk until they are uploaded, over a power cut, then
// dropped. The power cut is simulated: half of a batch is left at the end of the file, as a cut may do.
import assert from 'node:assert/strict'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { exampleFolder } from './folder.js'

interface Reading {
  readonly sensor: string
  readonly celsius: number
}

const path = join(await exampleFolder(), 'readings.jsonl')
/** Small segments, because space is given back in whole ones. */
const open = (): Promise<MiniStore<Reading>> => MiniStore.open(path, { maxSegmentBytes: 2_000 })

function measure(tick: number): Reading[] {
  return ['north', 'south', 'roof'].map((sensor, n) => ({ sensor, celsius: 20 + n + tick / 10 }))
}

let store = await open()
const waiting = store.lastSeq - store.firstSeq + 1
for (let tick = 0; tick < 40; tick++) await store.appendMany(measure(tick))
console.log(`120 readings in 40 batches; ${store.stats().segments} segments on the disk`)
await store.close()

await appendFile(path, '{"sensor":"north","celsius":24}\t\n{"sensor":"so')
console.log('the power is cut in the middle of a batch')

store = await open()
const { verdict, setAside } = store.recovery
assert.equal(verdict, 'torn')
assert.equal(store.lastSeq - store.firstSeq + 1, waiting + 120)
console.log(
  `${verdict}: ${setAside?.sizeBytes} bytes set aside, all acknowledged readings are there`,
)

const received: Reading[] = []
const upload = (readings: readonly Reading[]): Promise<void> =>
  Promise.resolve(void received.push(...readings))

let last = 0
for await (const { firstSeq, records } of store.batches()) {
  await upload(records)
  last = firstSeq + records.length - 1
}
// A crash before this line uploads the same readings again: the receiver tells them by their number.
const { droppedRecords, freedBytes } = await store.dropBefore(last + 1)
assert.equal(droppedRecords, received.length)
console.log(
  `${received.length} readings uploaded, then dropped: ${freedBytes} bytes are free again`,
)

const { first } = await store.appendMany(measure(40))
assert.equal(first, last + 1)
console.log(`the next reading is number ${first}: numbers are never used twice`)
await store.close()
