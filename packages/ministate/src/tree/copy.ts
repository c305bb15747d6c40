import { MAX_DEPTH, describeObject, kindOf, memberPath } from '@mini-rs/minisnap/values'
import { Uncarriable } from './uncarriable.js'

/** What an object that is no plain one becomes; undefined where it cannot be carried. */
type CopySpecial = (value: object, depth: number) => object | undefined

/** How a copy treats what JSON does not know. */
interface Rules {
  readonly allowsBigint: boolean
  /** Levels of JSON that a plain object takes. */
  readonly plainLevels: (value: object) => number
  readonly copySpecial: CopySpecial
  /** The data behind an object that only stands for it. */
  readonly unwrap: (value: object) => object
}

/** Levels of JSON that an object of the default snapshot codec takes: `{"$type":"Map","value":[[key,value]]}`. */
const MAP_LEVELS = 3
const SET_LEVELS = 2
/** Of a plain object that could be taken for one of those. */
const AMBIGUOUS_LEVELS = 3

const JSON_RULES: Rules = {
  allowsBigint: false,
  plainLevels: () => 1,
  copySpecial: () => undefined,
  unwrap: (value) => value,
}

/**
 * A copy of what one line of JSON can carry, exactly as it would come back from it: properties that are
 * undefined are left out, and −0 is 0.
 *
 * @throws {@link Uncarriable} for everything that would come back as something else
 */
export function copyJson(value: unknown): unknown {
  // The record around it is one level of the line.
  return copyValue(value, 1, JSON_RULES)
}

/** One more copy of what {@link copyJson} has answered. */
export function copyAgain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyAgain)
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    putProperty(copy, key, copyAgain((value as Readonly<Record<string, unknown>>)[key]))
  }
  return copy
}

/** Makes {@link copyState}. `unwrap`: the plain data behind a draft, or the value itself. */
export function stateCopier(
  unwrap: (value: object) => object,
): (value: unknown, depth: number) => unknown {
  const rules: Rules = { allowsBigint: true, plainLevels: levelsOfPlain, unwrap, copySpecial }
  function copySpecial(value: object, depth: number): object | undefined {
    switch (kindOf(value)) {
      case 'Map':
        return copyMap(value as ReadonlyMap<unknown, unknown>, depth + MAP_LEVELS, rules)
      case 'Set':
        return copySet(value as ReadonlySet<unknown>, depth + SET_LEVELS, rules)
      case 'Uint8Array':
        return new Uint8Array(value as Uint8Array)
      default:
        return value instanceof Date ? copyDate(value) : undefined
    }
  }
  return (value, depth) => copyValue(value, depth, rules)
}

function copyValue(value: unknown, depth: number, rules: Rules): unknown {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new Uncarriable('a lone surrogate')
      return value
    case 'number':
      if (!Number.isFinite(value)) throw new Uncarriable(String(value))
      return value === 0 ? 0 : value
    case 'boolean':
      return value
    case 'object':
      return value === null ? null : copyObject(rules.unwrap(value), depth, rules)
    case 'bigint':
      if (!rules.allowsBigint) throw new Uncarriable('a bigint')
      assertRoom(depth)
      return value
    case 'undefined':
      throw new Uncarriable('undefined')
    case 'symbol':
    case 'function':
      throw new Uncarriable(`a ${typeof value}`)
  }
}

function copyObject(value: object, depth: number, rules: Rules): object {
  assertRoom(depth)
  if (Array.isArray(value)) return copyArray(value, depth + 1, rules)
  if (isPlain(value)) return copyPlain(value, depth + rules.plainLevels(value), rules)
  const copy = rules.copySpecial(value, depth)
  if (copy === undefined) throw new Uncarriable(nameOf(value))
  return copy
}

/** `depth`: levels above the last one that a value takes. */
function assertRoom(depth: number): void {
  if (depth >= MAX_DEPTH) throw new Uncarriable(`nesting deeper than ${MAX_DEPTH}, or a cycle,`)
}

/** Levels of JSON that a plain object of the state takes. */
export function levelsOfPlain(value: object): number {
  const isAmbiguous = Object.hasOwn(value, '$type') || Object.hasOwn(value, '__proto__')
  return isAmbiguous ? AMBIGUOUS_LEVELS : 1
}

/** Whether a key makes an object take more levels. */
export function isAmbiguousKey(key: string): boolean {
  return key === '$type' || key === '__proto__'
}

/** Of whatever realm: what stands above Object.prototype is null. */
function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return true
  return Object.getPrototypeOf(prototype) === null
}

function nameOf(value: object): string {
  const kind = kindOf(value)
  return kind === undefined ? describeObject(value) : `a ${kind}`
}

function copyPlain(value: Readonly<Record<string, unknown>>, depth: number, rules: Rules): object {
  if (Object.getOwnPropertySymbols(value).length > 0) throw new Uncarriable('a symbol as a key')
  assertRoom(depth - 1)
  const copy: Record<string, unknown> = {}
  let key = ''
  try {
    for (key of Object.keys(value)) {
      const inner = value[key]
      if (inner === undefined) continue
      if (!key.isWellFormed()) throw new Uncarriable('a lone surrogate in the key')
      putProperty(copy, key, copyValue(inner, depth, rules))
    }
  } catch (error) {
    Uncarriable.rethrow(error, memberPath(key))
  }
  return copy
}

/** Sets an own property, also one that is called `__proto__`, which an assignment would take for something else. */
export function putProperty(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else
    Object.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
}

function copyArray(items: readonly unknown[], depth: number, rules: Rules): unknown[] {
  const copy: unknown[] = []
  let index = 0
  try {
    for (; index < items.length; index++) {
      if (!(index in items)) throw new Uncarriable('a hole')
      copy.push(copyValue(items[index], depth, rules))
    }
  } catch (error) {
    Uncarriable.rethrow(error, `[${index}]`)
  }
  return copy
}

function copyMap(map: ReadonlyMap<unknown, unknown>, depth: number, rules: Rules): object {
  assertRoom(depth - 1)
  const copy = new Map<unknown, unknown>()
  let key: unknown
  try {
    for (const entry of map) {
      key = checkedKey(entry[0], depth)
      copy.set(key, copyValue(entry[1], depth, rules))
    }
  } catch (error) {
    Uncarriable.rethrow(error, entryPath(key))
  }
  return copy
}

function copySet(set: ReadonlySet<unknown>, depth: number, rules: Rules): object {
  assertRoom(depth - 1)
  const copy = new Set<unknown>()
  let index = 0
  try {
    for (const item of set) {
      copy.add(copyValue(item, depth, rules))
      index++
    }
  } catch (error) {
    Uncarriable.rethrow(error, `(entry ${index})`)
  }
  return copy
}

/** A key of a Map, `depth` below the state's top: an object would not be found again once the state was read from a file. @throws {@link Uncarriable} */
export function checkedKey(key: unknown, depth: number): unknown {
  if (typeof key === 'object' && key !== null)
    throw new Uncarriable('an object as the key of a Map')
  return copyValue(key, depth, JSON_KEY_RULES)
}

const JSON_KEY_RULES: Rules = { ...JSON_RULES, allowsBigint: true }

/** An entry of a Map, as a part of a path. */
export function entryPath(key: unknown): string {
  return `(${typeof key === 'string' ? JSON.stringify(key) : String(key)})`
}

function copyDate(date: Date): Date {
  const timeMs = date.getTime()
  if (Number.isNaN(timeMs)) throw new Uncarriable('an invalid Date')
  return new Date(timeMs)
}

/** A copy of what a recipe or a reader gives back: nobody gets hold of the state by it. `unwrap` as in {@link stateCopier}. */
export function copyOut<T>(value: T, unwrap: (value: object) => object): T
export function copyOut(value: unknown, unwrap: (value: object) => object): unknown {
  if (typeof value !== 'object' || value === null) return value
  const data = unwrap(value)
  switch (kindOf(data)) {
    case 'array':
      return (data as readonly unknown[]).map((item) => copyOut(item, unwrap))
    case 'object': {
      const copy: Record<string, unknown> = {}
      for (const [key, inner] of Object.entries(data))
        putProperty(copy, key, copyOut(inner, unwrap))
      return copy
    }
    case 'Map':
      return new Map(
        Array.from(data as Map<unknown, unknown>, ([key, inner]) => [key, copyOut(inner, unwrap)]),
      )
    case 'Set':
      return new Set(Array.from(data as Set<unknown>, (item) => copyOut(item, unwrap)))
    case 'Uint8Array':
      return new Uint8Array(data as Uint8Array)
    default:
      // The state holds no objects of other kinds.
      return data instanceof Date ? new Date(data.getTime()) : data
  }
}
