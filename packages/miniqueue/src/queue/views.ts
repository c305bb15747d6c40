import { type Job, idOf } from '../job.js'
import type { Core } from './core.js'
import type { StoredBody } from './bodies.js'

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
    priority: body.priority ?? 0,
    group: body.group,
    status: state.status,
    attempt: state.attempt,
    failures: state.failures,
    crashes: state.crashes,
    enqueuedAtMs: 'atMs' in body && typeof body.atMs === 'number' ? body.atMs : 0,
    previous: table.extra(slot)?.previous,
  }
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({})
