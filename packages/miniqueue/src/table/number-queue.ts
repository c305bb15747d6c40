/**
 * Different numbers in the order in which they came. A Set with a first element: one that is asked for it from
 * its beginning passes over whatever was deleted there, which is all when it is used as a queue.
 */
export class NumberQueue {
  readonly #numbers = new Set<number>()
  /** Where the first one is or will be found; whatever was passed is deleted, but for `#first`. */
  #walk: IterableIterator<number> | undefined
  #first: number | undefined

  get size(): number {
    return this.#numbers.size
  }

  has(number: number): boolean {
    return this.#numbers.has(number)
  }

  /** At the end; one that is there stays where it is. */
  add(number: number): void {
    this.#numbers.add(number)
  }

  delete(number: number): boolean {
    if (number === this.#first) this.#first = undefined
    return this.#numbers.delete(number)
  }

  /** The one that came first; undefined when there is none. */
  first(): number | undefined {
    while (this.#first === undefined && this.#numbers.size > 0) {
      this.#walk ??= this.#numbers.values()
      const { value, done } = this.#walk.next()
      if (done === true) this.#walk = undefined
      else this.#first = value
    }
    return this.#first
  }

  [Symbol.iterator](): IterableIterator<number> {
    return this.#numbers.values()
  }
}
