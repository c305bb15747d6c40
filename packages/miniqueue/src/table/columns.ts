// Columns of numbers that grow by a page at a time: nothing is copied, and nothing is reserved twice.
const PAGE_BITS = 14
const PAGE_SIZE = 1 << PAGE_BITS
const PAGE_MASK = PAGE_SIZE - 1

type NumberArray = Float64Array | Float32Array | Uint32Array | Int32Array | Uint16Array | Uint8Array

/** A growing column of numbers; unset ones are 0. */
export class Column<A extends NumberArray = NumberArray> {
  readonly #make: new (length: number) => A
  readonly #pages: (A | undefined)[] = []

  constructor(make: new (length: number) => A) {
    this.#make = make
  }

  get(index: number): number {
    return this.#pages[index >>> PAGE_BITS]?.[index & PAGE_MASK] ?? 0
  }

  set(index: number, value: number): void {
    const page = index >>> PAGE_BITS
    let array = this.#pages[page]
    if (array === undefined) {
      // What nobody has costs nothing.
      if (value === 0) return
      while (this.#pages.length < page) this.#pages.push(undefined)
      this.#pages[page] = array = new this.#make(PAGE_SIZE)
    }
    array[index & PAGE_MASK] = value
  }

  get sizeBytes(): number {
    return this.#pages.reduce((sum, page) => sum + (page?.byteLength ?? 0), 0)
  }
}
