import type { Column } from './columns.js'
import { SlotHeap } from './slot-heap.js'

const PAGE_BITS = 14
const PAGE_SIZE = 1 << PAGE_BITS
const PAGE_MASK = PAGE_SIZE - 1
/** Places in the line are counted up to here, and then from 0 again. */
const PLACES = 2 ** 31

/**
 * Slots in an order in which they mostly come: whoever does not come before the last one stands in a line, and
 * costs nothing to take, however long that is; the others are in a heap. A slot knows its place, so that it
 * can be removed from the middle.
 */
export class SlotQueue {
  readonly #isBefore: (a: number, b: number) => boolean
  /** See {@link SlotHeap}; from `PLACES` on: a place in the line. */
  readonly #positions: Column
  readonly #heap: SlotHeap
  /** The line: slot + 1, or 0 where one has left it. Its first and its last place are taken. */
  readonly #pages = new Map<number, Uint32Array>()
  #first = 0
  #length = 0
  #left = 0

  constructor(positions: Column, isBefore: (a: number, b: number) => boolean) {
    this.#positions = positions
    this.#isBefore = isBefore
    this.#heap = new SlotHeap(positions, isBefore)
  }

  get size(): number {
    return this.#heap.size + this.#length - this.#left
  }

  /** The first slot, which stays. */
  peek(): number | undefined {
    const other = this.#heap.peek()
    if (this.#length === 0) return other
    const first = this.#at(this.#first) - 1
    return other !== undefined && this.#isBefore(other, first) ? other : first
  }

  push(slot: number): void {
    if (this.#length > 0 && this.#isBefore(slot, this.#at(this.#place(this.#length - 1)) - 1)) {
      return this.#heap.push(slot)
    }
    const place = this.#place(this.#length)
    let page = this.#pages.get(place >>> PAGE_BITS)
    if (page === undefined) {
      page = new Uint32Array(PAGE_SIZE)
      this.#pages.set(place >>> PAGE_BITS, page)
    }
    page[place & PAGE_MASK] = slot + 1
    this.#positions.set(slot, PLACES + place)
    this.#length += 1
  }

  pop(): number | undefined {
    const first = this.peek()
    if (first !== undefined) this.remove(first)
    return first
  }

  has(slot: number): boolean {
    const place = this.#positions.get(slot) - PLACES
    return place >= 0 ? this.#at(place) === slot + 1 : this.#heap.has(slot)
  }

  remove(slot: number): void {
    const place = this.#positions.get(slot) - PLACES
    if (place < 0) return this.#heap.remove(slot)
    const page = this.#pages.get(place >>> PAGE_BITS)
    if (page !== undefined) page[place & PAGE_MASK] = 0
    this.#positions.set(slot, 0)
    this.#left += 1
    this.#trim()
  }

  #trim(): void {
    while (this.#length > 0 && this.#at(this.#first) === 0) {
      const isLastOfPage = (this.#first & PAGE_MASK) === PAGE_MASK
      if (isLastOfPage) this.#pages.delete(this.#first >>> PAGE_BITS)
      this.#first = this.#place(1)
      this.#shorten()
    }
    while (this.#length > 0 && this.#at(this.#place(this.#length - 1)) === 0) {
      const last = this.#place(this.#length - 1)
      if ((last & PAGE_MASK) === 0) this.#pages.delete(last >>> PAGE_BITS)
      this.#shorten()
    }
  }

  #shorten(): void {
    this.#length -= 1
    this.#left -= 1
  }

  #at(place: number): number {
    return this.#pages.get(place >>> PAGE_BITS)?.[place & PAGE_MASK] ?? 0
  }

  /** So many places behind the first. */
  #place(behind: number): number {
    const place = this.#first + behind
    return place < PLACES ? place : place - PLACES
  }
}
