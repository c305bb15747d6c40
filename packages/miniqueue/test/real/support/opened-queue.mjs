// Opens a folder as a program does that has just started, and says what that took: one line of JSON.
import { MiniQueue } from '@mini-rs/miniqueue'

const [folder, options = '{}'] = process.argv.slice(2)

function usedBytes() {
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const before = usedBytes()
const startMs = performance.now()
const queues = await MiniQueue.open(folder, JSON.parse(options))
const openMs = performance.now() - startMs
const openedBytes = usedBytes() - before
const residentBytes = process.memoryUsage().rss
const q = queues.queue('q')
const { waiting } = q.stats()
const [lease] = await q.receive()
const first = lease?.job.data
await queues.close()
console.log(JSON.stringify({ openMs, openedBytes, residentBytes, waiting, first }))
