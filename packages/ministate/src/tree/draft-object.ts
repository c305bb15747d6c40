import { memberPath } from '@mini-rs/minisnap/values'
import { copyOut, isAmbiguousKey, levelsOfPlain, putProperty } from './copy.js'
import { DraftNode, INSPECT, NODE, unwrapDraft } from './draft-node.js'
import type { Session } from './session.js'
import { Uncarriable } from './uncarriable.js'

type Properties = Record<string, unknown>

/** What a recipe may call on every object. Others, as `constructor` and `__proto__`, lead out of the state. */
const INHERITED: ReadonlySet<PropertyKey> = new Set([
  'hasOwnProperty',
  'propertyIsEnumerable',
  'toString',
  'toLocaleString',
  'valueOf',
])

/**
 * Stands in for every object in its proxy: empty, so that frozen data puts no bounds on what the traps answer,
 * which never touch it.
 */
class Target {
  /** For `console.log` inside of a recipe. */
  [INSPECT](): unknown {
    return copyOut(this, unwrapDraft)
  }
}

const TARGET = new Target()

/** A plain object of the state, and the traps of its draft. */
export class DraftObject extends DraftNode<Properties> implements ProxyHandler<object> {
  readonly draft: object
  protected get levels(): number {
    return levelsOfPlain(this.current)
  }

  constructor(session: Session, current: Properties, parent: DraftNode | undefined, key: unknown) {
    super(session, current, parent, key)
    this.draft = new Proxy(TARGET, this)
  }

  get(_: object, key: string | symbol): unknown {
    if (key === NODE) return this
    this.session.assertReadable()
    const value = this.current[key as string]
    // The state holds no functions, and of the prototype only one member is an object: `__proto__`.
    if (typeof value === 'function') return INHERITED.has(key) ? value : undefined
    if (typeof value !== 'object' || value === null) return value
    if (key === '__proto__' && !Object.hasOwn(this.current, key)) return undefined
    return this.session.wrap(value, this, key)
  }

  set(_: object, key: string | symbol, value: unknown): boolean {
    if (typeof key === 'symbol') this.refuse('a symbol as a key', String(key))
    if (value === undefined) return this.deleteProperty(_, key)
    const isNew = !Object.hasOwn(this.current, key)
    if (isNew) this.#assertMayHave(key)
    const copy = this.copyIn(value, key)
    const properties = this.writable()
    if (!isNew) {
      const before = properties[key]
      putProperty(properties, key, copy)
      this.session.wrote(this, key, copy, () => putProperty(properties, key, before))
      return true
    }
    const { keyOrder } = this.session
    putProperty(properties, key, copy)
    keyOrder.added(properties, key)
    this.session.wrote(this, key, copy, () => {
      delete properties[key]
      keyOrder.unadded(properties, key)
    })
    return true
  }

  deleteProperty(_: object, key: string | symbol): boolean {
    this.session.assertWritable()
    if (typeof key === 'symbol' || !Object.hasOwn(this.current, key)) return true
    const properties = this.writable()
    const { keyOrder } = this.session
    const before = properties[key]
    const place = keyOrder.deleting(properties, key)
    delete properties[key]
    this.session.wrote(this, key, undefined, () => {
      keyOrder.putBack(properties, [key, before], place)
    })
    return true
  }

  has(_: object, key: string | symbol): boolean {
    this.session.assertReadable()
    return Object.hasOwn(this.current, key) || INHERITED.has(key)
  }

  ownKeys(): string[] {
    this.session.assertReadable()
    return Object.keys(this.current)
  }

  getOwnPropertyDescriptor(_: object, key: string | symbol): PropertyDescriptor | undefined {
    if (!Object.hasOwn(this.current, key)) return undefined
    return { value: this.get(_, key), writable: true, enumerable: true, configurable: true }
  }

  defineProperty(_: object, key: string | symbol, descriptor: PropertyDescriptor): boolean {
    if (!('value' in descriptor)) this.refuse('a getter or setter', String(key))
    return this.set(_, key, descriptor.value)
  }

  getPrototypeOf(): object {
    return Object.prototype
  }

  setPrototypeOf(): never {
    throw new TypeError(`${this.path} is plain data: it cannot get another prototype`)
  }

  preventExtensions(): never {
    throw new TypeError(`${this.path} belongs to the state, which freezes its data itself`)
  }

  /** With some keys an object takes more levels of a snapshot, and all that it holds is deeper in it. */
  #assertMayHave(key: string): void {
    if (!key.isWellFormed()) this.refuse('a lone surrogate in the key', key)
    if (!isAmbiguousKey(key) || this.levels > 1) return
    try {
      this.session.copyIn({ ...this.current, [key]: null }, this.parent?.depth ?? 0)
    } catch (error) {
      Uncarriable.rethrow(error, this.path)
    }
  }

  protected pathPart(key: unknown): string {
    return memberPath(String(key))
  }

  protected shallowCopy(current: Properties): Properties {
    return { ...current }
  }

  protected keyOf(child: object, hint: unknown): { key: unknown } | undefined {
    return this.current[hint as string] === child ? { key: hint } : undefined
  }

  protected replaceChild(key: unknown, copy: object): () => void {
    const properties = this.current
    const name = String(key)
    const before = properties[name]
    putProperty(properties, name, copy)
    return () => putProperty(properties, name, before)
  }
}
