import { StateManager, defineState } from '@mini-rs/ministate'

const counter = defineState({
  initial: { value: 0 },
  mutations: (m) => ({
    inc: m((state, by: number) => {
      state.value += by
      return state.value
    }),
    reset: m((state) => {
      state.value = 0
    }),
  }),
})

const manager = await StateManager.open('state', counter)
await manager.apply({ inc: 10 })
const { seq, result } = await manager.do.inc(5)
console.log(`mutation ${seq} is on the disk: ${result}, and for everybody ${manager.state.value}`)
await manager.close()
