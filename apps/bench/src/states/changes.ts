/** How many entries the states have. */
export const SIZES = [100, 10_000, 100_000] as const

/** What a change carries: one entry gets one value. */
export interface Change {
  readonly id: string
  readonly value: number
}

/** An entry of a state. */
export interface Entry {
  readonly name: string
  value: number
}

/** A prime that divides none of the sizes: so the changes visit every entry, and neighbours only rarely. */
const STRIDE = 7919

function indexOf(n: number, size: number): number {
  return (n * STRIDE) % size
}

/** Of the entry at an index. */
export function idOf(index: number): string {
  return `entry-${String(index).padStart(6, '0')}`
}

/** The index of the entry with an id. */
export function indexOfId(id: string): number {
  return Number(id.slice('entry-'.length))
}

/** The n-th change of a state of so many entries. */
export function changeOf(n: number, size: number): Change {
  return { id: idOf(indexOf(n, size)), value: n + 1 }
}

/** A new entry. */
export function entryOf(index: number): Entry {
  return { name: `the entry number ${index}`, value: 0 }
}

/** All ids and new entries of a state, in order. */
export function entriesOf(size: number): [string, Entry][] {
  return Array.from({ length: size }, (_, index) => [idOf(index), entryOf(index)])
}

/** The values of all entries, in order, after the first `count` changes. */
export function valuesAfter(count: number, size: number): number[] {
  const values = Array.from({ length: size }, () => 0)
  for (let n = Math.max(0, count - size); n < count; n++) values[indexOf(n, size)] = n + 1
  return values
}

/** Throws unless the values are those after the first `count` changes. */
export function assertValues(who: string, values: readonly number[], count: number): void {
  const expected = valuesAfter(count, values.length)
  const index = expected.findIndex((value, at) => values[at] !== value)
  if (index < 0) return
  const found = `${values[index]} instead of ${expected[index]}`
  throw new Error(`${who}, after ${count} changes: entry ${index} is ${found}`)
}
