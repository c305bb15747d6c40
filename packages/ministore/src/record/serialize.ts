import { MiniStoreError } from '../errors.js'
import { MAX_DEPTH } from '../format/limits.js'
import { nestsTooDeep } from './json-depth.js'

/**
 * The JSON text of a value that JSON can carry without loss. Properties that are `undefined` are
 * omitted and `toJSON` is honoured, as `JSON.stringify` does. `depth`: levels of the record that it will stand in,
 * for a line nests 127 deep at most.
 *
 * @throws {@link MiniStoreError} `RECORD_NOT_SERIALIZABLE` with the path inside the value, for what
 * JSON would drop or change, and for what other readers of the file refuse.
 */
export function serialize(value: unknown, depth = 0): string {
  const fault = findFault(value, '', depth)
  if (fault === undefined) return JSON.stringify(value)
  if (fault !== NEEDS_TO_JSON) throw notSerializable(fault)
  const plain = resolveToJson(value, '', 0)
  const remaining = findFault(plain, '', depth)
  if (remaining !== undefined && remaining !== NEEDS_TO_JSON) throw notSerializable(remaining)
  return JSON.stringify(plain)
}

/**
 * A text of somebody else's that is to be a line of a journal.
 *
 * @throws {@link MiniStoreError} `RECORD_NOT_SERIALIZABLE` where it cannot be one
 */
export function assertOneLine(text: unknown): string {
  const what =
    typeof text !== 'string'
      ? `no text, but ${typeof text}`
      : text === ''
        ? 'an empty text'
        : breaksLines(text)
          ? 'a text with a line break, a tab or a space at its end'
          : text.isWellFormed()
            ? isTooDeep(text)
              ? `a text that nests deeper than ${MAX_DEPTH}`
              : undefined
            : 'a text with a lone surrogate'
  if (what === undefined) return text as string
  throw new MiniStoreError(
    'RECORD_NOT_SERIALIZABLE',
    `stringify answered ${what}, which cannot be a line of a journal; let it answer what JSON.stringify does`,
    { outcome: 'absent' },
  )
}

function isTooDeep(text: string): boolean {
  if (text.length < 2 * MAX_DEPTH) return false
  const bytes = Buffer.from(text)
  return nestsTooDeep(bytes, 0, bytes.length)
}

/** Whether it has what ends a line of a journal, begins its seal, or stands between the two. No compact JSON does. */
function breaksLines(text: string): boolean {
  return text.includes('\n') || text.includes('\t') || text.includes('\r') || text.endsWith(' ')
}

interface Fault {
  readonly path: string
  readonly what: string
}

/** Found instead of a fault where a `toJSON` decides: it is called once, on a copy. */
const NEEDS_TO_JSON: Fault = { path: '', what: 'toJSON' }

function notSerializable(fault: Fault): MiniStoreError {
  const path = `$${fault.path}`
  return new MiniStoreError(
    'RECORD_NOT_SERIALIZABLE',
    `the record holds ${fault.what} at ${path}, which a line of JSON cannot carry; convert it first, or pass a codec`,
    { outcome: 'absent', issues: [{ path, message: `is ${fault.what}` }] },
  )
}

function findFault(value: unknown, path: string, depth: number): Fault | undefined {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? undefined : { path, what: 'a lone surrogate' }
    case 'number':
      return Number.isFinite(value) ? undefined : { path, what: String(value) }
    case 'boolean':
      return undefined
    case 'object':
      return value === null ? undefined : findFaultInside(value, path, depth + 1)
    case 'undefined':
      return { path, what: 'undefined' }
    case 'bigint':
    case 'symbol':
    case 'function':
      return { path, what: `a ${typeof value}` }
  }
}

function findFaultInside(value: object, path: string, depth: number): Fault | undefined {
  if (depth > MAX_DEPTH) return { path, what: `nesting deeper than ${MAX_DEPTH}, or a cycle,` }
  if (Array.isArray(value)) return hasToJson(value) ? NEEDS_TO_JSON : inArray(value, path, depth)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    const what = unfaithfulKind(value)
    if (what !== undefined) return { path, what }
  }
  if (hasToJson(value)) return NEEDS_TO_JSON
  // Keys, not entries: this runs for every append, and would make an array for each property.
  const properties = value as Record<string, unknown>
  for (const key of Object.keys(properties)) {
    const inner = properties[key]
    if (inner === undefined) continue
    const fault = key.isWellFormed() ? findFault(inner, '', depth) : surrogateKey
    if (fault === NEEDS_TO_JSON) return fault
    if (fault !== undefined) return { path: `${path}${member(key)}${fault.path}`, what: fault.what }
  }
  return undefined
}

const surrogateKey: Fault = { path: '', what: 'a lone surrogate in the key' }

function inArray(values: readonly unknown[], path: string, depth: number): Fault | undefined {
  for (let index = 0; index < values.length; index++) {
    const fault = findFault(values[index], '', depth)
    if (fault === NEEDS_TO_JSON) return fault
    if (fault !== undefined) {
      const what = index in values ? fault.what : 'a hole'
      return { path: `${path}[${index}]${fault.path}`, what }
    }
  }
  return undefined
}

function member(key: string): string {
  return /^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

function hasToJson(value: object): value is { toJSON: (key: string) => unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function'
}

/** Kinds that `JSON.stringify` would turn into `{}`, silently losing what they hold. */
const UNFAITHFUL = new Set(
  'Map Set WeakMap WeakSet WeakRef RegExp Promise Error ArrayBuffer SharedArrayBuffer DataView'.split(
    ' ',
  ),
)

function unfaithfulKind(value: object): string | undefined {
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`
  const kind = Object.prototype.toString.call(value).slice(8, -1)
  if (UNFAITHFUL.has(kind)) return `a ${kind}`
  if (kind === 'Number' || kind === 'String' || kind === 'Boolean') return `a boxed ${kind}`
  return undefined
}

/** A copy in which every `toJSON` has been called, once. */
function resolveToJson(value: unknown, key: string, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value
  const resolved = hasToJson(value) ? value.toJSON(key) : value
  if (typeof resolved !== 'object' || resolved === null) return resolved
  if (Array.isArray(resolved)) {
    return Array.from(resolved, (inner, index) => resolveToJson(inner, String(index), depth + 1))
  }
  const prototype: unknown = Object.getPrototypeOf(resolved)
  const isBuiltIn = prototype !== Object.prototype && unfaithfulKind(resolved) !== undefined
  if (isBuiltIn) return resolved
  // Without a prototype, so that a key called __proto__ or toJSON is only a key.
  const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [name, inner] of Object.entries(resolved)) {
    if (typeof inner !== 'function' || name !== 'toJSON')
      copy[name] = resolveToJson(inner, name, depth + 1)
  }
  return copy
}
