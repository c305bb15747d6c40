// A fixed script of steps on one journal. Says after each what was acknowledged and what was rejected, and how.
import { MiniStore } from '../../../dist/index.js'
import { say } from './numbered.mjs'

const path = process.argv[2]
let id = 0
let store

const recordOfSize = (size) => ({ id: ++id, text: 'x'.repeat(size) })

/** What became of the records with these ids. */
const settled = async (first, promise) => {
  const last = id
  try {
    const answer = await promise
    const seq = typeof answer === 'number' ? answer : answer?.first
    return { first, last, isAcknowledged: true, seq }
  } catch (error) {
    const { code, outcome, message } = error
    return { first, last, isAcknowledged: false, code, outcome, message }
  }
}

const append = (size = 20) => [settled(id + 1, store.append(recordOfSize(size)))]
const many = (count) => {
  const first = id + 1
  return [settled(first, store.appendMany(Array.from({ length: count }, () => recordOfSize(30))))]
}
/** A second append that waits behind the sync of the first. */
const behind = async () => {
  const first = settled(id + 1, store.append(recordOfSize(10)))
  await new Promise((resolve) => setImmediate(resolve))
  return [first, settled(id + 1, store.append(recordOfSize(10)))]
}
/** Calls that append nothing: no id belongs to them. */
const call = (made) => [settled(id + 1, made)]

const append1 = ['append', () => append()]
const script = [
  append1,
  append1,
  ['many', () => many(3)],
  append1,
  ['large', () => append(70_000)], // past maxSegmentBytes: rotates; and written on another thread
  append1,
  ['behind', behind],
  ['many', () => many(12)],
  ['rotate', () => call(store.rotate())],
  append1,
  append1,
  ['flush', () => call(store.flush())],
  ['many', () => many(2)],
  ['behind', behind],
  append1,
  ['dropBefore', () => call(store.dropBefore(9))],
  append1,
  append1,
  ['rotate', () => call(store.rotate())],
  ['rotate', () => call(store.rotate())], // nothing to archive
  ['many', () => many(4)],
  ['large', () => append(70_000)],
  append1,
  ['dropBefore', () => call(store.dropBefore(18))],
  append1,
  ['behind', behind],
  ['large', () => append(70_000)],
  append1,
  ['many', () => many(2)],
  append1,
]

try {
  store = await MiniStore.open(path, { maxSegmentBytes: 64 * 1024 })
} catch (error) {
  say(JSON.stringify({ step: 'open', code: error.code }))
}
if (store !== undefined) {
  for (const [step, run] of script) {
    const results = await Promise.all(await run())
    say(JSON.stringify({ step, results, status: store.status }))
  }
  const result = await settled(id + 1, store.close())
  say(JSON.stringify({ step: 'close', results: [result], status: store.status }))
}
