import { MiniQueueError } from '../errors.js'
import type { QueueRecord, RecordKind } from './record-types.js'

type Check = (value: unknown) => boolean

const isNumber: Check = (value) => typeof value === 'number'
const isText: Check = (value) => typeof value === 'string'
const isList: Check = (value) => Array.isArray(value)
const isAnything: Check = () => true

/** What each kind must have; the rest is optional, and ours. */
const REQUIRED: Readonly<Record<RecordKind, Readonly<Record<string, Check>>>> = {
  enqueue: { queue: isText, atMs: isNumber },
  ack: { of: isNumber, attempt: isNumber, startMs: isNumber, tookMs: isNumber },
  nack: {
    of: isNumber,
    attempt: isNumber,
    startMs: isNumber,
    tookMs: isNumber,
    dueMs: isNumber,
    delayMs: isNumber,
  },
  dead: { of: isNumber, atMs: isNumber, reason: isText },
  cancel: { of: isNumber, atMs: isNumber },
  update: { of: isNumber, atMs: isNumber },
  release: { jobs: isList, atMs: isNumber },
  crash: { jobs: isList, inRow: isNumber, atMs: isNumber },
  pause: { queue: isText },
  resume: { queue: isText },
  purge: { queue: isText, states: isList, except: isList },
  retry: { jobs: isList, atMs: isNumber },
  redrive: { jobs: isList, atMs: isNumber },
  schedule: { id: isText, queue: isText, atMs: isNumber },
  tick: { schedule: isText, dueMs: isNumber, atMs: isNumber },
  memo: { of: isNumber, memo: isAnything },
  progress: { of: isNumber },
  log: { of: isNumber, line: isText },
  put: { key: isText },
  carry: { of: isNumber, queue: isText, status: isText, attempt: isNumber, dueMs: isNumber },
  seen: { ids: isList, keys: isList },
}

/**
 * A line of a queue's journal. `path`: of the journal, for the message.
 *
 * @throws {@link MiniQueueError} `RECORD_UNKNOWN`: it is none, or of a newer version
 */
export function decodeRecord(value: unknown, seq: number, path: string): QueueRecord {
  if (typeof value === 'object' && value !== null) {
    for (const kind in value) {
      const required = Object.hasOwn(REQUIRED, kind) ? REQUIRED[kind as RecordKind] : undefined
      const fields: unknown = (value as Record<string, unknown>)[kind]
      if (required === undefined || typeof fields !== 'object' || fields === null) break
      for (const name in required) {
        const field: unknown = (fields as Record<string, unknown>)[name]
        if (required[name]?.(field) !== true) throw unknown(seq, path, `${kind}.${name}`)
      }
      return value as QueueRecord
    }
  }
  throw unknown(seq, path, undefined)
}

function unknown(seq: number, path: string, field: string | undefined): MiniQueueError {
  const what = field === undefined ? 'is none of a queue’s records' : `has no valid ${field}`
  const message = `${path}: record ${seq} ${what}; is this a queue’s folder, and not one of a newer version?`
  return new MiniQueueError('RECORD_UNKNOWN', message, { seq, path, outcome: 'absent' })
}
