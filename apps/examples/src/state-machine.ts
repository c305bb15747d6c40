// The life of an order. The log holds what happened; a transition that is not allowed is never logged,
// and of two clerks who decide at the same time on the same state, one wins.
import assert from 'node:assert/strict'
import { MiniStateError, StateManager, defineState } from '@mini-rs/ministate'
import { exampleFolder } from './folder.js'

type Status = 'new' | 'placed' | 'paid' | 'shipped' | 'delivered' | 'cancelled'
type Action = 'place' | 'pay' | 'ship' | 'deliver' | 'cancel'

const NEXT: Record<Status, Partial<Record<Action, Status>>> = {
  new: { place: 'placed' },
  placed: { pay: 'paid', cancel: 'cancelled' },
  paid: { ship: 'shipped', cancel: 'cancelled' },
  shipped: { deliver: 'delivered' },
  delivered: {},
  cancelled: {},
}

const orders = defineState({
  initial: { statusOf: {} as Record<string, Status> },
  mutations: (m) => ({
    step: m((state, { order, action }: { order: string; action: Action }, context) => {
      const status = state.statusOf[order] ?? 'new'
      const next = NEXT[status][action]
      if (next === undefined) {
        return context.reject('ILLEGAL_STEP', `cannot ${action} an order that is ${status}`)
      }
      state.statusOf[order] = next
      return next
    }),
  }),
})

const folder = await exampleFolder()
const manager = await StateManager.open(folder, orders)
const order = `order-${Object.keys(manager.state.statusOf).length + 1}`
async function perform(action: Action): Promise<void> {
  const { result } = await manager.do.step({ order, action })
  console.log(`${order}: ${action} → ${result}`)
}

await perform('place')
const seen = manager.sequence()
await assert.rejects(perform('ship'), /cannot ship an order that is placed/)
assert.equal(manager.sequence(), seen)
console.log(`${order}: ship is refused, nothing is logged`)

const decisions = (['pay', 'cancel'] as const).map((action) =>
  manager.apply({ step: { order, action } }, { expectedSeq: seen }),
)
const [, cancelled] = await Promise.allSettled(decisions)
assert.ok(cancelled?.status === 'rejected' && MiniStateError.is(cancelled.reason))
console.log(`${order}: cancel, decided on the same state as pay: ${cancelled.reason.code}`)
await perform('ship')
await perform('deliver')
await manager.close()

const reader = await StateManager.open(folder, orders, { readOnly: true })
console.log(`opened again: ${order} is ${reader.state.statusOf[order]}`)
await reader.close()
