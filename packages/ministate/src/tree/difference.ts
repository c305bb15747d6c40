import { memberPath } from '@mini-rs/minisnap/values'
import { entryPath } from './copy.js'

/** Where two states differ first, as a path; undefined when they are equal. Order counts: recipes can see it. */
export function firstDifference(a: unknown, b: unknown, path = '$'): string | undefined {
  if (Object.is(a, b)) return undefined
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return path
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return path
  if (a instanceof Date) return a.getTime() === (b as Date).getTime() ? undefined : path
  if (a instanceof Uint8Array) return Buffer.compare(a, b as Uint8Array) === 0 ? undefined : path
  const left = partsOf(a)
  const right = partsOf(b)
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [one, other] = [left[index], right[index]]
    if (one === undefined || other === undefined) return `${path}${(one ?? other)?.pathPart}`
    if (!Object.is(one.key, other.key)) return `${path}${one.pathPart}`
    const difference = firstDifference(one.value, other.value, `${path}${one.pathPart}`)
    if (difference !== undefined) return difference
  }
  return undefined
}

interface Part {
  readonly key: unknown
  readonly value: unknown
  readonly pathPart: string
}

function partsOf(value: object): Part[] {
  if (value instanceof Map) {
    return Array.from(value, ([key, inner]) => ({ key, value: inner, pathPart: entryPath(key) }))
  }
  if (value instanceof Set || Array.isArray(value)) {
    return Array.from(value as Iterable<unknown>, (inner, key) => ({
      key,
      value: inner,
      pathPart: `[${key}]`,
    }))
  }
  return Object.entries(value).map(([key, inner]) => ({
    key,
    value: inner,
    pathPart: memberPath(key),
  }))
}
