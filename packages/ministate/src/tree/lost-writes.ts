import { copyOut } from './copy.js'
import { firstDifference } from './difference.js'
import { type DraftNode, nodeOfDraft } from './draft-node.js'

/** What an object held when it was assigned, one level deep, and where it was put. */
interface Assigned {
  readonly content: ArrayLike<unknown>
  readonly path: string
}

/** The same of a part of the state, with all that it held. */
interface AssignedPart {
  readonly before: object
  readonly path: string
}

/** A recipe has changed what it had put into the state before. */
export class LostWrite extends TypeError {
  /** Where it was put. */
  readonly path: string

  constructor(path: string) {
    super(
      `it changes an object after it has put it into the state at ${path}: the state holds a copy, and the change is lost. Change it before, or go on through the state`,
    )
    this.path = path
  }
}

/**
 * Finds what is written to an object behind its assignment, which the state's copy does not see: to one of
 * the recipe's own, or to a part of the state that was copied to another place and taken out of its own.
 * Nothing is frozen for it: the object may be a constant of the program, and sloppy code, which goes on after a
 * write that is refused, would see another value than its replay.
 */
export class LostWrites {
  // By the newest assignment of each: an object may be changed and put in again.
  readonly #assigned = new Map<object, Assigned>()
  readonly #parts = new Map<DraftNode, AssignedPart>()

  /** A value has been copied in, and with it all that it holds. */
  assigned(value: unknown, path: string): void {
    if (typeof value !== 'object' || value === null) return
    const node = nodeOfDraft(value)
    if (node !== undefined) {
      this.#parts.set(node, { before: copyOut(node.current, (data) => data), path })
      return
    }
    const content = contentOf(value)
    this.#assigned.set(value, { content, path })
    if (content instanceof Uint8Array) return
    for (let index = 0; index < content.length; index++) this.assigned(content[index], path)
  }

  /** At the end of a recipe. @throws {@link LostWrite} */
  assertNone(): void {
    for (const [value, { content, path }] of this.#assigned) {
      if (!isSame(contentOf(value), content)) throw new LostWrite(path)
    }
    for (const [node, { before, path }] of this.#parts) {
      if (node.isInState) continue // what is written to it is written to the state
      if (firstDifference(node.current, before) !== undefined) throw new LostWrite(path)
    }
    this.#assigned.clear()
    this.#parts.clear()
  }
}

function contentOf(value: object): ArrayLike<unknown> {
  if (Array.isArray(value)) return [...(value as readonly unknown[])]
  if (value instanceof Map) return [...value.keys(), ...value.values()]
  if (value instanceof Set) return [...(value as ReadonlySet<unknown>)]
  if (value instanceof Date) return [value.getTime()]
  if (value instanceof Uint8Array) return new Uint8Array(value)
  return [...Object.keys(value), ...Object.values(value)]
}

function isSame(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) {
    if (!Object.is(a[index], b[index])) return false
  }
  return true
}
