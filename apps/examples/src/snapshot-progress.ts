// A large state, saved and loaded with a progress bar, while a timer goes on ticking.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { SnapStore, type SnapshotProgress } from '@mini-rs/minisnap'
import { SingleBar } from 'cli-progress'
import { exampleFolder } from './folder.js'

interface Reading {
  readonly sensor: string
  readonly value: number
}

/** The bar of one operation. The first snapshot has no size before it is written: the bar only counts. */
function startBar(what: string): { show: (progress: SnapshotProgress) => void; stop: () => void } {
  const format = `${what} {bar} {value} kB`
  const bar = new SingleBar({ format, barsize: 30, clearOnComplete: true, hideCursor: true })
  bar.start(1, 0)
  const show = ({ doneBytes, totalBytes = doneBytes }: SnapshotProgress): void => {
    bar.setTotal(Math.max(1, Math.round(Math.max(doneBytes, totalBytes) / 1000)))
    bar.update(Math.round(doneBytes / 1000))
  }
  return { show, stop: () => bar.stop() }
}

const state = Array.from({ length: 200_000 }, (_, n): Reading => {
  return { sensor: `sensor-${n % 100}`, value: n / 8 }
})
const snapshots = new SnapStore<readonly Reading[]>(join(await exampleFolder(), 'readings'))
let ticks = 0
const timer = setInterval(() => ticks++, 5)

const saving = startBar('saving ')
const created = await snapshots.create(state, 1, { onProgress: saving.show })
saving.stop()
clearInterval(timer)

const loading = startBar('loading')
const restored = await snapshots.restore({ onProgress: loading.show })
loading.stop()

assert.deepEqual(restored.state, state)
assert.ok(ticks > 0, 'the event loop went on while the snapshot was written')
const megabytes = (created.sizeBytes / 1e6).toFixed(1)
console.log(`${state.length} readings, ${megabytes} MB, saved and loaded: equal`)
console.log(
  `saving took ${created.elapsedMs.toFixed(0)} ms, ` +
    `and never held the event loop for more than ${created.longestSliceMs.toFixed(1)} ms`,
)
