import { copyOut } from './copy.js'
import { DraftNode, INSPECT, NODE, unwrapDraft } from './draft-node.js'
import type { Session } from './session.js'

type Data = Set<unknown>

/** A Set of the state: what its draft does. */
export class DraftSetNode extends DraftNode<Data> {
  readonly draft: object
  // `{"$type":"Set","value":[item]}`
  protected get levels(): number {
    return 2
  }

  constructor(session: Session, current: Data, parent: DraftNode | undefined, key: unknown) {
    super(session, current, parent, key)
    this.draft = new DraftSet(this)
  }

  /** The data, to be read. */
  readable(): Data {
    this.session.assertReadable()
    return this.current
  }

  wrap(item: unknown): unknown {
    return typeof item === 'object' && item !== null ? this.session.wrap(item, this, item) : item
  }

  has(item: unknown): boolean {
    return this.readable().has(this.#dataOf(item))
  }

  add(item: unknown): void {
    this.session.assertWritable()
    if (this.has(item)) return
    const copy = this.copyIn(item, this.current.size)
    if (this.current.has(copy)) return // 0 for a −0
    const set = this.writable()
    const { keyOrder } = this.session
    set.add(copy)
    keyOrder.added(set, copy)
    this.session.wrote(this, set.size - 1, copy, () => {
      set.delete(copy)
      keyOrder.unadded(set, copy)
    })
  }

  delete(item: unknown): boolean {
    this.session.assertWritable()
    const data = this.#dataOf(item)
    if (!this.current.has(data)) return false
    const set = this.writable()
    const { keyOrder } = this.session
    const place = keyOrder.deleting(set, data)
    set.delete(data)
    this.session.wrote(this, 'deleted', data, () => keyOrder.putBack(set, [data, data], place))
    return true
  }

  clear(): void {
    for (const item of [...this.readable()].toReversed()) this.delete(item)
  }

  #dataOf(item: unknown): unknown {
    return typeof item === 'object' && item !== null ? this.session.dataOf(item) : item
  }

  protected pathPart(key: unknown): string {
    const index = typeof key === 'object' ? [...this.current].indexOf(key) : key
    return `(entry ${String(index)})`
  }

  protected shallowCopy(current: Data): Data {
    return new Set(current)
  }

  protected keyOf(child: object): { key: unknown } | undefined {
    return this.current.has(child) ? { key: child } : undefined
  }

  /** In its place among the items. */
  protected replaceChild(key: unknown, copy: object): () => void {
    const set = this.current
    replaceItem(set, key, copy)
    return () => replaceItem(set, copy, key)
  }
}

function replaceItem(set: Data, item: unknown, replacement: unknown): void {
  const items = [...set]
  set.clear()
  for (const one of items) set.add(one === item ? replacement : one)
}

/** A Set of the state as a recipe sees it. */
class DraftSet extends Set<unknown> {
  readonly #node: DraftSetNode

  constructor(node: DraftSetNode) {
    super()
    this.#node = node
    Object.freeze(this)
  }

  get [NODE](): DraftSetNode {
    return this.#node
  }

  override get size(): number {
    return this.#node.readable().size
  }

  override has(item: unknown): boolean {
    return this.#node.has(item)
  }

  override add(item: unknown): this {
    this.#node.add(item)
    return this
  }

  override delete(item: unknown): boolean {
    return this.#node.delete(item)
  }

  override clear(): void {
    this.#node.clear()
  }

  override forEach(
    visit: (item: unknown, again: unknown, set: this) => void,
    thisArg?: unknown,
  ): void {
    for (const item of this) visit.call(thisArg, item, item, this)
  }

  override *values(): SetIterator<unknown> {
    const node = this.#node
    for (const item of node.readable()) yield node.wrap(item)
  }

  override keys(): SetIterator<unknown> {
    return this.values()
  }

  override *entries(): SetIterator<[unknown, unknown]> {
    for (const item of this) yield [item, item]
  }

  override [Symbol.iterator](): SetIterator<unknown> {
    return this.values()
  }

  /** For `console.log` inside of a recipe. */
  [INSPECT](): unknown {
    return copyOut(this, unwrapDraft)
  }
}

/** Methods of later editions of the language (`union`, `isSubsetOf`, …) read the Set that they are called on from the inside. */
for (const name of Object.getOwnPropertyNames(Set.prototype)) {
  if (Object.hasOwn(DraftSet.prototype, name)) continue
  const method: unknown = Object.getOwnPropertyDescriptor(Set.prototype, name)?.value
  if (typeof method !== 'function') continue
  Object.defineProperty(DraftSet.prototype, name, {
    value(this: DraftSet, ...args: unknown[]): unknown {
      return Reflect.apply(method, new Set(this), args)
    },
  })
}
