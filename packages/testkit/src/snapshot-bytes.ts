import { isDeepStrictEqual } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { SnapshotError } from './snapshot-error.js'

/** As deep as a local file allows; a cycle is deeper. */
const MAX_DEPTH = 126

/** What one snapshot holds. */
export interface SnapshotContent {
  readonly seq: number
  readonly createdAt: string
  readonly notes: Readonly<Record<string, unknown>> | undefined
  readonly state: unknown
}

/** The content as bytes, in which nobody has a share. @throws {@link SnapshotError} `STATE_NOT_SERIALIZABLE` */
export function contentBytes(content: SnapshotContent): Uint8Array {
  assertCarried(content.state, 0)
  return Uint8Array.from(serialize(content))
}

/** The content again, each time another copy. */
export function parseContent(bytes: Uint8Array): SnapshotContent {
  // A copy of the bytes, too: a Uint8Array of the state would be a view of them.
  return deserialize(Uint8Array.from(bytes)) as SnapshotContent
}

/** A copy of what is kept beside a state. @throws TypeError, {@link SnapshotError} `STATE_NOT_SERIALIZABLE` for what is no JSON */
export function copyOfNotes(notes: unknown): Readonly<Record<string, unknown>> {
  if (typeof notes !== 'object' || notes === null || !isPlain(notes)) {
    throw new TypeError('notes must be a plain object')
  }
  assertCarried(notes, 0)
  const copy = tryJsonCopy(notes)
  // Both sides are copies: an object without a prototype comes back with one.
  if (isDeepStrictEqual(copy, deserialize(serialize(notes)))) return copy ?? {}
  throw notSerializable('notes that are no JSON')
}

function tryJsonCopy(notes: object): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(JSON.stringify(notes)) as Readonly<Record<string, unknown>>
  } catch {
    return undefined // a bigint
  }
}

/** Refuses what the strictest store refuses, so that nobody relies on a lenient one. */
function assertCarried(value: unknown, depth: number): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return
    case 'number':
      if (!Number.isFinite(value)) throw notSerializable(String(value))
      return
    case 'object':
      if (value !== null) assertObjectCarried(value, depth)
      return
    default:
      throw notSerializable(`a value of the type ${typeof value}`)
  }
}

function assertObjectCarried(value: object, depth: number): void {
  if (depth >= MAX_DEPTH) throw notSerializable(`nesting deeper than ${MAX_DEPTH}, or a cycle`)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Uint8Array.prototype) return
  if (prototype === Date.prototype && !Number.isNaN((value as Date).getTime())) return
  for (const item of itemsOf(value)) assertCarried(item, depth + 1)
}

/** What an array, a Map, a Set or a plain object holds; a hole is undefined. */
function itemsOf(value: object): unknown[] {
  if (Array.isArray(value)) return Array.from(value as readonly unknown[])
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Set.prototype) return [...(value as ReadonlySet<unknown>)]
  if (prototype === Map.prototype) return [...(value as ReadonlyMap<unknown, unknown>)].flat(1)
  if (isPlain(value) && Object.getOwnPropertySymbols(value).length === 0) {
    return Object.values(value)
  }
  throw notSerializable(Object.prototype.toString.call(value))
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function notSerializable(what: string): SnapshotError {
  return new SnapshotError('STATE_NOT_SERIALIZABLE', `a snapshot cannot carry ${what}`)
}
