import type { DeathReason } from '../job-types.js'
import type { ReceiveOptions } from '../message-port.js'
import type { StoredBody } from './bodies.js'
import type { HeldLease } from './held-lease.js'
import type { QueueClock } from './queue-clock.js'

/** A lease with what its job holds. */
export interface Delivered {
  readonly lease: HeldLease
  readonly slot: number
  readonly stored: StoredBody
}

/** A job that dies instead of being delivered. */
export interface DeadJob {
  readonly seq: number
  readonly stored: StoredBody
  readonly reason: DeathReason
}

/** Waiters of workers, by the signal that ends their waits. */
const waiting = new WeakMap<AbortSignal, Set<Waiter>>()

/** Ends a wait with its signal, until what is returned is called. `isLasting`: the same signal ends many waits, and is given up with them. */
function endWith(signal: AbortSignal, waiter: Waiter, isLasting: boolean): () => void {
  if (!isLasting) {
    const giveUp = (): void => waiter.giveUp()
    signal.addEventListener('abort', giveUp)
    return () => signal.removeEventListener('abort', giveUp)
  }
  let waiters = waiting.get(signal)
  if (waiters === undefined) {
    // One listener for all: to add one for each, and to remove it, costs more than all else of a wait.
    const all = (waiters = new Set())
    waiting.set(signal, all)
    signal.addEventListener('abort', () => {
      for (const one of all) one.giveUp()
    })
  }
  const others = waiters.add(waiter)
  return () => void others.delete(waiter)
}

/** Somebody who waits for jobs, until something is given or the wait is over. */
export class Waiter {
  readonly max: number
  readonly visibilityTimeoutMs: number
  /** Whether it goes on waiting when there is nothing. */
  readonly isPatient: boolean
  /** What was given: nothing when the wait is over. */
  readonly given: Promise<readonly Delivered[]>
  readonly #waitMs: number
  readonly #unlisten: (() => void) | undefined
  readonly #onOver: (waiter: Waiter) => void
  #timer: AbortController | undefined
  #resolve: (delivered: readonly Delivered[]) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #isOver = false

  constructor(
    { max = 1, waitMs = 0, signal }: ReceiveOptions,
    visibilityTimeoutMs: number,
    isLasting: boolean,
    onOver: (waiter: Waiter) => void,
  ) {
    this.max = max
    this.visibilityTimeoutMs = visibilityTimeoutMs
    this.isPatient = waitMs > 0
    this.#waitMs = waitMs
    this.#unlisten = signal && endWith(signal, this, isLasting)
    this.#onOver = onOver
    this.given = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** From now on its time is running. */
  start(clock: QueueClock): void {
    if (this.#isOver || !this.isPatient || this.#waitMs === Number.POSITIVE_INFINITY) return
    this.#timer = new AbortController()
    void clock.wait(this.#waitMs, this.#timer.signal).then(() => this.giveUp())
  }

  give(delivered: readonly Delivered[]): void {
    if (this.#end()) this.#resolve(delivered)
  }

  fail(error: unknown): void {
    if (this.#end()) this.#reject(error)
  }

  giveUp(): void {
    this.give([])
  }

  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#timer?.abort()
    this.#unlisten?.()
    this.#onOver(this)
    return true
  }
}
