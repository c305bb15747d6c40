import type { JobStatus } from '../job-types.js'
import { type Job, idOf } from '../job.js'
import type { Core, DeclaredQueue } from './core.js'
import type { StoredBody } from './bodies.js'
import { decodePayload } from './payload.js'

/** A job as it stands now. `data`: what the schema has made of its body's. */
export function viewOf<T>(core: Core, slot: number, stored: StoredBody, data: T): Job<T> {
  const { table } = core.ledger.jobs
  const { body } = stored
  const state = table.load(slot)
  const seq = table.seq(slot)
  return {
    id: idOf(seq, body.id),
    seq,
    queue: body.queue,
    data,
    headers: body.headers ?? NO_HEADERS,
    priority: table.priority(slot),
    group: body.group,
    status: state.status,
    attempt: state.attempt,
    failures: state.failures,
    crashes: state.crashes,
    enqueuedAtMs: 'atMs' in body && typeof body.atMs === 'number' ? body.atMs : 0,
    previous: table.extra(slot)?.previous,
  }
}

/** A job at its end, of which nothing may be kept. */
export function viewAtEnd(
  core: Core,
  seq: number,
  stored: StoredBody,
  end: { readonly status: JobStatus; readonly attempt: number },
): Job<unknown> {
  const slot = core.ledger.jobs.table.ofSeq(seq)
  const data: unknown = JSON.parse(stored.dataText)
  if (slot !== undefined) return viewOf(core, slot, stored, data)
  const { body } = stored
  return {
    id: idOf(seq, body.id),
    seq,
    queue: body.queue,
    data,
    headers: body.headers ?? NO_HEADERS,
    priority: body.priority ?? 0,
    group: body.group,
    ...end,
    failures: 0,
    crashes: 0,
    enqueuedAtMs: 'atMs' in body && typeof body.atMs === 'number' ? body.atMs : 0,
    previous: undefined,
  }
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({})

/** A job as it stands, its body read where it is not in memory; undefined when it has gone meanwhile. */
export async function readView<T>(
  core: Core,
  queue: DeclaredQueue,
  seq: number,
): Promise<Job<T> | undefined> {
  const stored = await readBody(core, seq)
  const slot = core.ledger.jobs.table.ofSeq(seq)
  if (stored === undefined || slot === undefined) return undefined
  const decoded = decodePayload(queue, stored.dataText)
  const data = 'issues' in decoded ? (JSON.parse(stored.dataText) as T) : (decoded.data as T)
  return viewOf(core, slot, stored, data)
}

/** A job's body, wherever it is; undefined when the job is gone. */
export async function readBody(core: Core, seq: number): Promise<StoredBody | undefined> {
  const { bodies, ledger } = core
  const slot = ledger.jobs.table.ofSeq(seq)
  if (slot === undefined) return undefined
  return bodies.get(slot) ?? (await bodies.read(slot, ledger.jobs.table))
}

/** A job's id, wherever it is written. */
export async function readId(core: Core, seq: number): Promise<string> {
  const slot = core.ledger.jobs.table.ofSeq(seq)
  const hasOwn = slot !== undefined && core.ledger.jobs.table.hasId(slot)
  return idOf(seq, hasOwn ? (await readBody(core, seq))?.body.id : undefined)
}
