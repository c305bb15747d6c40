import { hostname } from 'node:os'
import { MiniStore, MiniStoreError } from '@mini-rs/ministore'
import { nodeFileSystem, readFully } from '@mini-rs/ministore/fs'
import { Ledger } from '../ledger/ledger.js'
import { idOf, seqOfId } from '../job.js'
import type { JobBody, QueueRecord, Unsettled } from '../records/record-types.js'
import { decodeRecord } from '../records/record-decoder.js'
import { Bodies, type StoredBody } from '../queue/bodies.js'
import { IndexSnapshots } from '../queue/index-snapshots.js'
import { LeaseFile } from '../queue/lease-file.js'
import { journalPath, leasesPath } from '../queue/places.js'
import { type IdHash, hashOfId } from '../table/job-table.js'
import { CommandError } from './output.js'

/** Nothing is forgotten by a reader: how long what is kept, only the owner knows. */
const WHOLE_WINDOW = { ageMs: Number.MAX_SAFE_INTEGER, count: 1_000_000 }
/** A journal that is cleaned while it is read is read again. */
const MOST_TRIES = 3

/** Who has a folder of queues open. */
export interface Owner {
  readonly pid: number
  readonly host: string
  readonly since: string
}

/** A folder of queues as its files tell it, read beside whoever has it open. */
export interface QueuesView {
  readonly directory: string
  readonly ledger: Ledger
  /** Undefined when nobody has it open. */
  readonly owner: Owner | undefined
  /** What runs, by the job's number; when nobody has it open: what ran when the process died. */
  readonly leases: ReadonlyMap<number, number>
  readonly lastSeq: number
  readonly nowMs: number
}

/** Reads a folder of queues, without the lock. @throws CommandError where there is none */
export async function readQueues(directory: string): Promise<QueuesView> {
  await requireQueues(directory)
  for (let tries = 1; ; tries++) {
    try {
      return await readOnce(directory)
    } catch (error) {
      const isCleaned = MiniStoreError.is(error) && error.code === 'SEQ_DROPPED'
      if (!isCleaned || tries === MOST_TRIES) throw error
    }
  }
}

/** @throws CommandError */
export async function requireQueues(directory: string): Promise<void> {
  const path = journalPath(directory)
  const isThere = await nodeFileSystem.stat(path)
  if (isThere?.kind !== 'file') throw new CommandError(`${directory}: no queues are there`)
}

/** The records of a folder of queues that are surely there, in their order. */
export async function* recordsOf(
  directory: string,
  from?: number,
): AsyncGenerator<{ readonly seq: number; readonly record: QueueRecord }> {
  const path = journalPath(directory)
  const to = await MiniStore.acknowledgedSeq(path)
  if (to === 0) return
  const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
  if (from !== undefined && to !== undefined && from > to) return
  for await (const { firstSeq, records } of MiniStore.batches(path, range)) {
    for (const [index, value] of records.entries()) {
      const seq = firstSeq + index
      yield { seq, record: decodeRecord(value, seq, path) }
    }
  }
}

/** The ledger of a reader: bodies are read again when they are asked for. */
export function emptyLedger(): Ledger {
  return new Ledger(new Bodies(0), WHOLE_WINDOW)
}

/** The lease file. To be read before the journal: what has ended meanwhile is then known to have. */
export function readNotes(directory: string): Promise<readonly Unsettled[]> {
  return LeaseFile.read(nodeFileSystem, leasesPath(directory))
}

/** What runs of that which was noted: the attempt, by the job's number. */
export function leasesIn(notes: readonly Unsettled[], ledger: Ledger): Map<number, number> {
  const leases = new Map<number, number>()
  for (const { of, attempt } of notes) {
    const slot = ledger.jobs.table.ofSeq(of)
    if (slot === undefined || ledger.jobs.table.attempt(slot) >= attempt) continue
    const status = ledger.jobs.table.status(slot)
    if (status === 'waiting' || status === 'delayed') leases.set(of, attempt)
  }
  return leases
}

/** Who has the folder open, for people; whether that is so, only the lock decides. */
export async function readOwner(directory: string): Promise<Owner | undefined> {
  const text = await readText(`${journalPath(directory)}.lock`)
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    if (typeof value !== 'object' || value === null) return undefined
    const { pid, host, since, isReleased } = value as Record<string, unknown>
    const isOwner = typeof pid === 'number' && typeof host === 'string' && typeof since === 'string'
    if (!isOwner || isReleased === true || !isRunning(pid, host)) return undefined
    return { pid, host, since }
  } catch (error) {
    // It is being written.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** The slot of a job, by its id or number. @throws CommandError */
export function findSlot({ ledger }: QueuesView, queue: string, id: string): number {
  const known = findQueue(ledger, queue)
  const { table } = ledger.jobs
  const seq = seqOfId(id)
  const hash: IdHash = hashOfId(queue, id)
  const slot = seq === undefined ? table.ofId(hash) : table.ofSeq(seq)
  if (slot !== undefined && table.queue(slot) === known.index) return slot
  throw new CommandError(`queue ${JSON.stringify(queue)}: there is no job ${JSON.stringify(id)}`)
}

/** @throws CommandError */
export function findQueue(ledger: Ledger, name: string): Ledger['jobs']['queues'][number] {
  const queue = ledger.jobs.queues.find((one) => one.name === name)
  if (queue !== undefined) return queue
  const names = ledger.jobs.queues.map((one) => JSON.stringify(one.name)).join(', ')
  const known = names === '' ? 'there are none' : `there are ${names}`
  throw new CommandError(`there is no queue ${JSON.stringify(name)}; ${known}`)
}

/** A job's body, from the journal. */
export async function readBody(view: QueuesView, slot: number): Promise<StoredBody | undefined> {
  const { table } = view.ledger.jobs
  const bodySeq = table.bodySeq(slot)
  for await (const { seq, record } of recordsOf(view.directory, bodySeq)) {
    if (seq > bodySeq) break
    const body = bodyOf(record)
    if (seq === bodySeq && body !== undefined) {
      const { data, ...rest } = body
      return { body: rest, dataText: JSON.stringify(data) }
    }
  }
  return undefined
}

/** A job's id, from the journal where it has one of its own. */
export async function readId(view: QueuesView, seq: number): Promise<string> {
  const { table } = view.ledger.jobs
  const slot = table.ofSeq(seq)
  if (slot === undefined || !table.hasId(slot)) return idOf(seq, undefined)
  return idOf(seq, (await readBody(view, slot))?.body.id)
}

/** The body that a record holds. */
export function bodyOf(record: QueueRecord): JobBody | undefined {
  if ('enqueue' in record) return record.enqueue
  if ('carry' in record) return record.carry
  if ('tick' in record) return record.tick.job
  return 'update' in record ? record.update.body : undefined
}

async function readOnce(directory: string): Promise<QueuesView> {
  const nowMs = Date.now()
  const notes = await readNotes(directory)
  const index = new IndexSnapshots(directory, nodeFileSystem)
  const known = await index.restore(emptyLedger, await boundsOf(directory))
  const { ledger } = known
  let lastSeq = known.seq
  for await (const { seq, record } of recordsOf(directory, lastSeq + 1)) {
    ledger.apply(seq, record, nowMs)
    lastSeq = seq
  }
  ledger.jobs.advance(nowMs, nowMs)
  const owner = await readOwner(directory)
  const leases = leasesIn(notes, ledger)
  if (owner !== undefined) markRunning(ledger, leases)
  return { directory, ledger, owner, leases, lastSeq, nowMs }
}

/** Which index fits the journal. */
async function boundsOf(
  directory: string,
): Promise<{ readonly lastSeq: number; readonly droppedThroughSeq: number }> {
  const path = journalPath(directory)
  const lastSeq = (await MiniStore.acknowledgedSeq(path)) ?? Number.MAX_SAFE_INTEGER
  for await (const { firstSeq } of MiniStore.batches(path)) {
    return { lastSeq, droppedThroughSeq: firstSeq - 1 }
  }
  return { lastSeq: 0, droppedThroughSeq: 0 }
}

/** Leases are not in the journal: what runs is told by their file. */
export function markRunning(ledger: Ledger, leases: ReadonlyMap<number, number>): void {
  for (const [seq, attempt] of leases) {
    const slot = ledger.jobs.table.ofSeq(seq)
    if (slot !== undefined) ledger.jobs.change(slot, { kind: 'lease', attempt })
  }
}

async function readText(path: string): Promise<string | undefined> {
  const stat = await nodeFileSystem.stat(path)
  if (stat === undefined) return undefined
  const handle = await nodeFileSystem.open(path, 'read')
  try {
    const bytes = new Uint8Array(stat.sizeBytes)
    return Buffer.from(bytes.subarray(0, await readFully(handle, bytes, 0))).toString('utf8')
  } finally {
    await handle.close()
  }
}

function isRunning(pid: number, host: string): boolean {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is there, and another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
