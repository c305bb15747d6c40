// Taking jobs by hand: a lease hides a job from others until it is settled or its time is over.
import './own-folder.js'
import { MiniQueue, MiniQueueError } from '@mini-rs/miniqueue'

const queues = await MiniQueue.open('orders')
const orders = queues.queue<{ article: string }>('order', { visibilityTimeoutMs: 60_000 })
await orders.enqueueMany(['tea', 'cup', 'pot'].map((article) => ({ data: { article } })))

const [tea, cup, pot] = await orders.receive({ max: 3, waitMs: 1_000 })
await tea?.ack({ shipped: true })
await cup?.nack({ delayMs: 50, error: new Error('out of stock') })
await pot?.deadLetter('broken')
await pot?.ack().catch((error: unknown) => {
  if (!MiniQueueError.is(error)) throw error
  console.log(error.code) // LEASE_LOST: a settled delivery cannot be settled otherwise
})

const [again] = await orders.receive({ waitMs: 1_000 })
console.log(
  `${again?.job.data.article}, delivery ${again?.token}, after "${again?.job.previous?.error?.message}"`,
)
await again?.extend(60_000)
await again?.ack()
console.log(orders.stats())
await queues.close()
