import { serialize } from '@mini-rs/ministore'
import { MiniQueueError, type PayloadIssue, messageOf } from '../errors.js'
import { issuesIn, payloadInvalid } from './carried.js'
import type { DeclaredQueue } from './core.js'

/** Levels of a record above a job's data, at most: `{"update":{"body":{"data":…}}}`. */
const LEVELS_ABOVE = 3

/** A payload that may be enqueued, with its JSON. */
export interface CheckedPayload {
  readonly data: unknown
  readonly text: string
}

/**
 * A payload with its JSON.
 *
 * @throws `PAYLOAD_INVALID`, `PAYLOAD_TOO_LARGE`
 */
export function checkPayload(queue: DeclaredQueue, data: unknown): CheckedPayload {
  const issues = issuesOf(queue, data)
  if (issues.length > 0) throw invalid(queue, issues)
  const text = textOf(queue, data)
  const { payloadBytes } = queue.settings.limits
  // A character takes at most three bytes.
  if (text.length * 3 > payloadBytes && Buffer.byteLength(text) > payloadBytes) {
    const message = `queue ${JSON.stringify(queue.name)}: a payload of ${Buffer.byteLength(text)} bytes is over limits.payloadBytes, ${payloadBytes}; enqueue a reference to it instead`
    throw new MiniQueueError('PAYLOAD_TOO_LARGE', message, { queue: queue.name, outcome: 'absent' })
  }
  return { data, text }
}

function textOf(queue: DeclaredQueue, data: unknown): string {
  try {
    return serialize(data, LEVELS_ABOVE)
  } catch (cause) {
    // A `toJSON` of the caller's may throw what it likes.
    throw invalid(queue, issuesIn(cause) ?? [{ message: messageOf(cause), path: '$' }], cause)
  }
}

/** What a delivered job's data is to its handler, or what the schema has against it. */
export function decodePayload(
  queue: DeclaredQueue,
  text: string,
): { readonly data: unknown } | { readonly issues: readonly PayloadIssue[] } {
  const value: unknown = JSON.parse(text)
  const { schema } = queue.settings
  if (schema === undefined) return { data: value }
  let result: ReturnType<(typeof schema)['~standard']['validate']>
  try {
    result = schema['~standard'].validate(value)
  } catch (error) {
    return { issues: [{ message: messageOf(error), path: '$' }] }
  }
  if (result instanceof Promise) {
    return { issues: [{ message: asyncSchema(queue).message, path: '$' }] }
  }
  return result.issues === undefined
    ? { data: result.value }
    : { issues: result.issues.map(toIssue) }
}

function issuesOf(queue: DeclaredQueue, data: unknown): readonly PayloadIssue[] {
  const { schema } = queue.settings
  if (schema === undefined) return []
  const result = schema['~standard'].validate(data)
  if (result instanceof Promise) throw asyncSchema(queue)
  return result.issues?.map(toIssue) ?? []
}

function asyncSchema(queue: DeclaredQueue): TypeError {
  return new TypeError(
    `queue ${JSON.stringify(queue.name)}: its schema must answer at once, not with a promise`,
  )
}

function toIssue(issue: {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}): PayloadIssue {
  const steps = (issue.path ?? []).map((step) => (typeof step === 'object' ? step.key : step))
  const path = steps.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
  return { message: issue.message, path: `$${path.join('')}` }
}

function invalid(
  queue: DeclaredQueue,
  issues: readonly PayloadIssue[],
  cause?: unknown,
): MiniQueueError {
  const place = { queue: queue.name, id: undefined, seq: undefined }
  return payloadInvalid('payload', issues, { ...place, cause })
}
