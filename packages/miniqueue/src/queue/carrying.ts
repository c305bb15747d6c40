import { isEnded } from '../job-status.js'
import type { CarryRecord, QueueRecord, ScheduleRecord } from '../records/record-types.js'
import type { Ledger } from '../ledger/ledger.js'
import { type StoredBody, bodyIn } from './bodies.js'

/** A job as it stands, as one record. `result`: of one that has completed. */
export function carryOf(
  ledger: Ledger,
  slot: number,
  { body, dataText }: StoredBody,
  result: unknown,
): QueueRecord {
  const { table } = ledger.jobs
  const { status, attempt, failures, crashes, dueMs, delayMs } = table.load(slot)
  const { memo, previous, reason, error, placeMs, waitsFor, isBlocking } = table.extra(slot) ?? {}
  const atMs = 'atMs' in body && typeof body.atMs === 'number' ? body.atMs : dueMs
  const priority = table.priority(slot)
  const { id, headers, group, attempts, backoff, timeoutMs, expiresAtMs, dedup } = body
  const carry: CarryRecord = {
    of: table.seq(slot),
    queue: body.queue,
    ...defined({ id, headers, group, attempts, backoff, timeoutMs, expiresAtMs, dedup }),
    ...(priority !== 0 && { priority }),
    data: JSON.parse(dataText) as unknown,
    atMs,
    status: isEnded(status) ? status : 'pending',
    // A delivery that has not ended is in no journal: it is a crash that ends it otherwise.
    attempt: status === 'active' ? attempt - 1 : attempt,
    failures,
    crashes,
    dueMs,
    ...(delayMs === Number.POSITIVE_INFINITY
      ? { runAtMs: dueMs }
      : { delayMs: Math.ceil(delayMs) }),
    ...(isEnded(status) && { endedMs: dueMs }),
    ...(waitsFor !== undefined && waitsFor.size > 0 && { dependsOn: [...waitsFor] }),
    ...(isBlocking === true && { blocks: true as const }),
    ...defined({ memo, previous, reason, error, placeMs, result }),
  }
  return { carry }
}

/** A schedule as it stands. */
export function scheduleOf(ledger: Ledger, id: string): QueueRecord | undefined {
  const state = ledger.schedules.get(id)
  if (state === undefined) return undefined
  const { lastDueMs, lastJob } = state
  const schedule: ScheduleRecord = { ...state.definition, ...defined({ lastDueMs, lastJob }) }
  return { schedule }
}

/** The result that a record of a job's end holds. */
export function resultIn(record: unknown): unknown {
  if (typeof record !== 'object' || record === null) return undefined
  if ('ack' in record) return (record.ack as { result?: unknown }).result
  return 'carry' in record ? (record.carry as { result?: unknown }).result : undefined
}

/** The job whose life the journal tells from this record on, when it stands in it. */
export function originIn(ledger: Ledger, seq: number, record: QueueRecord): number | undefined {
  const body = bodyIn(record)
  if (body === undefined || 'update' in record) return undefined
  const slot = ledger.jobs.table.ofSeq(body.of ?? seq)
  return slot !== undefined && ledger.jobs.table.originSeq(slot) === seq ? slot : undefined
}

function defined<T extends object>(values: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { [Key in keyof T]?: Exclude<T[Key], undefined> }
}
