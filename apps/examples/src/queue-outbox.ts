// A job that ends and what follows from it are one commit: no crash can leave the one without the other.
import './own-folder.js'
import { MiniQueue } from '@mini-rs/miniqueue'

const queues = await MiniQueue.open('shop')
const payments = queues.queue<{ order: number }>('payment')
const parcels = queues.queue<{ order: number }>('parcel')

payments.process(async ({ data, id }, { once, tx }) => {
  // Done once in the life of the job, though the process may die right behind it.
  const receipt = await once('charge', () => `receipt for ${data.order}`)
  // Enqueued with the ack of this job, or not at all.
  tx.enqueue(parcels, { order: data.order }, { id: `parcel-of-${id}` })
  tx.put('last receipt', receipt)
})

// From the outside: several jobs, and how far we are, in one commit.
const from = (queues.value('cursor') as number | undefined) ?? 0
await queues.transaction((transaction) => {
  for (let order = from + 1; order <= from + 3; order++) {
    transaction.enqueue(payments, { order }, { id: `order-${order}` })
  }
  transaction.put('cursor', from + 3)
})
await payments.idle()
console.log(
  `${parcels.stats().waiting} parcels wait, the ${queues.value('last receipt')}, cursor ${queues.value('cursor')}`,
)
await queues.close()
