import { randomUUID } from 'node:crypto'
import type { Clock } from '@mini-rs/ministore'
import { MiniStateError, codeOf, outcomeOf } from '../errors.js'
import { undoAll } from '../tree/session.js'
import { appendFailed, endsTheLog, stateFailed, wrongExpectedSeq } from './append-failure.js'
import { mutationsOf } from './requests.js'
import { runMutations } from './run-mutations.js'
import type { Outcome, Request, Writer } from './writer.js'
import type { WriterParts } from './writer-parts.js'

/** How often an append without an answer is repeated with its id. */
const MOST_ATTEMPTS = 10
const FIRST_PAUSE_MS = 10

/** What a writer on a shared log needs besides. */
export interface SharedWriterParts<S extends object> extends WriterParts<S> {
  readonly clock: Clock
  /** Makes what the tree holds a state that readers may have. */
  readonly show: () => S
  /** Applies and publishes what others have appended; answers the last record that was read. */
  readonly catchUp: () => Promise<number>
}

/** What was appended, and whether an earlier append with the id did it. */
interface Appended {
  readonly first: number
  readonly last: number
  readonly isKnownId: boolean
}

/**
 * The writer of a log to which others append as well: one append in flight, bound to the last record that
 * was read. On a conflict it reads on and decides again.
 */
export class SharedWriter<S extends object> implements Writer<S> {
  readonly #parts: SharedWriterParts<S>
  // Settles when every call so far has.
  #last: Promise<unknown> = Promise.resolve()
  // Settles when nobody changes the state, or has it held. A call that waits for room is not among them, for
  // that room may come from a snapshot that has to hold the state.
  #lastChange: Promise<unknown> = Promise.resolve()
  #headSeq: number
  #failure: unknown
  #pendingCount = 0

  constructor(parts: SharedWriterParts<S>) {
    this.#parts = parts
    this.#headSeq = parts.published.seq
  }

  get failure(): unknown {
    return this.#failure
  }

  get headSeq(): number {
    return this.#headSeq
  }

  get pendingCount(): number {
    return this.#pendingCount
  }

  submit<T>(request: Request<S>, answer: (outcome: Outcome | undefined) => T): Promise<T> {
    return this.#inOrder(async () => answer(await this.#submit(request)))
  }

  read<T>(look: (state: S) => T): Promise<T> {
    const { tree, isGuarded } = this.#parts
    return this.#inOrder(async () => tree.read(isGuarded, look))
  }

  drained(): Promise<void> {
    return this.#inOrder(async () => {})
  }

  hold(): Promise<() => void> {
    return new Promise((resolve) => {
      void this.#alone(() => new Promise<void>((release) => resolve(release)))
    })
  }

  refresh(): Promise<void> {
    return this.#inOrder(() => this.#alone(() => this.#catchUp()))
  }

  async #submit(request: Request<S>): Promise<Outcome | undefined> {
    const { observer } = this.#parts
    for (let room = observer.room(); room !== undefined; room = observer.room()) await room
    const { id = randomUUID() } = request
    for (;;) {
      if (this.#failure !== undefined) throw stateFailed(this.#failure)
      const outcome = await this.#alone(() => this.#attempt(request, id))
      if (outcome !== 'again') return outcome
    }
  }

  /** `'again'`: others were faster, and what they did is known now. */
  async #attempt(request: Request<S>, id: string): Promise<Outcome | undefined | 'again'> {
    const { tree, show, published, invariant, isGuarded, log, observer } = this.#parts
    const before = this.#headSeq
    let mutations
    let ran
    try {
      if (request.expectedSeq !== undefined && request.expectedSeq !== before) {
        throw wrongExpectedSeq(request.expectedSeq, before)
      }
      mutations = mutationsOf(request, tree, isGuarded)
      if (mutations === undefined) return await this.#unlessOutdated(() => undefined)
      const firstSeq = log.gapless ? before + 1 : undefined
      ran = runMutations(mutations, { tree, firstSeq, invariant, isGuarded })
    } catch (error) {
      // Decided on what is known here; others may have changed that.
      return this.#unlessOutdated(() => {
        throw error
      })
    }
    const records = mutations.map(({ record }) => record)
    let appended: Appended
    try {
      appended = await this.#append(records, before, id)
    } catch (error) {
      undoAll(ran.undo)
      if (codeOf(error) === 'WRONG_EXPECTED_SEQ') return this.#conflict(request)
      if (endsTheLog(error)) this.#failure = error
      throw appendFailed(error)
    }
    const { first, last, isKnownId } = appended
    if (isKnownId) {
      undoAll(ran.undo)
      await this.#catchUp()
      return { first, last, results: ran.results }
    }
    this.#headSeq = last
    published.set(show(), last)
    observer.committed(observer.decided(mutations))
    return { first, last, results: ran.results }
  }

  async #conflict({ expectedSeq }: Request<S>): Promise<'again'> {
    await this.#catchUp()
    if (expectedSeq !== undefined) throw wrongExpectedSeq(expectedSeq, this.#headSeq)
    return 'again'
  }

  /** An answer without an append has to be true of the log as it is. */
  async #unlessOutdated(answer: () => undefined): Promise<undefined | 'again'> {
    const before = this.#headSeq
    await this.#catchUp()
    return this.#headSeq === before ? answer() : 'again'
  }

  async #append(records: readonly unknown[], expectedSeq: number, id: string): Promise<Appended> {
    const { log, clock } = this.#parts
    if (records.length > 1 || log.appendOnce === undefined) {
      const { first, last } =
        records.length > 1
          ? await log.appendMany(records, { expectedSeq })
          : await single(log.append(records[0], { expectedSeq }))
      return { first, last, isKnownId: false }
    }
    let pauseMs = FIRST_PAUSE_MS
    // Of an attempt that may be in the log.
    let lost: unknown
    for (let attempt = 1; ; attempt++) {
      try {
        const { seq, duplicate } = await log.appendOnce(records[0], { id, expectedSeq })
        return { first: seq, last: seq, isKnownId: duplicate }
      } catch (error) {
        if (outcomeOf(error) === 'unknown') lost = error
        // An id that is known goes before a conflict, which so says that no attempt got there. Nothing else does.
        if (lost === undefined || codeOf(error) === 'WRONG_EXPECTED_SEQ') throw error
        if (attempt >= MOST_ATTEMPTS) throw lost
        await clock.wait(pauseMs, new AbortController().signal)
        pauseMs *= 2
      }
    }
  }

  async #catchUp(): Promise<void> {
    try {
      this.#headSeq = await this.#parts.catchUp()
    } catch (error) {
      // Without what others did nothing can be decided; what is not to be read now may be later.
      if (MiniStateError.is(error)) this.#failure = error
      throw error
    }
  }

  #alone<T>(change: () => Promise<T>): Promise<T> {
    const answer = this.#lastChange.then(change)
    this.#lastChange = answer.catch(() => {}) // the caller has it; here only the order counts
    return answer
  }

  #inOrder<T>(call: () => Promise<T>): Promise<T> {
    this.#pendingCount++
    const answer = this.#last.then(call).finally(() => this.#pendingCount--)
    this.#last = answer.catch(() => {}) // the caller has it; here only the order counts
    return answer
  }
}

async function single(append: Promise<number>): Promise<{ first: number; last: number }> {
  const seq = await append
  return { first: seq, last: seq }
}
