import { putProperty } from './copy.js'

/** A collection whose keys have an order: what is deleted and put back would stand last. */
export type Keyed = Record<string, unknown> | Map<unknown, unknown> | Set<unknown>

/** Where every key of a collection stands, by numbers that only grow. */
interface Places {
  next: number
  readonly byKey: Map<unknown, number>
}

/**
 * Remembers the order of keys in collections from which something was deleted, so that a deletion can
 * be taken back. Replay must give the same order as the state that a rejected recipe has left.
 */
export class KeyOrder {
  // Only collections that have seen a deletion; for all others the order needs no help.
  readonly #places = new WeakMap<Keyed, Places>()
  #isUsed = false

  /** A key was added, and stands last. */
  added(collection: Keyed, key: unknown): void {
    if (!this.#isUsed) return
    const places = this.#places.get(collection)
    places?.byKey.set(key, places.next++)
  }

  /** An addition was taken back. */
  unadded(collection: Keyed, key: unknown): void {
    if (this.#isUsed) this.#places.get(collection)?.byKey.delete(key)
  }

  /** A key is about to be deleted. Answers its place, for {@link KeyOrder.putBack}. */
  deleting(collection: Keyed, key: unknown): number {
    this.#isUsed = true
    let places = this.#places.get(collection)
    if (places === undefined) {
      const keys = keysOf(collection)
      places = { next: keys.length, byKey: new Map(keys.map((one, index) => [one, index])) }
      this.#places.set(collection, places)
    }
    const place = places.byKey.get(key) ?? places.next
    places.byKey.delete(key)
    return place
  }

  /** Takes a deletion back. */
  putBack(collection: Keyed, [key, value]: readonly [unknown, unknown], place: number): void {
    const places = this.#places.get(collection)
    put(collection, key, value)
    places?.byKey.set(key, place)
    if (places === undefined || isLast(places, place)) return
    const placeOf = (one: unknown): number => places.byKey.get(one) ?? places.next
    const entries = entriesOf(collection).toSorted((a, b) => placeOf(a[0]) - placeOf(b[0]))
    for (const [one] of entries) remove(collection, one)
    for (const [one, kept] of entries) put(collection, one, kept)
  }
}

function isLast({ byKey }: Places, place: number): boolean {
  for (const other of byKey.values()) if (other > place) return false
  return true
}

function keysOf(collection: Keyed): unknown[] {
  if (collection instanceof Map || collection instanceof Set) return [...collection.keys()]
  return Object.keys(collection)
}

function entriesOf(collection: Keyed): (readonly [unknown, unknown])[] {
  if (collection instanceof Map || collection instanceof Set) return [...collection.entries()]
  return Object.entries(collection)
}

function put(collection: Keyed, key: unknown, value: unknown): void {
  if (collection instanceof Map) collection.set(key, value)
  else if (collection instanceof Set) collection.add(key)
  else putProperty(collection, String(key), value)
}

function remove(collection: Keyed, key: unknown): void {
  if (collection instanceof Map || collection instanceof Set) collection.delete(key)
  else delete collection[String(key)]
}
