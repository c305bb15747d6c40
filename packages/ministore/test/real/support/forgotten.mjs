// Opens a store, forgets it, has the garbage collected, and says whether its journal can be opened again.
import { setTimeout as pause } from 'node:timers/promises'
import { MiniStore } from '@mini-rs/ministore'

const path = `${process.argv[2]}/journal.jsonl`
await (async () => {
  const store = await MiniStore.open(path)
  await store.append({ n: 1 })
})()
for (let round = 0; round < 10; round++) {
  globalThis.gc()
  await pause(1)
}
try {
  await MiniStore.open(path)
  console.log('opened')
} catch (error) {
  console.log(error.code)
}
