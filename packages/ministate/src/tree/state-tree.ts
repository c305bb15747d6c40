import { copyOut, stateCopier } from './copy.js'
import { unwrapDraft } from './draft-node.js'
import { KeyOrder } from './key-order.js'
import { Session, type SessionOptions, type SessionTree } from './session.js'

const CHANGING: SessionOptions = { isReadonly: false }
/** As it is developed: recipes that make a mistake are told. */
export const STRICTLY_CHANGING: SessionOptions = { isReadonly: false, findsLostWrites: true }
const READING: SessionOptions = { isReadonly: true }

/** Who may hold parts of the state. */
export type Sharing =
  /** Nobody: every collection is changed in place. */
  | 'private'
  /** Readers hold the published states: what one of them shares is copied before it changes. */
  | 'published'

/**
 * The newest state, with all that has been decided and not yet been acknowledged. One tree of plain data:
 * every object in it has one place, so that a state that is read back from a file behaves as this one.
 */
export class StateTree<S extends object> implements SessionTree {
  readonly keyOrder: KeyOrder = new KeyOrder()
  root: object
  #sharing: Sharing = 'private'
  // What was made since the last `publish`, and nobody else holds. Empty while sharing is private.
  #owned = new Set<object>()
  #userCount = 0

  /** `root`: nobody else holds any part of it. */
  constructor(root: S) {
    this.root = root
  }

  /** The state as it is, not to be changed. */
  get state(): S {
    return this.root as S
  }

  /** From now on readers hold what is here. */
  publish(): S {
    this.#sharing = 'published'
    if (this.#owned.size > 0) this.#owned = new Set()
    return this.root as S
  }

  /** Goes back to a published state. */
  reset(state: S): void {
    this.root = state
    this.#owned = new Set()
  }

  /** Whether somebody's code is working on it, which may not begin another change. */
  get isInUse(): boolean {
    return this.#userCount > 0
  }

  /** Begins a change. One at a time. */
  begin(options: SessionOptions = CHANGING): Session {
    this.#userCount++
    return new Session(this, options)
  }

  /** A session is over. */
  ended(): void {
    this.#userCount--
  }

  /** Calls `read` with the state; with `isGuarded`, a change that it tries is a TypeError. */
  look<T>(isGuarded: boolean, read: (state: S) => T): T {
    this.#userCount++
    const session = new Session(this, READING)
    try {
      return read(isGuarded ? (session.root as S) : this.state)
    } finally {
      session.end()
    }
  }

  /** As `look`, for answers that leave: a copy, so that nobody gets hold of the state by it. */
  read<T>(isGuarded: boolean, look: (state: S) => T): T {
    return this.look(isGuarded, (state) => copyOut(look(state), unwrapDraft))
  }

  owns(collection: object): boolean {
    return this.#sharing === 'private' || this.#owned.has(collection)
  }

  own(collection: object): void {
    this.#owned.add(collection)
  }
}

/** A state of the caller's, as one of our own. @throws {@link Uncarriable} */
export function adoptState<S extends object>(state: S): S {
  return copyOfState(state, 0) as S
}

const copyOfState = stateCopier((value) => value)
