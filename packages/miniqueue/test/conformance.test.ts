import { CrashFileSystem, queueConformance } from '@mini-rs/testkit'
import { MiniQueue } from '../src/queue/mini-queue.js'
import type { Queue } from '../src/queue/queue.js'
import { ManualClock } from './support/manual-clock.js'
import { roomy } from './support/roomy-disk.js'

const SYNCS = ['threadPool', 'inline'] as const
SYNCS.forEach((syncOn) =>
  queueConformance(`a queue of a MiniQueue, syncOn: ${syncOn}`, async () => {
    const clock = new ManualClock()
    const fileSystem = roomy(new CrashFileSystem())
    let queues = await MiniQueue.open('/queues', { clock, fileSystem, syncOn })
    const open = (): Queue<unknown> => {
      return queues.queue('q', { backoff: { type: 'fixed', delayMs: 0 } })
    }
    return {
      queue: open(),
      isFenced: true,
      advance: (ms) => clock.advance(ms),
      reopen: async () => {
        await queues.close()
        queues = await MiniQueue.open('/queues', { clock, fileSystem, syncOn })
        return open()
      },
      cleanUp: async () => {
        await queues.close()
      },
    }
  }),
)
