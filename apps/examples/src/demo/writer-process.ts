import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { FromWriter, Housekeeping, ToWriter } from './messages.js'
import type { Component, RegistryMutation } from './registry.js'

export interface WriterJob {
  readonly folder: string
  readonly components: readonly Component[]
  /** Asked for by people, after what the scan found. */
  readonly further?: readonly RegistryMutation[]
  /** Kill the process when this many mutations were acknowledged. */
  readonly killAfter?: number
  /** Take a snapshot after so many mutations, and compact the journal. */
  readonly snapshotEvery?: number
  readonly onOpened?: (opened: Opened) => void
  readonly onAcknowledged?: (count: number) => void
}

export type Opened = FromWriter & { kind: 'opened' }

export interface WriterOutcome extends Housekeeping {
  readonly pid: number | undefined
  readonly opened: Opened
  readonly acknowledged: number
  /** The last sequence number that this writer, or one before it, called durable. */
  readonly lastAcknowledgedSeq: number
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
  let acknowledged = 0
  let lastAcknowledgedSeq = 0
  let housekeeping: Housekeeping = { snapshots: 0, droppedRecords: 0, freedBytes: 0 }
  let opened: Opened | undefined
  let done: WriterOutcome['done']
  child.on('message', (message: FromWriter) => {
    if (child.killed) return
    if (message.kind === 'opened') {
      opened = message
      lastAcknowledgedSeq = message.lastSeq
      job.onOpened?.(message)
    } else if (message.kind === 'acknowledged') {
      acknowledged++
      lastAcknowledgedSeq = message.seq
      const { snapshots, droppedRecords, freedBytes } = message
      housekeeping = { snapshots, droppedRecords, freedBytes }
      job.onAcknowledged?.(acknowledged)
      tell(child, { kind: 'seen' })
    } else {
      done = message
      child.disconnect()
    }
    if (acknowledged === job.killAfter) child.kill('SIGKILL')
  })
  const { folder, components, further = [], snapshotEvery } = job
  // Far enough ahead that mutations share a sync, near enough that a kill comes half-way.
  const ahead = Math.max(1, Math.min(8, Math.floor(components.length / 4)))
  tell(child, { kind: 'record', folder, components, further, ahead, snapshotEvery })
  const { code, signal } = await exitOf(child)
  if (opened === undefined || (done === undefined && signal !== 'SIGKILL')) {
    throw new Error(`the writer process ended early, with ${signal ?? `exit code ${code}`}`)
  }
  const elapsedMs = performance.now() - startMs
  const seen = { acknowledged, lastAcknowledgedSeq, ...housekeeping }
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
