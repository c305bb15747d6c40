// The process that owns the journal, and that the demo kills. It is told what a scan found, and logs
// the difference to what the journal already says: so it can be started any number of times.
import { MiniStore } from '@mini-rs/ministore'
import { compact } from '@mini-rs/minisnap'
import type { FromWriter, ToWriter } from './messages.js'
import { recoverRegistry, snapshotsOf } from './recover.js'
import { type Registry, type RegistryEvent, applyEvent, eventsBetween } from './registry.js'

/** So small that a few hundred events fill several files: only whole ones can be dropped. */
const SEGMENT_BYTES = 8 * 1024

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
  const { journal, components, snapshotEvery = Number.POSITIVE_INFINITY } = request
  const store = await MiniStore.open<RegistryEvent>(journal, { maxSegmentBytes: SEGMENT_BYTES })
  const { registry, snapshotSeq, replayed } = await recoverRegistry(journal)
  const events = eventsBetween(registry, components)
  report({
    kind: 'opened',
    recovery: store.recovery,
    registered: registry.size,
    snapshotSeq,
    replayed,
    eventCount: events.length,
  })
  const appends: Promise<void>[] = []
  for (const event of events) {
    await takeCredit()
    appends.push(append(store, registry, event))
    if (appends.length % snapshotEvery !== 0) continue
    await Promise.all(appends)
    await takeSnapshot(store, registry, journal)
  }
  await Promise.all(appends)
  const stats = store.stats()
  await store.close()
  report({ kind: 'done', stats })
}

/** The registry follows the journal, never the other way round. */
async function append(
  store: MiniStore<RegistryEvent>,
  registry: Registry,
  event: RegistryEvent,
): Promise<void> {
  const seq = await store.append(event)
  applyEvent(registry, event, seq)
  report({ kind: 'acknowledged', seq })
}

/** Nothing is appended meanwhile, so the registry is that of the journal's last record. */
async function takeSnapshot(
  store: MiniStore<RegistryEvent>,
  registry: Registry,
  journal: string,
): Promise<void> {
  const snapshots = snapshotsOf(journal)
  await snapshots.create([...registry.values()], store.lastSeq, { log: store })
  const { droppedRecords, freedBytes } = await compact(store, snapshots)
  report({ kind: 'compacted', droppedRecords, freedBytes })
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
