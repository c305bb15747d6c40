import type { Session } from './session.js'
import { Uncarriable } from './uncarriable.js'

/** By this a draft tells the node behind it; nothing else answers to it. */
export const NODE: unique symbol = Symbol('ministate.node')

/** What `console.log` asks an object for. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/** A collection of the state as a recipe sees it. */
export abstract class DraftNode<C extends object = object> {
  /** What recipes hold: it looks like the collection. */
  abstract readonly draft: object
  protected readonly session: Session
  /** Where it was read from; undefined for the root. */
  readonly parent: DraftNode | undefined
  /** Where the parent had it: a property, an index, a key, or a Set's item. A hint for arrays. */
  #key: unknown
  /** The data: what the state holds, or held when it was taken out. */
  current: C
  /** The draft that its session made before it. */
  previous: DraftNode | undefined

  constructor(session: Session, current: C, parent: DraftNode | undefined, key: unknown) {
    this.session = session
    this.current = current
    this.parent = parent
    this.#key = key
  }

  /** From the state down to here, for messages. */
  get path(): string {
    if (this.parent === undefined) return '$'
    return this.parent.pathOf(this.#key)
  }

  /** From the state down to what is at `key` in here. */
  pathOf(key: unknown): string {
    return `${this.path}${this.pathPart(key)}`
  }

  /** Whether it is a part of the state still: else its writes reach nobody. */
  get isInState(): boolean {
    const { parent } = this
    if (parent === undefined) return true
    return parent.keyOf(this.current, this.#key) !== undefined && parent.isInState
  }

  /** Whether it is the root, or stands on it, at a place that it keeps. */
  get isNearRoot(): boolean {
    const { parent } = this
    return parent === undefined || (parent.parent === undefined && !Array.isArray(parent.current))
  }

  /** Levels of JSON above what is in here. */
  get depth(): number {
    return (this.parent?.depth ?? 0) + this.levels
  }

  /** Levels of JSON that this collection takes. */
  protected abstract get levels(): number
  protected abstract pathPart(key: unknown): string
  protected abstract shallowCopy(current: C): C
  /** Where `child` is now; undefined when it is no longer here. */
  protected abstract keyOf(child: object, hint: unknown): { readonly key: unknown } | undefined
  /** Puts a copy in the place of a child. Called only on what is owned. */
  protected abstract replaceChild(key: unknown, copy: object): () => void

  /** The data, which may now be changed in place: the published state does not share it. */
  protected writable(): C {
    this.session.assertWritable()
    if (this.session.owns(this.current)) return this.current
    const copy = this.shallowCopy(this.current)
    this.#link(copy)
    this.current = copy
    this.session.copied(this, copy)
    return copy
  }

  /** A value as the state may hold it: a copy, so that the state stays a tree whose every write is seen. */
  protected copyIn(value: unknown, key: unknown): unknown {
    try {
      // Depth is asked for only where there is any: most writes are of single values.
      const hasDepth = typeof value === 'object' || typeof value === 'bigint'
      const copy = this.session.copyIn(value, hasDepth ? this.depth : 0)
      this.session.assigned(this, key, value)
      return copy
    } catch (error) {
      Uncarriable.rethrow(error, this.pathOf(key))
    }
  }

  /** Checks what is not copied. */
  protected refuse(what: string, key: unknown): never {
    Uncarriable.rethrow(new Uncarriable(what), this.pathOf(key))
  }

  #link(copy: C): void {
    const { parent, session } = this
    if (parent === undefined) return session.replaceRoot(copy)
    const found = parent.keyOf(this.current, this.#key)
    if (found === undefined) return
    parent.writable()
    this.#key = found.key
    session.onUndo(parent.replaceChild(found.key, copy))
  }
}

/** The node behind a draft; undefined for any other object. */
export function nodeOfDraft(value: object): DraftNode | undefined {
  return (value as { readonly [NODE]?: DraftNode })[NODE]
}

/** The data behind a draft; any other object is its own. */
export function unwrapDraft(value: object): object {
  return nodeOfDraft(value)?.current ?? value
}
