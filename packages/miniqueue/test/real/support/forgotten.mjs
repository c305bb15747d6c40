// Begins to work, forgets the queue, has the garbage collected, and says whether somebody else can open the folder.
import { MiniQueue } from '@mini-rs/miniqueue'

const folder = process.argv[2]
await (async () => {
  const queues = await MiniQueue.open(folder)
  const q = queues.queue('q')
  q.process(() => {})
  await q.enqueue('one')
  await q.idle()
})()
for (let round = 0; round < 10; round++) {
  globalThis.gc()
  await new Promise((resolve) => setTimeout(resolve, 1))
}
try {
  await MiniQueue.open(folder)
  console.log('opened')
} catch (error) {
  console.log(error.code)
}
process.exit()
