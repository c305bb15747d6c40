import { DraftArray } from './draft-array.js'
import { DraftMapNode } from './draft-map.js'
import { type DraftNode, unwrapDraft } from './draft-node.js'
import { DraftObject } from './draft-object.js'
import { DraftSetNode } from './draft-set.js'
import { stateCopier } from './copy.js'
import type { KeyOrder } from './key-order.js'
import { LostWrites } from './lost-writes.js'
import { ReadonlyDate } from './readonly-date.js'

/** A recipe seldom touches more collections. */
const FEW_NODES = 12
/** Drafts that are kept from one recipe to the next. */
const MOST_KEPT = FEW_NODES / 2

/** Takes back one change. Run from the newest to the oldest. */
export type Undo = () => void

const NOTHING: readonly Undo[] = Object.freeze([])

/** What a session needs of the tree that it works on. */
export interface SessionTree {
  root: object
  readonly keyOrder: KeyOrder
  owns(collection: object): boolean
  own(collection: object): void
  /** The session is over. */
  ended(): void
}

/** Told of every write, where somebody compares two runs of a recipe. */
export type OnWrite = (path: string, value: unknown) => void

/** What a session may do. */
export interface SessionOptions {
  readonly isReadonly: boolean
  readonly onWrite?: OnWrite | undefined
  /** Whether a recipe fails that goes on changing what it has assigned: the state has a copy of it. */
  readonly findsLostWrites?: boolean
}

/** One run of a recipe, or of a reader: drafts of the collections that it touches, and what it changed. */
export class Session {
  readonly #tree: SessionTree
  readonly #options: SessionOptions
  // Made with its first entry: most recipes change one thing, and thousands may wait for the disk with theirs.
  #undo: Undo[] | undefined
  // So that the same collection is always the same draft; with an index once they are many.
  #newest: DraftNode | undefined
  #nodeCount = 0
  #index: Map<object, DraftNode> | undefined
  // Dates and bytes that were read: copies, the same for the same, so that `list.includes(list[0])` is true.
  #lent: Map<object, object> | undefined
  // The other way round.
  #lenders: Map<object, object> | undefined
  #lostWrites: LostWrites | undefined
  #isOver = false

  constructor(tree: SessionTree, options: SessionOptions) {
    this.#tree = tree
    this.#options = options
  }

  get keyOrder(): KeyOrder {
    return this.#tree.keyOrder
  }

  /** The whole state, as a draft. */
  get root(): object {
    return this.#draftOf(this.#tree.root, undefined, undefined)
  }

  /** Ends it: drafts that somebody kept can do nothing any more. Answers what would take its changes back. */
  end(): readonly Undo[] {
    this.#isOver = true
    this.#tree.ended()
    return this.#undo ?? NOTHING
  }

  /**
   * What one recipe has changed stays, and the next one may run: on the drafts near the root, which are not made
   * anew. For replays: no part of the state is shared, lost writes are not looked for, and a recipe that had used a
   * draft of one before would have failed and not be in the log.
   */
  next(): void {
    this.#undo = undefined
    this.#lent = undefined
    this.#lenders = undefined
    this.#index = undefined
    let kept: DraftNode | undefined
    this.#nodeCount = 0
    for (let node = this.#newest; node !== undefined;) {
      const { previous } = node
      if (node.isNearRoot && this.#nodeCount < MOST_KEPT) {
        node.previous = kept
        kept = node
        this.#nodeCount++
      }
      node = previous
    }
    this.#newest = kept
  }

  /** Ends it and takes all changes back. */
  rollBack(): void {
    undoAll(this.end())
  }

  /** What a recipe sees of a value that is in the state. */
  wrap(value: object, parent: DraftNode, key: unknown): object {
    if (isPlain(value) || !(value instanceof Date || value instanceof Uint8Array)) {
      return this.#draftOf(value, parent, key)
    }
    return this.#lent?.get(value) ?? this.#lend(value)
  }

  /** The value of the state of which a recipe holds a draft or a copy; another value as it is. */
  dataOf(held: object): object {
    return this.#lenders?.get(held) ?? unwrapDraft(held)
  }

  #lend(value: Date | Uint8Array): object {
    const lent = value instanceof Date ? new ReadonlyDate(value.getTime()) : new Uint8Array(value)
    this.#lent ??= new Map()
    this.#lenders ??= new Map()
    this.#lent.set(value, lent)
    this.#lenders.set(lent, value)
    return lent
  }

  owns(collection: object): boolean {
    return this.#tree.owns(collection)
  }

  /** A collection that belongs to the published state has got a copy that may be changed. */
  copied(node: DraftNode, copy: object): void {
    this.#tree.own(copy)
    this.#index?.set(copy, node)
  }

  replaceRoot(copy: object): void {
    const tree = this.#tree
    const before = tree.root
    tree.root = copy
    this.onUndo(() => (tree.root = before))
  }

  onUndo(undo: Undo): void {
    if (this.#undo === undefined) this.#undo = [undo]
    else this.#undo.push(undo)
  }

  /** Notes a write that has been done: where in `node`, and what is there now. */
  wrote(node: DraftNode, key: unknown, value: unknown, undo: Undo): void {
    this.onUndo(undo)
    this.#options.onWrite?.(node.pathOf(key), value)
  }

  /** A value was copied in at `key` of `node`. */
  assigned(node: DraftNode, key: unknown, value: unknown): void {
    if (this.#options.findsLostWrites !== true || typeof value !== 'object') return
    this.#lostWrites ??= new LostWrites()
    this.#lostWrites.assigned(value, node.pathOf(key))
  }

  /** At the end of a recipe. @throws {@link LostWrite} */
  assertNoLostWrites(): void {
    this.#lostWrites?.assertNone()
  }

  copyIn(value: unknown, depth: number): unknown {
    return copyState(value, depth)
  }

  assertReadable(): void {
    if (!this.#isOver) return
    throw new TypeError(
      'the recipe is over, and its draft with it: work on the state inside of the recipe, synchronously',
    )
  }

  assertWritable(): void {
    this.assertReadable()
    if (!this.#options.isReadonly) return
    throw new TypeError('the state is read-only here: change it by a mutation')
  }

  #draftOf(value: object, parent: DraftNode | undefined, key: unknown): object {
    const known = this.#find(value)
    if (known !== undefined) return known.draft
    const node = makeNode(this, value, parent, key)
    node.previous = this.#newest
    this.#newest = node
    this.#nodeCount++
    this.#index?.set(value, node)
    return node.draft
  }

  #find(value: object): DraftNode | undefined {
    if (this.#index === undefined && this.#nodeCount >= FEW_NODES) this.#index = this.#indexed()
    if (this.#index !== undefined) return this.#index.get(value)
    let node = this.#newest
    while (node !== undefined && node.current !== value) node = node.previous
    return node
  }

  #indexed(): Map<object, DraftNode> {
    const index = new Map<object, DraftNode>()
    for (let node = this.#newest; node !== undefined; node = node.previous) {
      index.set(node.current, node)
    }
    return index
  }
}

/** Takes changes back, the newest first. */
export function undoAll(undo: readonly Undo[]): void {
  for (let index = undo.length - 1; index >= 0; index--) undo[index]?.()
}

function makeNode(
  session: Session,
  value: object,
  parent: DraftNode | undefined,
  key: unknown,
): DraftNode {
  if (isPlain(value)) return new DraftObject(session, value, parent, key)
  if (Array.isArray(value)) return new DraftArray(session, value, parent, key)
  if (value instanceof Map) return new DraftMapNode(session, value, parent, key)
  if (value instanceof Set) return new DraftSetNode(session, value, parent, key)
  return new DraftObject(session, value as Record<string, unknown>, parent, key)
}

/** Most of what a state holds, and told first: each `instanceof` would go through its prototypes. */
function isPlain(value: object): value is Record<string, unknown> {
  return Object.getPrototypeOf(value) === Object.prototype
}

const copyState = stateCopier(unwrapDraft)
