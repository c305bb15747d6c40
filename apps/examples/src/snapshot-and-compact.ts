// A counter whose log stays short: a snapshot every hundred records, and what it holds dropped from the log.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { SnapStore, compact } from '@mini-rs/minisnap'
import { exampleFolder } from './folder.js'

interface Totals {
  readonly count: number
  readonly sum: number
}

const folder = await exampleFolder()
const add = ({ count, sum }: Totals, n: number): Totals => ({ count: count + 1, sum: sum + n })

// Open: the newest snapshot, and what the log says after it.
const log = await MiniStore.open<number>(join(folder, 'numbers.jsonl'), { maxSegmentBytes: 4096 })
const snapshots = new SnapStore<Totals>(join(folder, 'snapshots'))
const restored = await snapshots.tryRestore()
let totals = restored?.state ?? { count: 0, sum: 0 }
for await (const { record } of log.entries({ from: (restored?.seq ?? 0) + 1 })) {
  totals = add(totals, record)
}
console.log(`${restored?.seq ?? 0} records in the snapshot, ${log.lastSeq} in all`)
assert.equal(totals.count, log.lastSeq)

// Work.
for (let n = 1; n <= 550; n++) {
  const seq = await log.append(n)
  totals = add(totals, n)
  if (seq % 100 === 0) {
    await snapshots.create(totals, seq, { log })
    await compact(log, snapshots)
  }
}
const kept = log.lastSeq - log.firstSeq + 1
console.log(`${log.lastSeq} records logged, the last ${kept} are still in the log`)
console.log(`sum ${totals.sum}`)
await log.close()
