import type { Column } from './columns.js'

const LEAST_CAPACITY = 16

/** A binary heap of slots. A slot knows its position, so that it can be removed from the middle. */
export class SlotHeap {
  readonly #isBefore: (a: number, b: number) => boolean
  /** Position + 1 of a slot in the one heap that it is in; 0: in none. Shared by all heaps of a table. */
  readonly #positions: Column
  #slots = new Uint32Array(LEAST_CAPACITY)
  #size = 0

  constructor(positions: Column, isBefore: (a: number, b: number) => boolean) {
    this.#positions = positions
    this.#isBefore = isBefore
  }

  get size(): number {
    return this.#size
  }

  /** The first slot, which stays. */
  peek(): number | undefined {
    return this.#size === 0 ? undefined : this.#slots[0]
  }

  push(slot: number): void {
    if (this.#size === this.#slots.length) {
      const grown = new Uint32Array(Math.ceil(this.#slots.length * 1.5))
      grown.set(this.#slots)
      this.#slots = grown
    }
    this.#size += 1
    this.#up(this.#size - 1, slot)
  }

  pop(): number | undefined {
    const first = this.peek()
    if (first !== undefined) this.remove(first)
    return first
  }

  has(slot: number): boolean {
    const position = this.#positions.get(slot) - 1
    return position >= 0 && position < this.#size && this.#slots[position] === slot
  }

  remove(slot: number): void {
    const position = this.#positions.get(slot) - 1
    this.#positions.set(slot, 0)
    this.#size -= 1
    const moved = this.#slots[this.#size] ?? 0
    if (position === this.#size) return
    this.#up(position, moved)
    if (this.#slots[position] === moved) this.#down(position, moved)
  }

  /** In no order. */
  *[Symbol.iterator](): Generator<number> {
    for (let index = 0; index < this.#size; index++) yield this.#slots[index] ?? 0
  }

  #put(position: number, slot: number): void {
    this.#slots[position] = slot
    this.#positions.set(slot, position + 1)
  }

  #up(from: number, slot: number): void {
    let position = from
    while (position > 0) {
      const parent = (position - 1) >>> 1
      const other = this.#slots[parent] ?? 0
      if (!this.#isBefore(slot, other)) break
      this.#put(position, other)
      position = parent
    }
    this.#put(position, slot)
  }

  /** The hole sinks to the end and the slot rises from there: it came from the end, and mostly stays near it (Wegener). */
  #down(from: number, slot: number): void {
    let position = from
    for (let child = position * 2 + 1; child < this.#size; child = position * 2 + 1) {
      const right = child + 1
      const isRight =
        right < this.#size && this.#isBefore(this.#slots[right] ?? 0, this.#slots[child] ?? 0)
      const first = isRight ? right : child
      this.#put(position, this.#slots[first] ?? 0)
      position = first
    }
    this.#up(position, slot)
  }
}
