// A second process follows a state that another one writes. It takes no lock and writes nothing.
import './own-folder.js'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { StateManager, defineState } from '@mini-rs/ministate'

const restaurant = defineState({
  initial: { waiting: [] as string[], isClosed: false },
  mutations: (m) => ({
    open: m((state) => void (state.isClosed = false)),
    arrive: m((state, guest: string) => state.waiting.push(guest)),
    seat: m((state) => state.waiting.shift() ?? null),
    close: m((state) => void (state.isClosed = true)),
  }),
})

async function follow(): Promise<void> {
  const follower = await StateManager.open('restaurant', restaurant, { readOnly: { follow: true } })
  for await (const change of follower.changes({ from: 1 })) {
    if (change.kind === 'mutation') {
      console.log('follower:', change.name, change.payload ?? '')
      if (change.name === 'close') break
    } else {
      // The writer has dropped old records: how the state came to be is gone, the state is there.
      console.log(`follower: reset, ${follower.state.waiting.length} are waiting`)
      process.send?.('ready')
    }
  }
  await follower.close()
}
if (process.argv.includes('follow')) await follow()
else await write()

async function write(): Promise<void> {
  const manager = await StateManager.open('restaurant', restaurant, {
    snapshots: { everyRecords: 25 },
  })
  await manager.do.open()
  for (let n = 0; n < 100; n++) await manager.do.arrive(`guest ${n}`)

  const follower = fork(fileURLToPath(import.meta.url), ['.', 'follow'])
  const left = once(follower, 'exit') // it may be gone before this process has closed
  await once(follower, 'message')
  await manager.do.arrive('ada')
  const { result } = await manager.do.seat()
  console.log(`writer: ${result}, please!`)
  await manager.do.close()
  await manager.close()
  await left
}
