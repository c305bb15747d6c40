// What an editor is asked about, by hover.test.ts. Nothing here runs.
import { type MutationInput, StateManager, defineState } from '@mini-rs/ministate'
import { z } from 'zod'

interface Item {
  name: string
  price: number
}

const shop = defineState({
  initial: { value: 0, items: [] as Item[] },
  mutations: (m) => ({
    inc: m((state, by: number) => {
      state.value += by
      return state.value
    }),
    add: m(z.object({ name: z.string(), price: z.number() }), (draft, payload) => {
      draft.items.push(payload)
    }),
    put: m((state, item: Item) => void state.items.push(item)),
    reset: m((state) => void (state.value = 0)),
  }),
})

export declare const named: MutationInput<typeof shop.mutations>
const manager = await StateManager.open('shop', shop)
await manager.do.inc(1)
await manager.do.add({ name: 'a', price: 1 })
await manager.do.put({ name: 'a', price: 1 })
await manager.do.reset()
await manager.apply({ inc: 1 })
await manager.update((now) => ({ inc: now.value }))
console.log(manager.state, manager.state.items)
for await (const change of manager.changes()) {
  if (change.kind === 'mutation' && change.name === 'add') console.log(change.payload)
}
for await (const entry of manager.history()) console.log(entry.name, entry.payload)

await manager.apply({ inc: '1' })
await manager.apply({ add: { name: 'a' } })
await manager.apply({ increment: 1 })
await manager.do.put({ name: 'a', price: 1, currency: 'EUR' })
defineState({
  initial: { n: 0 },
  mutations: (m) => ({
    slow: m(async (state, by: number) => void (state.n += by)),
    maybe: m((state, by?: number) => void (state.n += by ?? 1)),
    bare: (state: { n: number }) => void state.n++,
  }),
})
