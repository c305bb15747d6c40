// Follows the state in a folder until it has come so far; prints what it has, and never writes.
import { StateManager, defineState } from '@mini-rs/ministate'

const [folder, until] = process.argv.slice(2)
const log = defineState({
  initial: { count: 0, last: '' },
  mutations: (m) => ({
    add: m((state, text) => {
      state.count++
      state.last = text
    }),
  }),
})

const follower = await StateManager.open(folder, log, { readOnly: { follow: true } })
let sawBackwards = false
let lastCount = 0
await new Promise((resolve) => {
  const look = () => {
    const { count } = follower.state
    sawBackwards ||= count < lastCount
    lastCount = count
    if (follower.sequence() >= Number(until)) resolve()
  }
  follower.subscribe(look)
  look()
})
console.log(JSON.stringify({ seq: follower.sequence(), state: follower.state, sawBackwards }))
await follower.close()
