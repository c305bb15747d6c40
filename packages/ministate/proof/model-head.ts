import { Violation } from '@mini-rs/testkit'
import type { Choices } from '@mini-rs/testkit'
import { type ProgramMutation, TooLarge, type Verdict, emptyState, judge, textOf } from './model.js'
import { type ProgramState, chooseProgram } from './program.js'

/** A state that has grown beyond this is cleared, so that the worlds stay fast. */
const MOST_CHARACTERS = 1_500

/** What a caller has to be told. */
export interface Expected {
  readonly code: string | undefined
  /** The record on which the answer stands. */
  readonly last: number
  readonly results: readonly unknown[]
}

/** Mutations, and what they come to. */
interface Judged {
  readonly mutations: readonly ProgramMutation[]
  readonly before: ProgramState
  readonly verdict: Verdict
}

/** What the calls so far come to, on a log whose numbers have no gaps: every state from the first record on, in plain objects. */
export class ModelHead {
  readonly #choices: Choices
  readonly #states: ProgramState[] = [emptyState()]
  readonly #texts: string[] = [textOf(emptyState())]
  readonly #logged: ProgramMutation[] = []
  /** Whether recipes fail that lose a write: as the state was opened. */
  isStrict = false
  // Of the mutations that were chosen last, so that they need not be judged again.
  #judged: Judged | undefined
  #nextId = 1

  constructor(choices: Choices) {
    this.#choices = choices
  }

  /** The last record, also of calls that wait. */
  get seq(): number {
    return this.#logged.length
  }

  get state(): ProgramState {
    return this.stateAt(this.seq)
  }

  stateAt(seq: number): ProgramState {
    const state = this.#states[seq]
    if (state === undefined) throw new Violation(`there is no record ${seq}`)
    return state
  }

  loggedAt(seq: number): ProgramMutation | undefined {
    return this.#logged[seq - 1]
  }

  /** Holds a text against the state after a record. @throws Violation */
  check(seq: number, text: string, what: string): void {
    if (text === this.#texts[seq]) return
    throw new Violation(`${what} (${seq}) is\n${text}\nnot\n${this.#texts[seq]}`)
  }

  /** What was behind the record is lost. */
  truncate(seq: number): void {
    this.#states.splice(seq + 1)
    this.#texts.splice(seq + 1)
    this.#logged.splice(seq)
  }

  /** A model that goes on from here by itself. */
  fork(): ModelHead {
    const copy = new ModelHead(this.#choices)
    copy.#states.splice(0, 1, ...this.#states)
    copy.#texts.splice(0, 1, ...this.#texts)
    copy.#logged.push(...this.#logged)
    copy.#nextId = this.#nextId
    copy.isStrict = this.isStrict
    return copy
  }

  nextId(): number {
    return this.#nextId++
  }

  choose(): ProgramMutation {
    return this.chooseMany(1)[0] ?? 'clear'
  }

  /** Mutations that keep the state small. What they come to is known with them. */
  chooseMany(count: number): readonly ProgramMutation[] {
    const isFull = (this.#texts[this.seq]?.length ?? 0) > MOST_CHARACTERS
    const ids = Array.from({ length: count }, () => this.nextId())
    const mutations = ids.map((id): ProgramMutation => {
      return isFull ? 'clear' : { run: chooseProgram(this.#choices, id) }
    })
    try {
      const verdict = judge(this.state, mutations, this.seq + 1, this)
      this.#judged = { mutations, before: this.state, verdict }
      return mutations
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error
      return ids.map((id) => ({ add: { id, by: 1 } }))
    }
  }

  /** What the calls come to, in their order. Answers what the caller has to be told. */
  decide(mutations: readonly ProgramMutation[]): Expected {
    const verdict = this.#verdictOf(mutations)
    if (!verdict.ok) return { code: verdict.code, last: this.seq, results: [] }
    const { results, state } = verdict
    const text = textOf(state)
    // Inside of a batch there is no state to be seen.
    for (const mutation of mutations) {
      this.#states.push(state)
      this.#texts.push(text)
      this.#logged.push(mutation)
    }
    return { code: undefined, last: this.seq, results }
  }

  #verdictOf(mutations: readonly ProgramMutation[]): Verdict {
    const { state } = this
    const judged = this.#judged
    const isSame =
      judged?.before === state &&
      judged.mutations.length === mutations.length &&
      judged.mutations.every((one, index) => one === mutations[index])
    return isSame ? judged.verdict : judge(state, mutations, this.seq + 1, this)
  }
}
