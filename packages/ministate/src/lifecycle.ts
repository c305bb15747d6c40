import { stateClosed } from './manager-errors.js'
import type { StateStatus } from './manager-types.js'
import type { OpenState } from './open-state.js'
import type { ChangesParts } from './read/changes.js'

/** From open to closed: following, failing, closing. */
export class Lifecycle<S extends object> {
  readonly #open: OpenState<S>
  readonly #stopped = new AbortController()
  /** Closed to the end. */
  readonly #ended = new AbortController()
  readonly #followed: Promise<void> | undefined
  #followFailure: unknown
  #phase: 'open' | 'closing' | 'closed' = 'open'
  #closed: Promise<void> | undefined

  constructor(open: OpenState<S>) {
    this.#open = open
    this.#followed = open.settings.readOnly === 'follow' ? this.#follow() : undefined
  }

  get isOpen(): boolean {
    return this.#phase === 'open'
  }

  get status(): StateStatus {
    if (this.#phase !== 'open') return this.#phase
    return this.failure === undefined ? 'open' : 'failed'
  }

  get failure(): unknown {
    return this.#followFailure ?? this.#open.writing?.writer.failure ?? this.#logFailure
  }

  /** An own log may have failed in a rotation or while it was compacted: no mutation has heard of it yet. */
  get #logFailure(): unknown {
    const { writing } = this.#open
    return writing?.ownsLog === true ? (writing.log as { failure?: unknown }).failure : undefined
  }

  /** What an iteration over the changes has to know of it. */
  forChanges(): Pick<ChangesParts, 'isFollower' | 'isClosed' | 'ended' | 'isShared' | 'catchUp'> {
    const { writing } = this.#open
    return {
      // A log that is closed with the state ends by itself, when it has yielded everything.
      ended: writing?.ownsLog === true ? undefined : this.#ended.signal,
      isFollower: writing === undefined,
      isClosed: () => !this.isOpen,
      isShared: writing?.log.exclusive === false,
      catchUp: () => this.refresh(),
    }
  }

  /** Resolves when the state reflects what the log held when it was called. */
  async refresh(): Promise<void> {
    const { writing, follower } = this.#open
    if (writing !== undefined) await writing.writer.refresh()
    else if (this.#followed !== undefined) await this.#refreshFollowed()
    else await follower.readOn()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#phase = 'closing'
    const { writing, published } = this.#open
    this.#stopped.abort()
    try {
      await this.#followed
      await writing?.writer.drained()
      await writing?.snapshotter.close(this.failure === undefined)
    } finally {
      if (writing?.ownsLog === true) await writing.log.close()
      published.end(stateClosed())
      this.#phase = 'closed'
      this.#ended.abort()
    }
  }

  async #follow(): Promise<void> {
    const { follower, published, settings } = this.#open
    try {
      await follower.follow(this.#stopped.signal)
    } catch (error) {
      this.#followFailure = error
      published.end(error)
      settings.onError(error)
    }
  }

  async #refreshFollowed(): Promise<void> {
    const { source, published } = this.#open
    const { signal } = this.#stopped
    for await (const item of source.follow({ from: published.seq + 1, signal })) {
      if (item.kind !== 'caughtUp') continue
      await published.reached(item.seq)
      return
    }
  }
}
