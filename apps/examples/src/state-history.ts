// The log remembers: what was, what if, a copy that goes its own way, and whether replay can be trusted.
import './own-folder.js'
import { StateManager, defineState } from '@mini-rs/ministate'

const todo = defineState({
  initial: { open: [] as string[], done: 0 },
  mutations: (m) => ({
    add: m((state, task: string) => state.open.push(task)),
    finish: m((state, task: string, context) => {
      const at = state.open.indexOf(task)
      if (at === -1) return context.reject('NO_SUCH_TASK')
      state.open.splice(at, 1)
      state.done += 1
    }),
  }),
})

const manager = await StateManager.open('todo', todo)
const { last } = await manager.applyAll([{ add: 'write' }, { add: 'test' }])
await manager.do.finish('write')
const now = manager.sequence()

// What was. Mutations 1 and 2 were one commit, all or nothing: there never was a state after 1.
console.log('back then:', (await manager.at(last)).open)
for await (const { seq, name, payload } of manager.history({ from: last - 1, to: now })) {
  console.log(seq, name, payload)
}

// What if.
const maybe = await manager.dryRun({ finish: 'test' })
if (maybe.ok) console.log('it would be:', maybe.state?.open, 'and still is:', manager.state.open)
const no = await manager.dryRun({ finish: 'rest' })
if (!no.ok) console.log('refused:', no.rejection.rejection?.code)

// A copy, with a life of its own: its numbers begin at 1.
await manager.fork(`copy-of-${now}`, { at: last })
const copy = await StateManager.open(`copy-of-${now}`, todo)
await copy.do.add('celebrate')
console.log('the copy:', copy.state.open, 'the original:', manager.state.open)
await copy.close()
await manager.close()

// Replays everything twice: finds recipes that ask the clock, and snapshots that say something else.
const { isSound, records } = await StateManager.verify('todo', todo)
console.log(`${records} mutations replayed twice: ${isSound ? 'sound' : 'NOT SOUND'}`)
