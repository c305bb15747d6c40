import type { Admitted } from '../definition/compiled.js'
import { codeOf, outcomeOf } from '../errors.js'
import { copyOut } from '../tree/copy.js'
import { unwrapDraft } from '../tree/draft-node.js'
import { type Undo, undoAll } from '../tree/session.js'
import { appendFailed, behindFailure, stateFailed, wrongExpectedSeq } from './append-failure.js'
import { mutationsOf } from './requests.js'
import { runMutations } from './run-mutations.js'
import type { Outcome, Request, Writer } from './writer.js'
import type { Versions } from './versions.js'
import type { WriterParts } from './writer-parts.js'

/** A call that waits for its answer to be durable. In the order of the calls. */
interface Pending {
  /** The answer holds when the state of this record is durable. */
  readonly seq: number
  /** Undefined where nothing is logged, but the answer was decided on what is not durable yet. */
  readonly commit: Commit | undefined
  readonly settle: (outcome: Outcome | undefined) => void
  readonly reject: (error: unknown) => void
}

/** What was appended for a call. */
interface Commit extends Outcome {
  readonly mutations: readonly Admitted[]
  readonly undo: readonly Undo[]
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
    const wait = this.#holderCount === 0 ? this.#parts.backpressure() : undefined
    if (wait !== undefined) {
      const release = this.#beginHold()
      void wait.then(release)
    }
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome | undefined): void => resolve(answer(outcome))
      if (this.#holderCount === 0) this.#submit(request, settle, reject)
      else this.#held.push(() => this.#submit(request, settle, reject))
    })
  }

  read<T>(look: (state: S) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      try {
        const seen = this.#parts.tree.look(this.#parts.isGuarded, look)
        const copy = copyOut(seen, unwrapDraft)
        this.#answerWhenDurable(() => resolve(copy), reject)
      } catch (error) {
        this.#answerWhenDurable(() => reject(error), reject)
      }
    })
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      const wait = (): void => this.#answerWhenDurable(resolve, () => resolve())
      if (this.#holderCount === 0) wait()
      else this.#held.push(wait)
    })
  }

  async hold(): Promise<() => void> {
    const release = this.#beginHold()
    await new Promise<void>((resolve) => this.#answerWhenDurable(resolve, () => resolve()))
    return release
  }

  async refresh(): Promise<void> {
    await this.drained()
  }

  #beginHold(): () => void {
    this.#holderCount++
    return () => {
      if (--this.#holderCount > 0) return
      const held = this.#held
      this.#held = []
      for (const call of held) call()
    }
  }

  #submit(request: Request<S>, settle: Pending['settle'], reject: Pending['reject']): void {
    if (this.#failure !== undefined) return reject(stateFailed(this.#failure))
    this.#versions.beforeChange(this.#headSeq, this.#parts.log.formingSeq)
    let commit: Commit | undefined
    try {
      commit = this.#decide(request)
    } catch (error) {
      return this.#answerWhenDurable(() => reject(error), reject)
    }
    if (commit === undefined) return this.#answerWhenDurable(settle, reject)
    this.#headSeq = commit.last
    const pending: Pending = { seq: commit.last, commit, settle, reject }
    this.#pending.push(pending)
    this.#append(commit).then(this.#advance, (error: unknown) => this.#appendFailed(pending, error))
  }

  #decide(request: Request<S>): Commit | undefined {
    const { tree, invariant, isGuarded } = this.#parts
    const { expectedSeq } = request
    if (expectedSeq !== undefined && expectedSeq !== this.#headSeq) {
      throw wrongExpectedSeq(expectedSeq, this.#headSeq)
    }
    const mutations = mutationsOf(request, tree, isGuarded)
    if (mutations === undefined) return undefined
    const first = this.#headSeq + 1
    const last = this.#headSeq + mutations.length
    const options = { tree, firstSeq: first, invariant, isGuarded }
    const { results, undo } = runMutations(mutations, options)
    return { first, last, results, mutations, undo }
  }

  #append({ mutations, first }: Commit): Promise<unknown> {
    const { log } = this.#parts
    const condition = { expectedSeq: first - 1 }
    const [only] = mutations
    if (only !== undefined && mutations.length === 1) return log.append(only.record, condition)
    return log.appendMany(
      mutations.map(({ record }) => record),
      condition,
    )
  }

  /** An answer that was decided on the newest state: it holds only if that comes to be. */
  #answerWhenDurable(settle: (nothing: undefined) => void, reject: Pending['reject']): void {
    if (this.#pending.length === 0) return settle(undefined)
    const answer = (): void => settle(undefined)
    this.#pending.push({ seq: this.#headSeq, commit: undefined, settle: answer, reject })
  }

  /** Shows what has become durable, once a commit, and settles the calls that stand on it, in their order. */
  readonly #advance = (): void => {
    const { log, published, onCommitted } = this.#parts
    const acknowledgedSeq = log.durability === 'os' ? log.lastSeq : log.durableSeq
    if (acknowledgedSeq <= published.seq) return
    const version = this.#versions.newest(this.#headSeq, acknowledgedSeq)
    if (version === undefined) return
    published.set(version.state, version.seq)
    const count = this.#pending.findIndex(({ seq }) => seq > version.seq)
    const settled = this.#pending.splice(0, count === -1 ? this.#pending.length : count)
    for (const { commit, settle } of settled) {
      if (commit !== undefined) onCommitted(commit.mutations)
      settle(commit)
    }
  }

  /** Nothing that stands on a failed append may come to be, and nobody may believe that it did. */
  #appendFailed(failed: Pending, error: unknown): void {
    const at = this.#pending.indexOf(failed)
    if (at === -1) return // it stood on one that failed before
    if (outcomeOf(error) === 'unknown' || codeOf(error) === 'WRONG_EXPECTED_SEQ')
      this.#failure = error
    const dropped = this.#pending.splice(at)
    for (const { commit } of dropped.toReversed()) if (commit !== undefined) undoAll(commit.undo)
    this.#headSeq = (failed.commit?.first ?? this.#headSeq + 1) - 1
    this.#versions.discardBehind(this.#headSeq)
    failed.reject(appendFailed(error))
    for (const { reject } of dropped.slice(1)) reject(behindFailure(error))
    this.#advance()
  }
}
