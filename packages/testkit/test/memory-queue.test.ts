import { MemoryQueue, queueConformance } from '@mini-rs/testkit'
import { TurningClock } from './support/turning-clock.js'

queueConformance('a MemoryQueue', async () => makeQueue(true))
queueConformance('a MemoryQueue without fences', async () => makeQueue(false))

function makeQueue(isFenced: boolean) {
  const clock = new TurningClock()
  const queue = new MemoryQueue<unknown>({ clock, isFenced })
  return {
    queue,
    isFenced,
    advance: (ms: number) => clock.advance(ms),
    cleanUp: async () => queue.close(),
  }
}
