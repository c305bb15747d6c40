import './own-folder.js'
import { MiniStore } from '@mini-rs/ministore'

type Event = { Deposited: { cents: number } } | { Withdrawn: { cents: number } }

const store = await MiniStore.open<Event>('state/journal.jsonl')
console.log(`opened: ${store.recovery.verdict}, ${store.lastSeq} records`)

const seq = await store.append({ Deposited: { cents: 500 } })
console.log(`record ${seq} is on the disk`)
await store.appendMany([{ Withdrawn: { cents: 200 } }, { Deposited: { cents: 50 } }]) // both, or neither
await store.close()

// Readers need no writer and no lock.
for await (const { seq: number, record } of MiniStore.entries<Event>('state/journal.jsonl')) {
  console.log(number, record)
}
const balance = await MiniStore.reduce(
  'state/journal.jsonl',
  (sum, event: Event) =>
    'Deposited' in event ? sum + event.Deposited.cents : sum - event.Withdrawn.cents,
  0,
)
console.log(`the balance is ${balance}`)
