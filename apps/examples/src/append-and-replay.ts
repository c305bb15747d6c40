// The smallest use: append, close, replay. Run it twice on one folder, and it goes on where it was.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { exampleFolder } from './folder.js'

type Mutation = { Set: { value: number } } | { Inc: { by: number } }

const path = join(await exampleFolder(), 'journal.jsonl')

const store = await MiniStore.open<Mutation>(path)
const before = store.lastSeq
console.log(`opened: ${store.recovery.verdict}, ${before} records from earlier runs`)

const seq = await store.append({ Set: { value: 40 } })
console.log(`record ${seq} is on the disk`)
const { first, last } = await store.appendMany([{ Inc: { by: 1 } }, { Inc: { by: 1 } }])
console.log(`records ${first} to ${last} are on the disk: both, or after a crash neither`)
await store.close()

const records = await MiniStore.replay<Mutation>(path)
assert.equal(records.length, before + 3)

const apply = (value: number, mutation: Mutation): number =>
  'Set' in mutation ? mutation.Set.value : value + mutation.Inc.by
const value = await MiniStore.reduce(path, apply, 0)
assert.equal(value, 42)
console.log(`${records.length} records replayed, the value is ${value}`)
console.log(`cat ${path}`)
