import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { FromWriter, ToWriter } from './messages.js'
import type { Component } from './registry.js'

export interface WriterJob {
  readonly journal: string
  readonly components: readonly Component[]
  /** Kill the process when this many events were acknowledged. */
  readonly killAfter?: number
  /** Take a snapshot after so many events, and compact the journal. */
  readonly snapshotEvery?: number
  readonly onOpened?: (opened: Opened) => void
  readonly onAcknowledged?: (count: number) => void
}

export type Opened = FromWriter & { kind: 'opened' }

export interface WriterOutcome {
  readonly pid: number | undefined
  readonly opened: Opened
  readonly acknowledged: number
  /** The last sequence number that the writer called durable. */
  readonly lastAcknowledgedSeq: number
  readonly snapshots: number
  /** What compaction dropped of the journal. */
  readonly droppedRecords: number
  readonly freedBytes: number
  /** Undefined when it was killed. */
  readonly done: (FromWriter & { kind: 'done' }) | undefined
  readonly signal: NodeJS.Signals | null
  readonly elapsedMs: number
}

/** Runs a writer process until it is done, or until it is killed. */
export async function runWriter(job: WriterJob): Promise<WriterOutcome> {
  const startMs = performance.now()
  // By default a fork gets this process's own flags, and with them tsx.
  const child = fork(fileURLToPath(new URL('writer.ts', import.meta.url)))
  const seen = {
    acknowledged: 0,
    lastAcknowledgedSeq: 0,
    snapshots: 0,
    droppedRecords: 0,
    freedBytes: 0,
  }
  let opened: Opened | undefined
  let done: WriterOutcome['done']
  child.on('message', (message: FromWriter) => {
    if (child.killed) return
    if (message.kind === 'opened') {
      opened = message
      job.onOpened?.(message)
    } else if (message.kind === 'acknowledged') {
      seen.acknowledged++
      seen.lastAcknowledgedSeq = message.seq
      job.onAcknowledged?.(seen.acknowledged)
      tell(child, { kind: 'seen' })
    } else if (message.kind === 'compacted') {
      seen.snapshots++
      seen.droppedRecords += message.droppedRecords
      seen.freedBytes += message.freedBytes
    } else {
      done = message
      child.disconnect()
    }
    if (seen.acknowledged === job.killAfter) child.kill('SIGKILL')
  })
  const { journal, components, snapshotEvery } = job
  // Far enough ahead that appends share a sync, near enough that a kill comes half-way.
  const ahead = Math.max(1, Math.min(8, Math.floor(components.length / 4)))
  tell(child, { kind: 'record', journal, components, ahead, snapshotEvery })
  const { code, signal } = await exitOf(child)
  if (opened === undefined || (done === undefined && signal !== 'SIGKILL')) {
    throw new Error(`the writer process ended early, with ${signal ?? `exit code ${code}`}`)
  }
  const elapsedMs = performance.now() - startMs
  return { pid: child.pid, opened, ...seen, done, signal, elapsedMs }
}

/** A message to a process that has just died is lost, as it should be. */
function tell(child: ChildProcess, message: ToWriter): void {
  child.send(message, () => {})
}

function exitOf(
  child: ChildProcess,
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}
