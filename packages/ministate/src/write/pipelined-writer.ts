import type { Admitted } from '../definition/compiled.js'
import { codeOf } from '../errors.js'
import { type Undo, undoAll } from '../tree/session.js'
import {
  appendFailed,
  behindFailure,
  endsTheLog,
  stateFailed,
  wrongExpectedSeq,
} from './append-failure.js'
import { mutationsOf } from './requests.js'
import { runMutations } from './run-mutations.js'
import type { Outcome, Request, Writer } from './writer.js'
import type { Versions } from './versions.js'
import type { WriterParts } from './writer-parts.js'

/** A call that waits for its answer to be durable. In the order of the calls. Kept small: there may be thousands. */
class Pending implements Outcome {
  /** The answer holds when the state of this record is durable. */
  last = 0
  first = 0
  results: readonly unknown[] = []
  /** What was appended; undefined where the answer was only decided on what is not durable yet. */
  mutations: readonly Admitted[] | undefined
  undo: readonly Undo[] = []
  readonly #answer: (outcome: Outcome | undefined) => unknown
  readonly #resolve: (answer: never) => void
  readonly reject: (error: unknown) => void

  constructor(
    answer: (outcome: Outcome | undefined) => unknown,
    resolve: (answer: never) => void,
    reject: (error: unknown) => void,
  ) {
    this.#answer = answer
    this.#resolve = resolve
    this.reject = reject
  }

  settle(): void {
    this.#resolve(this.#answer(this.mutations === undefined ? undefined : this) as never)
  }
}

/**
 * The writer of a log that is ours alone: mutations are decided on what was decided before, though it is
 * not durable, and many ride on one commit. No answer gets out before what it was decided on is durable.
 */
export class PipelinedWriter<S extends object> implements Writer<S> {
  readonly #parts: WriterParts<S>
  readonly #versions: Versions<S>
  #pending: Pending[] = []
  #headSeq: number
  #failure: unknown
  // Calls that wait while somebody holds, in their order.
  #held: (() => void)[] = []
  #holderCount = 0
  #isWaitingForRoom = false

  constructor(parts: WriterParts<S>, versions: Versions<S>) {
    this.#parts = parts
    this.#versions = versions
    this.#headSeq = parts.published.seq
  }

  get failure(): unknown {
    return this.#failure
  }

  get headSeq(): number {
    return this.#headSeq
  }

  get pendingCount(): number {
    return this.#pending.length + this.#held.length
  }

  submit<T>(request: Request<S>, answer: (outcome: Outcome | undefined) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = new Pending(answer, resolve, reject)
      if (this.#mayGoOn()) this.#submit(request, call)
      else this.#held.push(() => this.#submit(request, call))
    })
  }

  read<T>(look: (state: S) => T): Promise<T> {
    const { tree, isGuarded } = this.#parts
    try {
      const copy = tree.read(isGuarded, look)
      return this.#whenDurable().then(() => copy)
    } catch (error) {
      return this.#whenDurable().then(() => Promise.reject(error as Error))
    }
  }

  async drained(): Promise<void> {
    if (!this.#mayGoOn()) await new Promise<void>((resolve) => this.#held.push(resolve))
    await this.#whenDurable().catch(() => {}) // the calls that fail say so themselves
  }

  async hold(): Promise<() => void> {
    const release = this.#beginHold()
    await this.#whenDurable().catch(() => {}) // what failed was taken back: the state is durable all the same
    return release
  }

  async refresh(): Promise<void> {
    await this.drained()
  }

  #beginHold(): () => void {
    this.#holderCount++
    return () => {
      this.#holderCount--
      this.#goOn()
    }
  }

  /** Whether a call need not wait: nobody holds, none waits before it, and the log has room. */
  #mayGoOn(): boolean {
    return this.#holderCount === 0 && this.#held.length === 0 && this.#hasRoom()
  }

  #hasRoom(): boolean {
    const room = this.#isWaitingForRoom ? undefined : this.#parts.observer.room()
    if (room === undefined) return !this.#isWaitingForRoom
    this.#isWaitingForRoom = true
    void room.then(() => {
      this.#isWaitingForRoom = false
      this.#goOn()
    })
    return false
  }

  /** Calls that had to wait, as far as they may go on. */
  #goOn(): void {
    let next: (() => void) | undefined
    while (this.#holderCount === 0 && this.#hasRoom() && (next = this.#held.shift())) next()
  }

  #submit(request: Request<S>, call: Pending): void {
    if (this.#failure !== undefined) return call.reject(stateFailed(this.#failure))
    this.#versions.beforeChange(this.#headSeq, this.#parts.log.formingSeq)
    try {
      this.#decide(request, call)
    } catch (error) {
      void this.#whenDurable().then(() => call.reject(error), call.reject)
      return
    }
    if (call.mutations === undefined) {
      void this.#whenDurable().then(() => call.settle(), call.reject)
      return
    }
    this.#headSeq = call.last
    this.#pending.push(call)
    this.#parts.observer.decided(call.mutations)
    this.#append(call.mutations, call.first).then(this.#advance, (error: unknown) =>
      this.#appendFailed(call, error),
    )
  }

  #decide(request: Request<S>, call: Pending): void {
    const { tree, invariant, isGuarded } = this.#parts
    const { expectedSeq } = request
    if (expectedSeq !== undefined && expectedSeq !== this.#headSeq) {
      throw wrongExpectedSeq(expectedSeq, this.#headSeq)
    }
    const mutations = mutationsOf(request, tree, isGuarded)
    if (mutations === undefined) return
    const firstSeq = this.#headSeq + 1
    const { results, undo } = runMutations(mutations, { tree, firstSeq, invariant, isGuarded })
    call.first = firstSeq
    call.last = this.#headSeq + mutations.length
    call.results = results
    call.undo = undo
    call.mutations = mutations
  }

  #append(mutations: readonly Admitted[], first: number): Promise<unknown> {
    const { log } = this.#parts
    const condition = { expectedSeq: first - 1 }
    const [only] = mutations
    if (only !== undefined && mutations.length === 1) return log.append(only.record, condition)
    return log.appendMany(
      mutations.map(({ record }) => record),
      condition,
    )
  }

  /** The output gate: resolves when the newest state is durable, rejects when it never will be. */
  #whenDurable(): Promise<unknown> {
    if (this.#pending.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const gate = new Pending(() => undefined, resolve, reject)
      gate.last = this.#headSeq
      this.#pending.push(gate)
    })
  }

  /** Shows what has become durable, once a commit, and settles the calls that stand on it, in their order. */
  readonly #advance = (): void => {
    const { log, published, observer } = this.#parts
    const acknowledgedSeq = log.durability === 'os' ? log.lastSeq : log.durableSeq
    if (acknowledgedSeq <= published.seq) return
    const version = this.#versions.newest(this.#headSeq, acknowledgedSeq)
    if (version === undefined) return
    published.set(version.state, version.seq)
    const count = this.#pending.findIndex(({ last }) => last > version.seq)
    const settled = this.#pending.splice(0, count === -1 ? this.#pending.length : count)
    for (const call of settled) {
      if (call.mutations !== undefined) observer.committed(call.mutations)
      call.settle()
    }
  }

  /** Nothing that stands on a failed append may come to be, and nobody may believe that it did. */
  #appendFailed(failed: Pending, error: unknown): void {
    const at = this.#pending.indexOf(failed)
    if (at === -1) return // it stood on one that failed before
    if (endsTheLog(error) || codeOf(error) === 'WRONG_EXPECTED_SEQ') this.#failure = error
    const dropped = this.#pending.splice(at)
    for (const { undo, mutations } of dropped.toReversed()) {
      undoAll(undo)
      if (mutations !== undefined) this.#parts.observer.undone(mutations)
    }
    this.#headSeq = failed.first - 1
    this.#versions.discardBehind(this.#headSeq)
    failed.reject(appendFailed(error))
    for (const { reject } of dropped.slice(1)) reject(behindFailure(error))
    this.#advance()
  }
}
