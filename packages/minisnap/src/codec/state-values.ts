import { types } from 'node:util'
import { MiniSnapError } from '../errors.js'

/** Deepest nesting of a state, as its JSON has it. serde_json, which reads the same files, refuses 128, and the envelope is one. */
export const MAX_DEPTH = 126

/** How a path inside the state begins. */
export const STATE_ROOT = '$'

/** How a path inside the notes begins. */
export const NOTES_ROOT = '$notes'

/** What {@link kindOf} calls an object. */
export type ObjectKind = 'array' | 'object' | 'Map' | 'Set' | 'Date' | 'Uint8Array'

/** What an object is to a snapshot; undefined for what none can carry. */
export function kindOf(value: object): ObjectKind | undefined {
  if (Array.isArray(value)) return 'array'
  const prototype: unknown = Object.getPrototypeOf(value)
  // Of whatever realm: what stands above Object.prototype is null.
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return 'object'
  if (prototype === Map.prototype) return 'Map'
  if (prototype === Set.prototype) return 'Set'
  if (prototype === Date.prototype) return 'Date'
  return types.isUint8Array(value) ? 'Uint8Array' : undefined
}

/** An object that no snapshot can carry, in words. */
export function describeObject(value: object): string {
  const { constructor } = value
  const name = typeof constructor === 'function' && constructor.name !== '' ? constructor.name : '?'
  return `a class instance (${name})`
}

/** The error of a state, or of notes, that cannot be written. `path`: from {@link STATE_ROOT} or {@link NOTES_ROOT}. */
export function notSerializable(what: string, path: string, advice: string): MiniSnapError {
  const holder = path.startsWith(NOTES_ROOT) ? 'the notes hold' : 'the state holds'
  return new MiniSnapError(
    'STATE_NOT_SERIALIZABLE',
    `${holder} ${what} at ${path}, which the file cannot carry; ${advice}`,
    { statePath: path },
  )
}

/** `.name`, or `["a name"]`, as a part of a path. */
export function memberPath(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}
