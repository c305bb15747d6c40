// Many entries in one flat collection: changed in place, a mutation costs what it touches, not what there
// is. There is no `state` to hold on to then: `read` looks at the newest, and answers when that is durable.
import './own-folder.js'
import { StateManager, defineState } from '@mini-rs/ministate'

const sessions = defineState({
  initial: { users: new Map<string, { visits: number }>() },
  mutations: (m) => ({
    visit: m((state, user: string) => {
      const known = state.users.get(user)
      if (known === undefined) state.users.set(user, { visits: 1 })
      else known.visits += 1
    }),
    forget: m((state, user: string) => state.users.delete(user)),
  }),
})

const manager = await StateManager.open('sessions', sessions, { engine: 'inPlace' })
const visits = Array.from({ length: 20_000 }, (_, n) => manager.do.visit(`user-${n}`))

// At once, before any of them is on the disk; what it answers is a copy, and comes when they are.
const count = await manager.read(({ users }) => users.size)
await Promise.all(visits)
console.log(`${count} users`)

await manager.do.visit('user-7')
const user = await manager.read(({ users }) => users.get('user-7'))
const { result } = await manager.do.forget('user-8')
console.log(`user-7 has come ${user?.visits} times; user-8 is forgotten: ${result}`)
await manager.close()
