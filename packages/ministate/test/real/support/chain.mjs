// A state that knows when a mutation is missing, doubled or out of order.
import { defineState } from '@mini-rs/ministate'

export const chain = defineState({
  initial: { last: 0, isBroken: false, digest: 0, recent: {} },
  mutations: (m) => ({
    add: m((state, id) => {
      if (id !== state.last + 1) state.isBroken = true
      state.last = id
      state.digest = (Math.imul(state.digest, 31) + id) | 0
      delete state.recent[`n${id - 100}`]
      state.recent[`n${id}`] = { id, text: 'x'.repeat(id % 50) }
    }),
    refuse: m((state, _, context) => {
      const before = state.last
      state.last = -1
      context.reject('REFUSED', String(before))
    }),
  }),
})
