import type { Admitted } from '../definition/admitted.js'
import { assertThat, codeOf } from '../errors.js'
import { type Undo, undoAll } from '../tree/session.js'
import {
  appendFailed,
  behindFailure,
  endsTheLog,
  stateFailed,
  wrongExpectedSeq,
} from './append-failure.js'
import { mutationsOf } from './requests.js'
import { type Ran, runMutations } from './run-mutations.js'
import type { Weight } from '../snapshots/log-tail.js'
import type { Outcome, Request, Writer } from './writer.js'
import type { Versions } from './versions.js'
import type { WriterParts } from './writer-parts.js'

/** What was decided, and is on its way to the disk. Kept small, and without what is in the log by then: there may be thousands. */
class Decided implements Outcome {
  readonly first: number
  readonly last: number
  readonly results: readonly unknown[]
  readonly undo: readonly Undo[]
  readonly weight: Weight
  /** Whether readers have it. */
  isShown = false
  /** Why it has been taken back. */
  failure: unknown

  constructor(first: number, { results, undo }: Ran, weight: Weight) {
    this.first = first
    this.last = first + results.length - 1
    this.results = results
    this.undo = undo
    this.weight = weight
  }
}

/** Somebody who waits until the state of a record is durable. */
interface Gate {
  readonly last: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * The writer of a log that is ours alone: mutations are decided on what was decided before, though it is
 * not durable, and many ride on one commit. No answer gets out before what it was decided on is durable.
 */
export class PipelinedWriter<S extends object> implements Writer<S> {
  readonly #parts: WriterParts<S>
  readonly #versions: Versions<S>
  // In the order of the calls.
  #pending: Decided[] = []
  #gates: Gate[] = []
  // Calls that are on the disk, and whose answers wait for others.
  #lateCount = 0
  #headSeq: number
  #failure: unknown
  // Calls that wait while somebody holds, in their order.
  #held: (() => void)[] = []
  // The last answer of such a call, or of one behind it, that is not out.
  #lastDetour: Promise<unknown> | undefined
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
    return this.#pending.length + this.#gates.length + this.#held.length
  }

  submit<T>(request: Request<S>, answer: (outcome: Outcome | undefined) => T): Promise<T> {
    if (this.#mayGoOn()) {
      const answered = this.#submit(request, answer)
      return this.#lastDetour === undefined ? answered : this.#inOrder(answered)
    }
    const answered = new Promise<T>((resolve) => {
      this.#held.push(() => resolve(this.#submit(request, answer)))
    })
    return this.#inOrder(answered)
  }

  /** What goes through more promises than others is not overtaken by what was called behind it. */
  #inOrder<T>(answered: Promise<T>): Promise<T> {
    answered.catch(() => {}) // it is told below
    const inOrder = Promise.allSettled([this.#lastDetour]).then(() => answered)
    this.#lastDetour = inOrder
    const passed = (): void => {
      if (this.#lastDetour === inOrder) this.#lastDetour = undefined
    }
    inOrder.then(passed, passed)
    return inOrder
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

  /** The answer to an append is made of the log's own promise: one more a call would be felt. */
  #submit<T>(request: Request<S>, answer: (outcome: Outcome | undefined) => T): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(stateFailed(this.#failure))
    this.#versions.beforeChange(this.#headSeq, this.#parts.log.formingSeq)
    let mutations: readonly Admitted[] | undefined
    let ran: Ran
    try {
      mutations = this.#mutationsOf(request)
      if (mutations === undefined) return this.#whenDurable().then(() => answer(undefined))
      ran = this.#run(mutations)
    } catch (error) {
      return this.#whenDurable().then(() => Promise.reject(error as Error))
    }
    const call = new Decided(this.#headSeq + 1, ran, this.#parts.observer.decided(mutations))
    this.#headSeq = call.last
    this.#pending.push(call)
    return this.#append(mutations, call.first).then(
      () => this.#appended(call, answer),
      (error: unknown) => this.#appendFailed(call, error),
    )
  }

  /** Undefined where nothing is to be logged. */
  #mutationsOf(request: Request<S>): readonly Admitted[] | undefined {
    const { tree, isGuarded } = this.#parts
    const { expectedSeq } = request
    if (expectedSeq !== undefined && expectedSeq !== this.#headSeq) {
      throw wrongExpectedSeq(expectedSeq, this.#headSeq)
    }
    return mutationsOf(request, tree, isGuarded)
  }

  #run(mutations: readonly Admitted[]): Ran {
    const { tree, invariant, isGuarded, takesLines } = this.#parts
    // Before a recipe can change what is in them.
    if (takesLines) for (const mutation of mutations) mutation.writeDown()
    return runMutations(mutations, { tree, firstSeq: this.#headSeq + 1, invariant, isGuarded })
  }

  #append(mutations: readonly Admitted[], first: number): Promise<unknown> {
    const { log, takesLines } = this.#parts
    const condition = { expectedSeq: first - 1 }
    const [only] = mutations
    if (only !== undefined && mutations.length === 1) {
      return log.append(takesLines ? only : only.record, condition)
    }
    return log.appendMany(takesLines ? mutations : mutations.map(({ record }) => record), condition)
  }

  /** The output gate: resolves when the newest state is durable, rejects when it never will be. */
  #whenDurable(): Promise<void> {
    return this.#pending.length === 0 ? Promise.resolve() : this.#whenShown(this.#headSeq)
  }

  #whenShown(last: number): Promise<void> {
    return new Promise((resolve, reject) => this.#gates.push({ last, resolve, reject }))
  }

  /** It is on the disk: its answer is given as soon as readers have the state that it belongs to. */
  #appended<T>(call: Decided, answer: (outcome: Outcome | undefined) => T): T | Promise<T> {
    if (call.failure !== undefined) throw call.failure
    if (!call.isShown) this.#advance()
    if (call.isShown && this.#lateCount === 0) return answer(call)
    // A log has cut a version into two commits. Answers go out in the order of the calls, also those behind it.
    this.#lateCount++
    const shown = call.isShown ? Promise.resolve() : this.#whenShown(call.last)
    return shown.then(() => {
      this.#lateCount--
      return answer(call)
    })
  }

  /** Shows what has become durable, once a commit, and lets out what has waited for it. */
  #advance(): void {
    const { log, published, observer } = this.#parts
    const acknowledgedSeq = log.durability === 'os' ? log.lastSeq : log.durableSeq
    if (acknowledgedSeq <= published.seq) return
    const version = this.#versions.newest(this.#headSeq, acknowledgedSeq)
    if (version === undefined) return
    published.set(version.state, version.seq)
    const count = this.#pending.findIndex(({ last }) => last > version.seq)
    const shown = this.#pending.splice(0, count === -1 ? this.#pending.length : count)
    for (const call of shown) {
      call.isShown = true
      observer.committed(call.weight)
    }
    if (this.#gates.length === 0) return
    const gates = this.#gates
    this.#gates = gates.filter(({ last }) => last > version.seq)
    for (const { last, resolve } of gates) if (last <= version.seq) resolve()
  }

  /** @throws why the call has failed: for itself, or with one before it */
  #appendFailed(failed: Decided, error: unknown): never {
    if (failed.failure === undefined) this.#takeBack(failed, error)
    throw failed.failure
  }

  /** Nothing that stands on a failed append may come to be, and nobody may believe that it did. */
  #takeBack(failed: Decided, error: unknown): void {
    const at = this.#pending.indexOf(failed)
    assertThat(at !== -1, 'what readers have is on the disk')
    if (endsTheLog(error) || codeOf(error) === 'WRONG_EXPECTED_SEQ') this.#failure = error
    const dropped = this.#pending.splice(at)
    for (const { undo, weight } of dropped.toReversed()) {
      undoAll(undo)
      this.#parts.observer.undone(weight)
    }
    this.#headSeq = failed.first - 1
    this.#versions.discardBehind(this.#headSeq)
    // The log refuses what stands behind as well, each for itself, and then this is what it is told.
    for (const call of dropped) call.failure = behindFailure(error)
    failed.failure = appendFailed(error)
    const gates = this.#gates
    this.#gates = gates.filter(({ last }) => last < failed.first)
    for (const { last, reject } of gates) if (last >= failed.first) reject(behindFailure(error))
    this.#advance()
  }
}
