import './own-folder.js'
import { SnapStore, compact } from '@mini-rs/minisnap'
import { MiniStore } from '@mini-rs/ministore'

interface Totals {
  readonly count: number
  readonly sum: number
}

// Open: the newest snapshot, and what the log says after it.
const log = await MiniStore.open<number>('state/numbers.jsonl', { maxSegmentBytes: 4096 })
const snapshots = new SnapStore<Totals>('state')
const restored = await snapshots.tryRestore()
let totals = restored?.state ?? { count: 0, sum: 0 }
const add = (n: number): Totals => ({ count: totals.count + 1, sum: totals.sum + n })
for await (const { record } of log.entries({ from: (restored?.seq ?? 0) + 1 })) totals = add(record)
console.log(`${restored?.seq ?? 0} records in the snapshot, ${log.lastSeq} in all`)

// Work: a snapshot every hundred records, and what no kept snapshot needs goes from the log.
for (let n = 1; n <= 250; n++) {
  const seq = await log.append(n)
  totals = add(n)
  if (seq % 100 === 0) {
    await snapshots.create(totals, seq, { log })
    await compact(log, snapshots)
  }
}
console.log(`${totals.count} numbers, their sum is ${totals.sum}`)
await log.close()
