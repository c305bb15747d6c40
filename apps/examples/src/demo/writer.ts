// The process that owns the journal, and that the demo kills. It is told what a scan found, and logs
// the difference to what the journal already says: so it can be started any number of times.
import { MiniStore } from '@mini-rs/ministore'
import type { FromWriter, ToWriter } from './messages.js'
import { type RegistryEvent, applyEvent, eventsBetween } from './registry.js'

let credit = 0
let onCredit: () => void = () => {}

process.on('message', (message: ToWriter) => {
  if (message.kind === 'record') {
    credit += message.ahead
    void record(message)
  } else {
    credit++
    onCredit()
  }
})
// The demo has gone, or has seen enough.
process.on('disconnect', () => process.exit())

async function record(request: ToWriter & { kind: 'record' }): Promise<void> {
  const store = await MiniStore.open<RegistryEvent>(request.journal)
  const registry = await MiniStore.reduce(request.journal, applyEvent, new Map())
  const events = eventsBetween(registry, request.components)
  report({
    kind: 'opened',
    recovery: store.recovery,
    registered: registry.size,
    eventCount: events.length,
  })
  const appends: Promise<void>[] = []
  for (const event of events) {
    await takeCredit()
    appends.push(store.append(event).then((seq) => report({ kind: 'acknowledged', seq })))
  }
  await Promise.all(appends)
  const stats = store.stats()
  await store.close()
  report({ kind: 'done', stats })
}

/** Keeps the writer within reach of its audience, or it would be done before anybody could kill it. */
async function takeCredit(): Promise<void> {
  if (credit === 0) {
    await new Promise<void>((resolve) => {
      onCredit = resolve
    })
  }
  credit--
}

function report(message: FromWriter): void {
  process.send?.(message)
}
