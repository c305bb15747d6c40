// Each customer's events in their order, several customers at once, no more than 20 calls in a tenth of a second.
import './own-folder.js'
import { MiniQueue } from '@mini-rs/miniqueue'

const queues = await MiniQueue.open('webhooks')
const hooks = queues.queue<{ customer: string; event: number }>('webhook', {
  group: { concurrency: 1, onFailure: 'block' },
  limiter: { max: 20, durationMs: 100 },
  backoff: { type: 'fixed', delayMs: 5 },
})

const customers = ['acme', 'bolt', 'corp']
await hooks.enqueueMany(
  Array.from({ length: 30 }, (_, n) => {
    const customer = customers[n % 3] ?? 'acme'
    return { data: { customer, event: Math.floor(n / 3) }, options: { group: customer } }
  }),
)

const delivered = new Map<string, number[]>(customers.map((customer) => [customer, []]))
let failures = 0
const start = performance.now()
hooks.process(
  ({ data, attempt }) => {
    // The one behind it waits: the order holds through failures.
    if (data.event === 4 && attempt === 1) {
      failures += 1
      throw new Error('503')
    }
    delivered.get(data.customer)?.push(data.event)
  },
  { concurrency: 8 },
)
await hooks.idle()
const tookMs = performance.now() - start
for (const [customer, events] of delivered) console.log(`${customer}: ${events.join(' ')}`)
console.log(`${failures} failures; the limit was kept: ${tookMs >= 100}`)
await queues.close()
