// Opens a queue and leaves something open, as its first argument says; says `done` when that is there.
import { writeSync } from 'node:fs'
import { MiniQueue } from '@mini-rs/miniqueue'

const [what, folder] = process.argv.slice(2)
const queues = await MiniQueue.open(folder)
const q = queues.queue('q')
const CASES = {
  open: () => {},
  delayed: () => q.enqueue(1, { delayMs: 3_600_000 }),
  worker: () => void q.process(() => {}),
  unref: () => void q.process(() => {}, { unref: true }),
  closedWorker: () => q.process(() => {}).close(),
  receive: () => void q.receive({ waitMs: 3_600_000 }),
  received: () => q.receive({ waitMs: 10 }),
  abortedReceive: () => {
    const stop = new AbortController()
    void q.receive({ waitMs: Infinity, signal: stop.signal })
    stop.abort()
  },
  waitFor: async () => {
    await q.enqueue(1, { id: 'a', delayMs: 3_600_000 })
    void q.waitFor('a')
  },
  idle: async () => {
    await q.enqueue(1, { delayMs: 3_600_000 })
    void q.idle()
  },
  lease: async () => {
    await q.enqueue(1)
    await q.receive()
  },
  closed: async () => {
    q.process(() => {})
    await queues.close()
  },
}
await CASES[what]()
writeSync(1, 'done\n')
