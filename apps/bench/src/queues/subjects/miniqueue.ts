import { MiniQueue, type MiniQueueOptions } from '@mini-rs/miniqueue'
import type { JobData, OpenQueue, Subject } from '../subject.js'
import { jobData } from '../subject.js'

const FILL_AT_ONCE = 1_000

/** Ours, with its syncs in the thread pool. */
export const miniqueue: Subject = {
  name: 'miniqueue',
  how: 'enqueue, process',
  jobsPerSecond: 100_000,
  open: (folder) => open(folder, {}),
}

/** Ours, with the sync of a lone call on the calling thread, where SQLite has all of its syncs. */
export const miniqueueInline: Subject = {
  ...miniqueue,
  name: 'miniqueue inline',
  how: "enqueue, process; syncOn: 'inline'",
  open: (folder) => open(folder, { syncOn: 'inline' }),
}

async function open(folder: string, options: MiniQueueOptions): Promise<OpenQueue> {
  const queues = await MiniQueue.open(folder, options)
  const queue = queues.queue<JobData>('jobs')
  return {
    enqueue: (n) => queue.enqueue(jobData(n)),
    async fill(numbers) {
      for (let at = 0; at < numbers.length; at += FILL_AT_ONCE) {
        const piece = numbers.slice(at, at + FILL_AT_ONCE)
        await queue.enqueueMany(piece.map((n) => ({ data: jobData(n) })))
      }
    },
    drain: (concurrency, onJob) =>
      new Promise((resolve) => {
        const worker = queue.process(
          ({ data }) => {
            if (!onJob(data.n)) resolve(worker.close().then(() => {}))
          },
          { concurrency },
        )
      }),
    pending: async () => queue.stats().depth,
    close: async () => void (await queues.close()),
  }
}
