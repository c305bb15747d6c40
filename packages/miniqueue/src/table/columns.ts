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

  /** The pages as base64, null for one that nobody has. Little-endian, as every machine that Node.js runs on. */
  toText(): (string | null)[] {
    return this.#pages.map((page) =>
      page === undefined
        ? null
        : Buffer.from(page.buffer, page.byteOffset, page.byteLength).toString('base64'),
    )
  }

  /** Takes the place of what was there. @throws TypeError when it is not what {@link Column.toText} gives. */
  fromText(pages: unknown): void {
    if (!Array.isArray(pages)) throw new TypeError('a column is a list of pages')
    this.#pages.length = 0
    for (const text of pages as unknown[]) {
      if (text === null) this.#pages.push(undefined)
      else this.#pages.push(this.#pageOf(text))
    }
  }

  #pageOf(text: unknown): A {
    const page = new this.#make(PAGE_SIZE)
    const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength)
    if (typeof text !== 'string' || bytes.write(text, 'base64') !== bytes.length) {
      throw new TypeError('a page of a column has another size')
    }
    return page
  }

  get sizeBytes(): number {
    return this.#pages.reduce((sum, page) => sum + (page?.byteLength ?? 0), 0)
  }
}
