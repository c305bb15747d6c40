// How to test that your own code survives: run it in a process of its own, kill that, and compare what it
// said with what is there. What is tested here are transfers: nothing may be lost, and the sum must stay.
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import './own-folder.js'
import { StateManager, defineState } from '@mini-rs/ministate'

const bank = defineState({
  initial: { ada: 1_000, bob: 1_000, transfers: 0 },
  mutations: (m) => ({
    transfer: m((state, amount: number) => {
      state.ada -= amount
      state.bob += amount
      state.transfers += 1
      return state.transfers
    }),
  }),
})

/** The program under test: it says a number only when that transfer was acknowledged. */
async function program(): Promise<void> {
  const manager = await StateManager.open('bank', bank, { snapshots: { everyRecords: 50 } })
  for (;;) process.send?.((await manager.do.transfer(1)).result)
}

async function killOnce(afterMs: number): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), ['.', 'program'])
  let said = 0
  child.on('message', (count) => (said = Number(count)))
  await once(child, 'message')
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  child.kill('SIGKILL') // no handler runs, no buffer is written
  await once(child, 'exit')
  return said
}

if (process.argv[3] === 'program') await program()
else {
  for (let round = 1; round <= 5; round++) {
    const said = await killOnce(round * 10)
    const reader = await StateManager.open('bank', bank, { readOnly: true })
    const { state } = reader
    assert.ok(state.transfers >= said, 'what was acknowledged is there')
    assert.equal(state.ada + state.bob, 2_000, 'a transfer is whole, or not there')
    await reader.close()
  }
  console.log('5 kills: nothing acknowledged was lost, and the sum is right')
}
