// The life of an order. The log holds what happened; a transition that is not allowed is never logged,
// and of two clerks who decide at the same time on the same state, one wins.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { MiniStore, MiniStoreError } from '@mini-rs/ministore'
import { exampleFolder } from './folder.js'

type State = 'new' | 'placed' | 'paid' | 'shipped' | 'delivered' | 'cancelled'
type Action = 'place' | 'pay' | 'ship' | 'deliver' | 'cancel'
interface Transition {
  readonly order: string
  readonly action: Action
}

const NEXT: Record<State, Partial<Record<Action, State>>> = {
  new: { place: 'placed' },
  placed: { pay: 'paid', cancel: 'cancelled' },
  paid: { ship: 'shipped', cancel: 'cancelled' },
  shipped: { deliver: 'delivered' },
  delivered: {},
  cancelled: {},
}

function apply(orders: Map<string, State>, { order, action }: Transition): Map<string, State> {
  const state = orders.get(order) ?? 'new'
  const next = NEXT[state][action]
  if (next === undefined) throw new Error(`cannot ${action} an order that is ${state}`)
  return orders.set(order, next)
}

const path = join(await exampleFolder(), 'orders.jsonl')
const store = await MiniStore.open<Transition>(path)
const orders = await MiniStore.reduce(path, apply, new Map<string, State>())
const order = `order-${orders.size + 1}`

/** Decides on a copy of the state as of `expectedSeq`, logs, and only then changes the state. */
async function perform(action: Action, expectedSeq: number): Promise<void> {
  apply(new Map(orders), { order, action })
  await store.append({ order, action }, { expectedSeq })
  apply(orders, { order, action })
  console.log(`${order}: ${action} → ${orders.get(order)}`)
}

await perform('place', store.lastSeq)
await assert.rejects(perform('ship', store.lastSeq), /cannot ship an order that is placed/)
console.log(`${order}: ship is refused, nothing is logged`)

const seen = store.lastSeq
const clerks = await Promise.allSettled([perform('pay', seen), perform('cancel', seen)])
const reasons: unknown[] = clerks.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
assert.ok(reasons.length === 1 && MiniStoreError.is(reasons[0]))
console.log(`${order}: cancel, decided on the same state as pay: ${reasons[0].code}`)
await perform('ship', store.lastSeq)
await perform('deliver', store.lastSeq)
await store.close()
assert.deepEqual(await MiniStore.reduce(path, apply, new Map<string, State>()), orders)
console.log(`the log, folded again: ${order} is ${orders.get(order)}`)
