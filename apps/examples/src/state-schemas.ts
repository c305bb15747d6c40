// A shop's stock. Schemas check payloads, recipes reject, an invariant guards the whole, and whatever is
// refused leaves no trace in the log.
import './own-folder.js'
import assert from 'node:assert/strict'
import { MiniStateError, StateManager, defineState } from '@mini-rs/ministate'
import * as v from 'valibot'
import { z } from 'zod'

const Delivery = z.object({ article: z.string().trim().min(1), pieces: z.int().positive() })
const Sale = v.object({ article: v.string(), pieces: v.number() })

const stock = defineState({
  initial: { isOpen: true, pieces: new Map<string, number>() },
  mutations: (m) => ({
    // What the schema makes of a payload is logged, and given to the recipe.
    deliver: m(Delivery, (state, { article, pieces }) => {
      state.pieces.set(article, (state.pieces.get(article) ?? 0) + pieces)
    }),
    sell: m(Sale, (state, { article, pieces }, context) => {
      if (!state.isOpen) return context.reject('SHOP_CLOSED', 'come back tomorrow')
      const left = (state.pieces.get(article) ?? 0) - pieces
      state.pieces.set(article, left)
      return left
    }),
    // Without a schema, the annotation is the payload's type; without either there is no payload.
    discontinue: m((state, article: string) => state.pieces.delete(article)),
    closeShop: m((state) => void (state.isOpen = false)),
    openShop: m((state) => void (state.isOpen = true)),
  }),
  invariant: ({ pieces }) => [...pieces.values()].every((one) => one >= 0) || 'less than nothing',
})

const manager = await StateManager.open('stock', stock)
await manager.do.openShop()
await manager.do.deliver({ article: ' tea ', pieces: 10 })
const { result } = await manager.do.sell({ article: 'tea', pieces: 4 })
console.log(`${result} pieces are left`)
try {
  await manager.do.sell({ article: 'tea', pieces: 99_999 })
} catch (error) {
  if (!MiniStateError.is(error)) throw error
  console.log(error.code) // INVARIANT_VIOLATED
}
await manager.close()

const again = await StateManager.open('stock', stock)
const before = again.sequence()
async function refused(call: Promise<unknown>): Promise<MiniStateError> {
  const error = await call.then(
    () => assert.fail('it was not refused'),
    (reason: unknown) => reason,
  )
  assert.ok(MiniStateError.is(error))
  return error
}
const invalid = await refused(again.do.deliver({ article: '', pieces: 0.5 }))
for (const { path, message } of invalid.issues ?? []) {
  console.log(`${invalid.code} ${path}: ${message}`)
}
await again.do.closeShop()
const { code, rejection } = await refused(again.do.sell({ article: 'tea', pieces: 1 }))
console.log(`${code} ${rejection?.code}: ${rejection?.message}`)
console.log(`logged since: ${again.sequence() - before}, and that was closeShop`)
await again.close()
