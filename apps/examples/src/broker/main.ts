// A broker's metadata under many commits of offsets; then a topic is deleted by mistake, and found again.
// npx tsx src/broker/main.ts [folder]
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { MiniStateError, StateManager } from '@mini-rs/ministate'
import { exampleFolder } from '../folder.js'
import { lagOf, metadata } from './metadata.js'

const folder = await exampleFolder()
// Offsets are small and change all the time: in place, a commit costs the same with ten groups and ten thousand.
const options = {
  engine: 'inPlace',
  snapshots: { everyRecords: 1_000 },
  maxSegmentBytes: 64 * 1024, // what snapshots hold is dropped from the log in whole files
} as const
const broker = await StateManager.open(join(folder, 'broker'), metadata, options)
const { snapshot, replayedRecords } = broker.recovery
console.log(`opened: snapshot of ${snapshot?.seq ?? 'nothing'}, ${replayedRecords} replayed`)

/** The code of a mutation that is rejected; `'done'` of one that is not. */
async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'done'
  } catch (error) {
    if (!MiniStateError.is(error) || error.rejection === undefined) throw error
    return error.rejection.code
  }
}

for (const topic of ['orders', 'mails']) await outcomeOf(broker.do.createTopic(topic))
for (const group of ['billing', 'search']) await outcomeOf(broker.do.createGroup(group))
const { result: first } = await broker.do.publish({ topic: 'orders', count: 3_000 })
await broker.do.publish({ topic: 'mails', count: 10 })

// Two consumers of one group commit at the same time, and now and then one is late: offsets only grow.
const commits = Array.from({ length: 3_000 }, (_, n) => {
  const offset = first + (n % 10 === 9 ? n - 20 : n + 1)
  return outcomeOf(broker.do.commit({ group: 'billing', topic: 'orders', offset }))
})
const outcomes = await Promise.all(commits)
const late = outcomes.filter((one) => one === 'OFFSET_BEHIND').length
console.log(`${outcomes.length - late} offsets committed, ${late} came late and were rejected`)

const ahead = broker.do.commit({ group: 'search', topic: 'orders', offset: first + 9_999 })
console.log(`an offset that no message has: ${await outcomeOf(ahead)}`)
console.log('lag of billing:', await broker.read((state) => lagOf(state, 'billing')))
assert.equal(await broker.read(({ groups }) => groups.get('billing')?.get('orders')), first + 2_999)

const { seq: deletedAt } = await broker.do.deleteTopic('orders')
assert.equal(await broker.read(({ groups }) => groups.get('billing')?.has('orders')), false)
console.log('orders is deleted, and with it the offsets of all groups')

// Who did that? The log says it, and what was there before.
for await (const { seq, mutation } of broker.history({ from: deletedAt }))
  console.log(seq, mutation)
const before = await broker.at(deletedAt - 1)
console.log('billing was at', before.groups.get('billing')?.get('orders'))
const copy = join(folder, `before-${deletedAt}`)
await broker.fork(copy, { at: deletedAt - 1 })

const { snapshots, log } = broker.stats()
console.log(`${snapshots?.created} snapshots, ${log?.records} of ${broker.sequence()} in the log`)
await broker.close()

const forked = await StateManager.open(copy, metadata, options)
const lag = await forked.read((state) => lagOf(state, 'billing'))
assert.equal(lag['orders'], 1)
console.log('a broker on the copy goes on from there; lag of billing:', lag)
await forked.close()
