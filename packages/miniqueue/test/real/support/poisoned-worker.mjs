// Works until nothing is left, beside a job that kills its process.
import { MiniQueue } from '@mini-rs/miniqueue'

const [folder, innocent] = process.argv.slice(2)
const queues = await MiniQueue.open(folder)
const q = queues.queue('q', { maxCrashes: 3 })
const ids = Array.from({ length: Number(innocent) }, (_, index) => `innocent-${index}`)
ids.splice(ids.length >> 1, 0, 'poison')
await q.enqueueMany(ids.map((id) => ({ data: id, options: { id } })))
q.process(
  async ({ data }) => {
    if (data === 'poison') process.kill(process.pid, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 3))
  },
  { concurrency: 4 },
)
await q.idle()
await queues.close()
