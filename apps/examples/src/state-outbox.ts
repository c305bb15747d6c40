// Every payment is announced to another system: at least once, also over a crash, and repetitions are told by
// their id. Who asked for a payment and got no answer may ask again: it is made once.
import './own-folder.js'
import { type MiniStateError, StateManager, defineState } from '@mini-rs/ministate'

const REMEMBERED = 1_000
const account = defineState({
  initial: { balance: 0, requests: new Set<string>() },
  mutations: (m) => ({
    pay: m((state, payment: { requestId: string; amount: number }, context) => {
      const { requests } = state
      if (requests.has(payment.requestId)) return context.reject('ALREADY_DONE')
      state.balance += payment.amount
      // A Set keeps its order: the first is the oldest. So the state does not grow without end.
      for (const oldest of requests) if (requests.size >= REMEMBERED) requests.delete(oldest)
      requests.add(payment.requestId)
    }),
  }),
})
/** How far the outbox is. A state of its own, for it changes when something was sent. */
const cursor = defineState({
  initial: { sentSeq: 0 },
  mutations: (m) => ({ sent: m((state, seq: number) => void (state.sentSeq = seq)) }),
})

const outbox = await StateManager.open('outbox', cursor)
const manager = await StateManager.open('account', account, {
  // What was not sent stays in the log, whatever the snapshots hold.
  snapshots: { everyRecords: 50, keepFrom: () => outbox.state.sentSeq + 1 },
})

const first = manager.sequence() + 1
for (let n = first; n < first + 120; n++) await manager.do.pay({ requestId: `r${n}`, amount: 1 })
const again = manager.do.pay({ requestId: `r${first}`, amount: 1 })
await again.catch((error: MiniStateError) => console.log(error.rejection?.code)) // ALREADY_DONE

const received = new Map<string, unknown>()
let sendings = 0
async function send(id: string, message: unknown): Promise<void> {
  sendings += 1
  received.set(id, message) // a repetition changes nothing
}

/** Sends what was not sent; `crashAt` ends it between sending and noting that. */
async function deliver(crashAt: number): Promise<void> {
  for await (const { seq, ...change } of manager.changes({ from: outbox.state.sentSeq + 1 })) {
    await send(`account:${seq}`, change)
    if (seq === crashAt) return
    await outbox.do.sent(seq)
    if (seq === manager.sequence()) return
  }
}
await deliver(first + 9)
await deliver(Infinity)
console.log(`${manager.state.balance} paid, ${received.size} received, ${sendings} sendings`)
await Promise.all([manager.close(), outbox.close()])
