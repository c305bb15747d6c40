import { checkedKey, copyOut, entryPath } from './copy.js'
import { DraftNode, INSPECT, NODE, unwrapDraft } from './draft-node.js'
import type { Session } from './session.js'

type Data = Map<unknown, unknown>

/** A Map of the state: what its draft does. */
export class DraftMapNode extends DraftNode<Data> {
  readonly draft: object
  // `{"$type":"Map","value":[[key,value]]}`
  protected get levels(): number {
    return 3
  }

  constructor(session: Session, current: Data, parent: DraftNode | undefined, key: unknown) {
    super(session, current, parent, key)
    this.draft = new DraftMap(this)
  }

  /** The data, to be read. */
  readable(): Data {
    this.session.assertReadable()
    return this.current
  }

  wrap(key: unknown, value: unknown): unknown {
    return typeof value === 'object' && value !== null ? this.session.wrap(value, this, key) : value
  }

  set(key: unknown, value: unknown): void {
    this.session.assertWritable()
    const name = this.#key(key)
    const copy = this.copyIn(value, name)
    const map = this.writable()
    if (map.has(name)) {
      const before = map.get(name)
      map.set(name, copy)
      this.session.wrote(this, name, copy, () => map.set(name, before))
      return
    }
    const { keyOrder } = this.session
    map.set(name, copy)
    keyOrder.added(map, name)
    this.session.wrote(this, name, copy, () => {
      map.delete(name)
      keyOrder.unadded(map, name)
    })
  }

  delete(key: unknown): boolean {
    this.session.assertWritable()
    if (!this.current.has(key)) return false
    const map = this.writable()
    const { keyOrder } = this.session
    const before = map.get(key)
    const place = keyOrder.deleting(map, key)
    map.delete(key)
    this.session.wrote(this, key, undefined, () => {
      keyOrder.putBack(map, [key, before], place)
    })
    return true
  }

  clear(): void {
    for (const key of [...this.readable().keys()].toReversed()) this.delete(key)
  }

  #key(key: unknown): unknown {
    try {
      return checkedKey(key, typeof key === 'bigint' ? this.depth : 0)
    } catch {
      return this.refuse('an object, a symbol, NaN or undefined as the key of a Map', key)
    }
  }

  protected pathPart(key: unknown): string {
    return entryPath(key)
  }

  protected shallowCopy(current: Data): Data {
    return new Map(current)
  }

  protected keyOf(child: object, hint: unknown): { key: unknown } | undefined {
    return this.current.get(hint) === child ? { key: hint } : undefined
  }

  protected replaceChild(key: unknown, copy: object): () => void {
    const map = this.current
    const before = map.get(key)
    map.set(key, copy)
    return () => map.set(key, before)
  }
}

/** A Map of the state as a recipe sees it. */
class DraftMap extends Map<unknown, unknown> {
  readonly #node: DraftMapNode

  constructor(node: DraftMapNode) {
    super()
    this.#node = node
    Object.freeze(this)
  }

  get [NODE](): DraftMapNode {
    return this.#node
  }

  override get size(): number {
    return this.#node.readable().size
  }

  override has(key: unknown): boolean {
    return this.#node.readable().has(key)
  }

  override get(key: unknown): unknown {
    return this.#node.wrap(key, this.#node.readable().get(key))
  }

  /** Of a later edition of the language; this class must not leave it to the empty Map that it extends. */
  getOrInsert(key: unknown, value: unknown): unknown {
    if (!this.has(key)) this.set(key, value)
    return this.get(key)
  }

  getOrInsertComputed(key: unknown, compute: (key: unknown) => unknown): unknown {
    if (!this.has(key)) this.set(key, compute(key))
    return this.get(key)
  }

  override set(key: unknown, value: unknown): this {
    this.#node.set(key, value)
    return this
  }

  override delete(key: unknown): boolean {
    return this.#node.delete(key)
  }

  override clear(): void {
    this.#node.clear()
  }

  override forEach(
    visit: (value: unknown, key: unknown, map: this) => void,
    thisArg?: unknown,
  ): void {
    for (const [key, value] of this) visit.call(thisArg, value, key, this)
  }

  override keys(): MapIterator<unknown> {
    return this.#node.readable().keys()
  }

  override *values(): MapIterator<unknown> {
    for (const [, value] of this) yield value
  }

  override *entries(): MapIterator<[unknown, unknown]> {
    const node = this.#node
    for (const [key, value] of node.readable()) yield [key, node.wrap(key, value)]
  }

  override [Symbol.iterator](): MapIterator<[unknown, unknown]> {
    return this.entries()
  }

  /** For `console.log` inside of a recipe. */
  [INSPECT](): unknown {
    return copyOut(this, unwrapDraft)
  }
}
