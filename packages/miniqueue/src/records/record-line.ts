import { serialize } from '@mini-rs/ministore'
import {
  type AckRecord,
  DATA_TEXT,
  type EnqueueRecord,
  type JobBody,
  type UpdateRecord,
} from './record-types.js'

/**
 * The JSON of a record of ours. Of a job's data there is one already, made when it was checked.
 *
 * @throws what ministore's `serialize` throws
 */
export function lineOf(record: unknown): string {
  const { ack, enqueue, update } = record as {
    readonly ack?: AckRecord
    readonly enqueue?: EnqueueRecord
    readonly update?: UpdateRecord
  }
  if (update?.body !== undefined) {
    return serialize({ update: { ...update, body: asChecked(update.body) } })
  }
  if (ack !== undefined && isPlain(ack)) return lineOfPlainAck(ack)
  if (enqueue === undefined) return serialize(record)
  try {
    return lineOfEnqueue(enqueue)
  } catch {
    return serialize(record) // which says where in the record
  }
}

/** Whether it is as most are, of numbers only, and whatever clock it was, numbers of JSON. */
function isPlain({ result, late, startMs, tookMs }: AckRecord): boolean {
  return result === undefined && late === undefined && Number.isFinite(startMs + tookMs)
}

function lineOfPlainAck({ of, attempt, startMs, tookMs }: AckRecord): string {
  return `{"ack":{"of":${of},"attempt":${attempt},"startMs":${startMs},"tookMs":${tookMs}}}`
}

/** Member by member: the names are our own, and most values are numbers. */
function lineOfEnqueue(record: EnqueueRecord): string {
  let members = ''
  for (const name in record) {
    const value: unknown = record[name as keyof EnqueueRecord]
    if (value === undefined) continue
    const text = name === 'data' ? (record[DATA_TEXT] ?? serialize(value)) : textOf(value)
    members += `,"${name}":${text}`
  }
  return `{"enqueue":{${members.slice(1)}}}`
}

function textOf(value: unknown): string {
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : serialize(value)
}

/** Its caller may have changed the data since. */
function asChecked(body: JobBody): JobBody {
  const { [DATA_TEXT]: text } = body
  return text === undefined ? body : { ...body, data: JSON.parse(text) as unknown }
}
