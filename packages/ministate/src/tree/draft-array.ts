import { copyOut } from './copy.js'
import { DraftNode, INSPECT, NODE, unwrapDraft } from './draft-node.js'
import type { Session } from './session.js'

/** Stands in for every array in its proxy; see the one of objects. */
class Target extends Array<unknown> {
  /** For `console.log` inside of a recipe. */
  [INSPECT](): unknown {
    return copyOut(this, unwrapDraft)
  }
}

const TARGET = new Target()

const INDEX = /^(?:0|[1-9]\d*)$/

/** Methods that change the array: done on the data at once, not index by index. */
const CHANGING = {
  push(...items: unknown[]): number {
    const node = nodeOf(this)
    node.splice(node.current.length, 0, items)
    return node.current.length
  },
  pop(): unknown {
    const node = nodeOf(this)
    return node.splice(node.current.length - 1, 1, [])[0]
  },
  shift(): unknown {
    return nodeOf(this).splice(0, 1, [])[0]
  },
  unshift(...items: unknown[]): number {
    const node = nodeOf(this)
    node.splice(0, 0, items)
    return node.current.length
  },
  splice(start = 0, ...rest: unknown[]): unknown[] {
    const node = nodeOf(this)
    const { length } = node.current
    const from = clamped(start, length)
    const most = length - from
    const count = arguments.length === 1 ? most : Math.min(Math.max(whole(rest[0]), 0), most)
    return node.splice(from, arguments.length === 0 ? 0 : count, rest.slice(1))
  },
  sort(compare?: (a: unknown, b: unknown) => number): unknown {
    return nodeOf(this).rearrange((items, wrap) =>
      items.toSorted(compare && ((a, b) => compare(wrap(a), wrap(b)))),
    )
  },
  reverse(): unknown {
    return nodeOf(this).rearrange((items) => items.toReversed())
  },
  fill(value: unknown, start?: number, end?: number): unknown {
    return nodeOf(this).fill(value, start, end)
  },
  copyWithin(target: number, start: number, end?: number): unknown {
    // Every item that moves is assigned, and so copied.
    const node = nodeOf(this)
    const moved = (node.draft as readonly unknown[]).slice(start, end)
    const from = clamped(target, node.current.length)
    const fitting = moved.slice(0, node.current.length - from)
    node.splice(from, fitting.length, fitting)
    return node.draft
  },
} satisfies Record<string, (this: unknown, ...args: never[]) => unknown>

/** An array of the state, and the traps of its draft. */
export class DraftArray extends DraftNode<unknown[]> implements ProxyHandler<unknown[]> {
  readonly draft: object
  protected get levels(): number {
    return 1
  }

  constructor(session: Session, current: unknown[], parent: DraftNode | undefined, key: unknown) {
    super(session, current, parent, key)
    this.draft = new Proxy(TARGET, this)
  }

  get(_: unknown[], key: string | symbol): unknown {
    if (key === NODE) return this
    this.session.assertReadable()
    if (typeof key === 'string' && Object.hasOwn(CHANGING, key)) {
      return CHANGING[key as keyof typeof CHANGING]
    }
    const value = (this.current as unknown as Record<PropertyKey, unknown>)[key]
    if (typeof value === 'object' && value !== null) {
      return Object.hasOwn(this.current, key)
        ? this.session.wrap(value, this, Number(key))
        : undefined
    }
    return key === 'constructor' ? undefined : value
  }

  set(_: unknown[], key: string | symbol, value: unknown): boolean {
    const { length } = this.current
    if (key === 'length') {
      if (whole(value) > length) this.refuse('holes', whole(value) - 1)
      this.splice(whole(value), length - whole(value), [])
      return true
    }
    if (typeof key === 'symbol' || !INDEX.test(key))
      this.refuse('a property of an array', String(key))
    const index = Number(key)
    if (index > length) this.refuse('a hole', index - 1)
    if (index === length) this.splice(length, 0, [value])
    else this.#replace(index, this.copyIn(value, index))
    return true
  }

  deleteProperty(_: unknown[], key: string | symbol): boolean {
    if (Object.hasOwn(this.current, key)) this.refuse('a hole', Number(key))
    return true
  }

  has(_: unknown[], key: string | symbol): boolean {
    this.session.assertReadable()
    return key in this.current
  }

  ownKeys(): (string | symbol)[] {
    this.session.assertReadable()
    return Reflect.ownKeys(this.current)
  }

  getOwnPropertyDescriptor(_: unknown[], key: string | symbol): PropertyDescriptor | undefined {
    if (!Object.hasOwn(this.current, key)) return undefined
    const isIndex = key !== 'length'
    return { value: this.get(_, key), writable: true, enumerable: isIndex, configurable: isIndex }
  }

  defineProperty(_: unknown[], key: string | symbol, descriptor: PropertyDescriptor): boolean {
    if (!('value' in descriptor)) this.refuse('a getter or setter', String(key))
    return this.set(_, key, descriptor.value)
  }

  getPrototypeOf(): object {
    return Array.prototype
  }

  setPrototypeOf(): never {
    throw new TypeError(`${this.path} is plain data: it cannot get another prototype`)
  }

  preventExtensions(): never {
    throw new TypeError(`${this.path} belongs to the state, which freezes its data itself`)
  }

  /** As the method of arrays, which all that add or remove items come down to. */
  splice(start: number, count: number, added: readonly unknown[]): unknown[] {
    this.session.assertWritable()
    const copies = added.map((item, index) => this.copyIn(item, start + index))
    if (start < 0 || (count === 0 && copies.length === 0)) return []
    const items = this.writable()
    const removed = spliceArray(items, start, count, copies)
    this.session.wrote(this, `${start}+${count}`, copies, () => {
      spliceArray(items, start, copies.length, removed)
    })
    return removed.map((item) => this.#wrap(item))
  }

  /** Changes the order in one go. */
  rearrange(
    arrange: (items: readonly unknown[], wrap: (item: unknown) => unknown) => unknown[],
  ): object {
    this.session.assertWritable()
    this.#replaceAll(arrange(this.current, (item) => this.#wrap(item)))
    return this.draft
  }

  fill(value: unknown, start: number = 0, end: number = this.current.length): object {
    const { length } = this.current
    const from = clamped(start, length)
    const to = clamped(end, length)
    for (let index = from; index < to; index++) this.#replace(index, this.copyIn(value, index))
    return this.draft
  }

  #replace(index: number, copy: unknown): void {
    const items = this.writable()
    const before = items[index]
    items[index] = copy
    this.session.wrote(this, index, copy, () => (items[index] = before))
  }

  #replaceAll(arranged: readonly unknown[]): void {
    const items = this.writable()
    const before = [...items]
    const put = (all: readonly unknown[]): void => {
      for (let index = 0; index < all.length; index++) items[index] = all[index]
    }
    put(arranged)
    this.session.wrote(this, '*', arranged, () => put(before))
  }

  #wrap(item: unknown): unknown {
    if (typeof item !== 'object' || item === null) return item
    return this.session.wrap(item, this, -1)
  }

  protected pathPart(key: unknown): string {
    return `[${String(key)}]`
  }

  protected shallowCopy(current: unknown[]): unknown[] {
    return [...current]
  }

  protected keyOf(child: object, hint: unknown): { key: unknown } | undefined {
    if (this.current[hint as number] === child) return { key: hint }
    const index = this.current.indexOf(child)
    return index === -1 ? undefined : { key: index }
  }

  protected replaceChild(key: unknown, copy: object): () => void {
    const items = this.current
    const index = Number(key)
    const before = items[index]
    items[index] = copy
    return () => (items[index] = before)
  }
}

function nodeOf(draft: unknown): DraftArray {
  return (draft as { readonly [NODE]: DraftArray })[NODE]
}

/** Without a limit on how many items are added, as the arguments of a call have. */
function spliceArray(
  items: unknown[],
  start: number,
  count: number,
  added: readonly unknown[],
): unknown[] {
  if (added.length < 10_000) return items.splice(start, count, ...added)
  const behind = items.slice(start + count)
  const removed = items.splice(start).slice(0, count)
  for (const item of added) items.push(item)
  for (const item of behind) items.push(item)
  return removed
}

function whole(value: unknown): number {
  return Math.trunc(Number(value)) || 0
}

/** An index as the methods of arrays take it: from the end when it is negative. */
function clamped(index: unknown, length: number): number {
  const at = whole(index)
  return at < 0 ? Math.max(length + at, 0) : Math.min(at, length)
}
