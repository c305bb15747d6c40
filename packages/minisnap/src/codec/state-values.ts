import { types } from 'node:util'
import { MiniSnapError } from '../errors.js'

/**
 * How many arrays and objects may stand inside one another in a state, itself counted. With
 * `json({ tagged: true })` it is the brackets of the file that count: a Map, and an object with a key
 * `$type`, are three; a Set is two; a Date, a bigint and a Uint8Array are one.
 *
 * serde_json, which reads the same files, refuses 128, and the envelope is one.
 */
export const MAX_DEPTH = 126

/** How a path inside the state begins. */
export const STATE_ROOT = '$'

/** How a path inside the notes begins. */
export const NOTES_ROOT = '$notes'

/**
 * What {@link kindOf} calls an object. Plain JSON carries `array` and `object` only; tagged JSON and
 * MessagePack carry all.
 */
export type ObjectKind = 'array' | 'object' | 'Map' | 'Set' | 'Date' | 'Uint8Array'

/**
 * What an object is to a snapshot, and so what it comes back as; undefined for what none can carry. Looks
 * at the object itself, not at what it holds.
 *
 * - A class instance is undefined, also one of a class that extends Map, Set or Date; but a class that
 *   extends Array is an array, and a Buffer is a Uint8Array.
 * - An object without a prototype is an object, and so are arrays, objects and Uint8Arrays of another realm.
 */
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

/** An object that no snapshot can carry, in words, for an error's message: `a class instance (URL)`. */
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

/**
 * A key as a part of a path: `.name`, or `["a name"]` where it is no identifier. Paths begin with `$`, the
 * state; `[3]` is an item of an array, `(entry 3)` one of a Map or a Set.
 */
export function memberPath(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}
