// Snapshots: made when you say so, then by a policy that keeps opening fast and the log short.
import './own-folder.js'
import { StateManager, defineState } from '@mini-rs/ministate'

const statistics = defineState({
  initial: { count: 0, sum: 0 },
  mutations: (m) => ({
    measure: m((state, value: number) => {
      state.count += 1
      state.sum += value
    }),
  }),
})

// By hand: everything is replayed until there is a snapshot, and then only what came after it.
let manager = await StateManager.open('statistics', statistics)
for (let value = 1; value <= 10; value++) await manager.do.measure(value)
const { seq, sizeBytes } = await manager.createSnapshot()
await manager.do.measure(11)
await manager.close()
console.log(`a snapshot of mutation ${seq} has ${sizeBytes} bytes`)

// By a policy: one after every hundred mutations, and the log that it makes superfluous is dropped.
manager = await StateManager.open('statistics', statistics, {
  snapshots: { everyRecords: 100, keep: 2, onClose: true },
})
const { snapshot, replayedRecords } = manager.recovery
console.log(`opened from the snapshot of ${snapshot?.seq}, ${replayedRecords} replayed`)
for (let value = 1; value <= 500; value++) await manager.do.measure(value)
const { snapshots, log } = manager.stats()
console.log(
  `${snapshots?.created} snapshots; ${log?.records} of ${manager.sequence()} are in the log`,
)
await manager.close()

manager = await StateManager.open('statistics', statistics)
const { count, sum } = manager.state
console.log(`opened again: ${manager.recovery.replayedRecords} replayed, ${sum} in ${count} values`)
await manager.close()
