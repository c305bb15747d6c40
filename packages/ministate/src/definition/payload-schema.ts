import { MiniStateError, type PayloadIssue } from '../errors.js'
import type { PayloadSchema } from './mutation-types.js'

/** Whether the value is a Standard Schema; one of arktype is a function. */
export function isSchema(value: unknown): value is PayloadSchema {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    '~standard' in value
  )
}

/** What the schema makes of a payload. @throws {@link MiniStateError} `PAYLOAD_INVALID`; TypeError for a schema that answers with a promise */
export function validatePayload(name: string, schema: PayloadSchema, payload: unknown): unknown {
  const result = schema['~standard'].validate(payload)
  if (result instanceof Promise) {
    result.catch(() => {}) // nobody is to wait for it
    throw new TypeError(
      `the schema of ${name} is asynchronous; a mutation needs one that answers at once`,
    )
  }
  if (result.issues === undefined) return result.value
  const issues = Array.from(result.issues, toIssue) // a plain array: some libraries have a class of their own
  const list = issues.map(({ path, message }) => `${path}: ${message}`).join('; ')
  throw new MiniStateError(
    'PAYLOAD_INVALID',
    `the payload of ${name} does not fit its schema: ${list}. Nothing was logged`,
    { mutation: name, issues, outcome: 'absent' },
  )
}

function toIssue({
  path = [],
  message,
}: {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}): PayloadIssue {
  const parts = path.map((part) => {
    const key = typeof part === 'object' ? part.key : part
    return typeof key === 'number' ? `[${key}]` : `.${String(key)}`
  })
  return { path: `$${parts.join('')}`, message }
}
