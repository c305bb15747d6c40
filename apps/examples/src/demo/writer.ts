// The process that owns the state, and that the demo kills. It is told what a scan found, and logs the
// difference to what the registry already says: so it can be started any number of times.
import { StateManager } from '@mini-rs/ministate'
import type { FromWriter, Housekeeping, ToWriter } from './messages.js'
import { type Registry, mutationsBetween, registry } from './registry.js'

/** So small that a few hundred mutations fill several files: only whole ones can be dropped. */
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
  const { folder, components, further, snapshotEvery } = request
  const manager = await StateManager.open(folder, registry, {
    maxSegmentBytes: SEGMENT_BYTES,
    ...(snapshotEvery !== undefined && { snapshots: { everyRecords: snapshotEvery } }),
  })
  const mutations = [...mutationsBetween(manager.state, components), ...further]
  report({
    kind: 'opened',
    recovery: manager.recovery,
    lastSeq: manager.sequence(),
    registered: Object.keys(manager.state.components).length,
    mutationCount: mutations.length,
  })
  const housekeeping = housekeepingOf(manager)
  const applied: Promise<void>[] = []
  for (const mutation of mutations) {
    await takeCredit()
    const acknowledged = manager.apply(mutation).then((seq) => {
      report({ kind: 'acknowledged', seq, ...housekeeping() })
    })
    applied.push(acknowledged)
  }
  await Promise.all(applied)
  const { log } = manager.stats()
  await manager.close()
  report({ kind: 'done', stats: log })
}

/** What is not there any more of all that was there and was written. */
function housekeepingOf(
  manager: StateManager<Registry, typeof registry.mutations>,
): () => Housekeeping {
  const before = manager.stats().log
  const beforeSeq = manager.sequence()
  return () => {
    const { log, snapshots } = manager.stats()
    if (before === undefined || log === undefined) {
      return { snapshots: 0, droppedRecords: 0, freedBytes: 0 }
    }
    return {
      snapshots: snapshots?.created ?? 0,
      droppedRecords: Math.max(0, before.records + manager.sequence() - beforeSeq - log.records),
      freedBytes: Math.max(0, before.sizeBytes + log.writtenBytes - log.sizeBytes),
    }
  }
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
