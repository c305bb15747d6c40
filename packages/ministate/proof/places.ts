// Where a random recipe works: in drafts, and in plain objects that stand for them, it sees the same.

/** Properties by their names. */
export type Fields = Record<string, unknown>

/** A collection of the state: which one, the number says. */
export function walk(from: object, code: number): object {
  let at = from
  for (let rest = code; rest > 0; rest = Math.floor(rest / 5)) {
    const child = collectionIn(at, rest)
    if (child === undefined) break
    at = child
  }
  return at
}

/** The first collection from there on. Looks at no more than it has to. */
function collectionIn(target: object, from: number): object | undefined {
  if (target instanceof Set) return [...target].find(isCollection)
  const keys = [...keysOf(target)]
  for (let offset = 0; offset < keys.length; offset++) {
    const value = valueAt(target, keys[(from + offset) % keys.length])
    if (isCollection(value)) return value
  }
  return undefined
}

/** What holds other values; a Date is one value. */
export function isCollection(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  )
}

/** Whether it has properties. */
export function isFields(value: object): value is Fields {
  return !Array.isArray(value) && !(value instanceof Map) && !(value instanceof Set)
}

/** The collections directly in it. */
export function childrenOf(value: object): object[] {
  return valuesOf(value).filter(isCollection)
}

/** What it holds. */
export function valuesOf(value: object): unknown[] {
  if (value instanceof Map || value instanceof Set) return [...value.values()]
  return Array.isArray(value) ? [...(value as unknown[])] : Object.values(value)
}

/** Where it holds that. */
export function keysOf(value: object): Iterable<unknown> {
  if (value instanceof Map || Array.isArray(value) || value instanceof Set) return value.keys()
  return Object.keys(value)
}

/** What it holds there. */
export function valueAt(target: object, key: unknown): unknown {
  if (target instanceof Map) return target.get(key)
  return (target as Fields)[String(key)]
}

/** For orders: the same for a draft and for what stands for it. */
export function weight(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string') return value.length
  return isCollection(value) ? valuesOf(value).length : 0
}
