// Event sourcing: what happened is the truth, and every view of it can be built anew.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { exampleFolder } from './folder.js'

type Event =
  | { Opened: { account: string; owner: string } }
  | { Paid: { account: string; cents: number } }
  | { Withdrawn: { account: string; cents: number } }

const path = join(await exampleFolder(), 'events.jsonl')
const store = await MiniStore.open<Event>(path)
const account = `account-${store.lastSeq + 1}`

// What belongs together is one commit: after a crash both are there, or neither.
await store.appendMany([{ Opened: { account, owner: 'ada' } }, { Paid: { account, cents: 5_000 } }])
await store.append({ Withdrawn: { account, cents: 1_250 } })
await store.close()

/** One view: what each account holds. */
function balances(state: Map<string, number>, event: Event): Map<string, number> {
  if ('Opened' in event) return state.set(event.Opened.account, 0)
  if ('Paid' in event) return add(state, event.Paid.account, event.Paid.cents)
  return add(state, event.Withdrawn.account, -event.Withdrawn.cents)
}

function add(state: Map<string, number>, of: string, cents: number): Map<string, number> {
  return state.set(of, (state.get(of) ?? 0) + cents)
}

const held = await MiniStore.reduce(path, balances, new Map<string, number>())
console.log(`${account} holds ${held.get(account)} cents`)

// Another view, thought of a year later, from the same events.
let withdrawals = 0
for await (const { record } of MiniStore.entries<Event>(path)) {
  if ('Withdrawn' in record) withdrawals += 1
}
console.log(`${withdrawals} withdrawals since the beginning`)

// The past: what it held before the last event.
const { lastSeq } = await MiniStore.inspect(path)
const before = await MiniStore.reduce(path, balances, new Map<string, number>(), {
  to: lastSeq - 1,
})
console.log(`before event ${lastSeq} it held ${before.get(account)} cents`)
assert.equal(before.get(account), 5_000)
