import { MiniStoreError, serialize } from '@mini-rs/ministore'
import { MiniQueueError, type PayloadIssue } from '../errors.js'
import type { QueueRecord } from '../records/record-types.js'

/** A path of more steps leads into a cycle, or nearly. */
const MAX_PATH_CHARS = 200
/** What a handler notes of its job, as JSON: the memo, or one note. */
const MAX_NOTE_BYTES = 64 * 1024

/** Where a caller's value is in a record, and what it is called. */
const VALUES: readonly (readonly [prefix: string, what: string])[] = [
  ['$.ack.result', 'result'],
  ['$.memo.memo', 'memo'],
  ['$.nack.memo', 'memo'],
  ['$.put.value', 'value'],
]

/** What `serialize` has thrown of a value, as issues of that value; undefined for every other error. */
export function issuesIn(error: unknown): readonly PayloadIssue[] | undefined {
  return isNotCarried(error) ? (error.issues?.map((issue) => toIssue(issue, '$')) ?? []) : undefined
}

/** What the journal would give back of a value, nobody else's. @throws `PAYLOAD_INVALID` */
export function carriedCopy(value: unknown, what: string, queue?: string): unknown {
  return JSON.parse(carriedText(value, what, queue)) as unknown
}

/** What a handler notes, nobody else's, as far as it may be kept. @throws `PAYLOAD_INVALID`, `PAYLOAD_TOO_LARGE` */
export function carriedNote(value: unknown, what: string, queue: string): unknown {
  if (value === undefined) return undefined
  const text = carriedText(value, what, queue)
  const bytes = Buffer.byteLength(text)
  if (bytes <= MAX_NOTE_BYTES) return JSON.parse(text) as unknown
  const message = `queue ${JSON.stringify(queue)}: a ${what} of ${bytes} bytes is over the ${MAX_NOTE_BYTES} that are kept; keep a reference instead`
  throw new MiniQueueError('PAYLOAD_TOO_LARGE', message, { queue, outcome: 'absent' })
}

/** The error of a caller's value that cannot be kept. */
export function payloadInvalid(
  what: string,
  issues: readonly PayloadIssue[],
  { queue, id, seq, cause }: Pick<MiniQueueError, 'queue' | 'id' | 'seq'> & { cause?: unknown },
): MiniQueueError {
  const place = queue === undefined ? '' : `queue ${JSON.stringify(queue)}: `
  const list = issues.map(({ path, message }) => `${path}: ${message}`).join('; ')
  const details = { queue, id, seq, issues, outcome: 'absent' as const, cause }
  return new MiniQueueError('PAYLOAD_INVALID', `${place}the ${what} is not valid: ${list}`, details)
}

/**
 * What the log says of a record that a line cannot carry, in the words of whoever gave the value; undefined for
 * every other error. Here, so that values need not be looked through before the log does.
 */
export function notCarried(
  error: unknown,
  records: readonly QueueRecord[],
): MiniQueueError | undefined {
  if (!isNotCarried(error)) return undefined
  const [issue] = error.issues ?? []
  const [prefix, what] = VALUES.find(([one]) => issue?.path.startsWith(one) === true) ?? []
  if (issue === undefined || prefix === undefined || what === undefined) return undefined
  const record = records.length === 1 ? records[0] : records.find(isUncarried)
  return payloadInvalid(what, [toIssue(issue, prefix)], { ...placeOf(record), cause: error })
}

function carriedText(value: unknown, what: string, queue: string | undefined): string {
  try {
    return serialize(value)
  } catch (cause) {
    const issues = issuesIn(cause)
    if (issues === undefined) throw cause
    throw payloadInvalid(what, issues, { queue, id: undefined, seq: undefined, cause })
  }
}

function isNotCarried(error: unknown): error is MiniStoreError {
  return MiniStoreError.is(error) && error.code === 'RECORD_NOT_SERIALIZABLE'
}

function isUncarried(record: QueueRecord): boolean {
  try {
    serialize(record)
    return false
  } catch (error) {
    return isNotCarried(error) // a `toJSON` of the caller's may throw what it likes
  }
}

function toIssue({ path, message }: PayloadIssue, prefix: string): PayloadIssue {
  const inside = `$${path.slice(prefix.length)}`
  return {
    message: message.replace(/,$/, ''),
    path: inside.length > MAX_PATH_CHARS ? '$' : inside,
  }
}

function placeOf(record: QueueRecord | undefined): Pick<MiniQueueError, 'queue' | 'id' | 'seq'> {
  const nowhere = { queue: undefined, id: undefined, seq: undefined }
  if (record === undefined) return nowhere
  if ('ack' in record) return { ...nowhere, seq: record.ack.of }
  if ('nack' in record) return { ...nowhere, seq: record.nack.of }
  return 'memo' in record ? { ...nowhere, seq: record.memo.of } : nowhere
}
