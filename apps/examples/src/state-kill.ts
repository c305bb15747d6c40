// A counter that kills itself while it counts. Nothing that it has told is ever lost.
import { StateManager, defineState } from '@mini-rs/ministate'

const counter = defineState({
  initial: { value: 0 },
  mutations: (m) => ({
    inc: m((state, by: number) => {
      state.value += by
      return state.value
    }),
  }),
})

const manager = await StateManager.open('killed', counter)
console.log(`found ${manager.state.value}`)

// What `kill -9` does, a second from now: no handler runs, and nothing is closed.
setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1_000)

for (;;) {
  const { result } = await manager.do.inc(1)
  console.log(`told ${result}`)
}
