// Enqueues and works until it is killed; says what was acknowledged, and what has begun.
import { writeSync } from 'node:fs'
import { MiniQueue } from '@mini-rs/miniqueue'

const [folder, first, callers, concurrency] = process.argv.slice(2)
const queues = await MiniQueue.open(folder, { maxSegmentBytes: 200_000 })
const q = queues.queue('q', {
  maxCrashes: 255,
  attempts: 1_000,
  backoff: { type: 'fixed', delayMs: 1 },
  retention: { completed: { count: 1_000_000 } },
})
const say = (what, id) => writeSync(1, `${what} ${id}\n`)
q.on('completed', ({ job }) => say('done', job.id))
q.process(
  async (job, { once }) => {
    say('ran', job.id)
    await once('step', () => job.data)
    if (job.data % 7 === 0 && job.attempt === 1) throw new Error('the first time it fails')
    return job.data
  },
  { concurrency: Number(concurrency) },
)
let next = Number(first)
const call = async () => {
  for (;;) {
    const data = next++
    await q.enqueue(data, { id: `job-${data}` })
    say('enqueued', `job-${data}`)
    // Not far ahead of those who work.
    while (q.stats().depth > 50) await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
await Promise.all(Array.from({ length: Number(callers) }, call))
