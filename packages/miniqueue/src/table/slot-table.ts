// Open addressing with linear probing; what is removed is closed up by moving back what follows, so there
// are no tombstones (Knuth, The Art of Computer Programming 3, 6.4, Algorithm R). The table is cut into
// shards that grow on their own: a table of ten million never stands still to move ten million.
const SHARD_BITS = 6
const SHARD_COUNT = 1 << SHARD_BITS
const LEAST_CAPACITY = 8
const MOST_FILLED = 0.75

class Shard {
  /** Slot + 1; 0 is empty. */
  cells = new Uint32Array(LEAST_CAPACITY)
  count = 0
}

/**
 * From a hash to the slot of a job. It holds slots only: whose key is meant, the caller's `hashOf` and
 * `isIt` say.
 */
export class SlotTable {
  readonly #hashOf: (slot: number) => number
  readonly #shards: readonly Shard[] = Array.from({ length: SHARD_COUNT }, () => new Shard())

  /** `hashOf`: the 32-bit hash of what a slot holds. */
  constructor(hashOf: (slot: number) => number) {
    this.#hashOf = hashOf
  }

  get size(): number {
    return this.#shards.reduce((sum, { count }) => sum + count, 0)
  }

  get sizeBytes(): number {
    return this.#shards.reduce((sum, { cells }) => sum + cells.byteLength, 0)
  }

  /** The slot with this hash of which `isIt` is true. */
  find(hash: number, isIt: (slot: number) => boolean): number | undefined {
    const { cells } = this.#shardOf(hash)
    const mask = cells.length - 1
    for (let at = home(hash, mask); ; at = (at + 1) & mask) {
      const cell = cells[at] ?? 0
      if (cell === 0) return undefined
      if (isIt(cell - 1)) return cell - 1
    }
  }

  add(slot: number): void {
    const hash = this.#hashOf(slot)
    const shard = this.#shardOf(hash)
    if (shard.count + 1 > shard.cells.length * MOST_FILLED) this.#grow(shard)
    place(shard.cells, hash, slot + 1)
    shard.count += 1
  }

  /** Makes room in an empty table: growing to a million by doubling moves most of them more than once. */
  reserve(count: number): void {
    const least = count / SHARD_COUNT / MOST_FILLED
    let capacity = LEAST_CAPACITY
    while (capacity < least) capacity *= 2
    for (const shard of this.#shards) {
      if (shard.count === 0) shard.cells = new Uint32Array(capacity)
    }
  }

  /** Must come before the slot's key changes. */
  remove(slot: number): void {
    const hash = this.#hashOf(slot)
    const shard = this.#shardOf(hash)
    const { cells } = shard
    const mask = cells.length - 1
    let hole = home(hash, mask)
    while (cells[hole] !== slot + 1) {
      if (cells[hole] === 0) return
      hole = (hole + 1) & mask
    }
    shard.count -= 1
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const cell = cells[at] ?? 0
      if (cell === 0) break
      const wanted = home(this.#hashOf(cell - 1), mask)
      // It may move back only to where probing from its home still passes.
      if (((at - wanted) & mask) >= ((at - hole) & mask)) {
        cells[hole] = cell
        hole = at
      }
    }
    cells[hole] = 0
  }

  #shardOf(hash: number): Shard {
    const shard = this.#shards[hash & (SHARD_COUNT - 1)]
    if (shard === undefined) throw new Error('miniqueue: broken invariant: a hash has a shard')
    return shard
  }

  #grow(shard: Shard): void {
    const grown = new Uint32Array(shard.cells.length * 2)
    for (const cell of shard.cells) if (cell !== 0) place(grown, this.#hashOf(cell - 1), cell)
    shard.cells = grown
  }
}

function home(hash: number, mask: number): number {
  return (hash >>> SHARD_BITS) & mask
}

function place(cells: Uint32Array, hash: number, cell: number): void {
  const mask = cells.length - 1
  let at = home(hash, mask)
  while (cells[at] !== 0) at = (at + 1) & mask
  cells[at] = cell
}

/** A 32-bit hash of a whole number up to 2^53 (the finalizer of MurmurHash3). */
export function hashOfNumber(value: number): number {
  let hash = (value >>> 0) ^ Math.imul(Math.floor(value / 2 ** 32), 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
