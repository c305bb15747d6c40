import { Violation } from '@mini-rs/testkit'
import type { MemoryLog } from '@mini-rs/testkit'
import { type ProgramMutation, emptyState, judge, replayed, textOf } from './model.js'
import type { ProgramState } from './program.js'

/** One record of the shared log, and what plain objects are after it. */
interface Applied {
  readonly seq: number
  readonly mutation: ProgramMutation
  readonly state: ProgramState
  readonly text: string
  readonly commitEnd: boolean
}

/** What a shared log holds, read from its first record on by a handle of its own: whatever writers believe, this is so. */
export class SharedTruth {
  readonly #log: MemoryLog<unknown>
  readonly #records: Applied[] = []
  readonly #stop = new AbortController()
  readonly #reading: Promise<void>
  #wake: () => void = () => {}

  constructor(log: MemoryLog<unknown>) {
    this.#log = log
    this.#reading = this.#read()
  }

  get lastSeq(): number {
    return this.#records.at(-1)?.seq ?? 0
  }

  get state(): ProgramState {
    return this.#records.at(-1)?.state ?? emptyState()
  }

  /** Resolves when everything that the log holds now was read. */
  async caughtUp(): Promise<void> {
    let last = 0
    for await (const { seq } of this.#log.entries({ from: this.lastSeq + 1 })) last = seq
    while (this.lastSeq < last) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  async end(): Promise<void> {
    this.#stop.abort()
    await this.#reading
  }

  /** The text of the state after a record. */
  textAt(seq: number): string {
    if (seq === 0) return textOf(emptyState())
    const at = this.#records.find((one) => one.seq === seq)
    if (at?.commitEnd !== true) throw new Violation(`there is no state after ${seq}`)
    return at.text
  }

  mutationAt(seq: number): ProgramMutation | undefined {
    return this.#records.find((one) => one.seq === seq)?.mutation
  }

  /** The states that there were while the log went from one record to another, both included. */
  statesBetween(
    from: number,
    to: number,
  ): { readonly seq: number; readonly state: ProgramState }[] {
    const states = this.#records.filter(
      ({ seq, commitEnd }) => commitEnd && seq >= from && seq <= to,
    )
    return from === 0 ? [{ seq: 0, state: emptyState() }, ...states] : states
  }

  /** Where mutations with these ids are, in the order of the log. */
  find(ids: readonly number[]): { readonly seqs: number[]; readonly before: number } {
    const isWanted = ({ mutation }: Applied): boolean => ids.includes(idOf(mutation))
    const first = this.#records.findIndex(isWanted)
    const seqs = this.#records.filter(isWanted).map(({ seq }) => seq)
    return { seqs, before: this.#records[first - 1]?.seq ?? 0 }
  }

  /** Throws where mutations do not follow from the state on which they stand. */
  checkDecided(before: number, mutations: readonly ProgramMutation[], results?: unknown): void {
    const [last] = this.statesBetween(before, before)
    const verdict = judge(last?.state ?? emptyState(), mutations, undefined, {
      isStrict: false, // what is in the log was taken
      mostNodes: Infinity,
    })
    if (!verdict.ok) throw new Violation(`what stands behind ${before} is ${verdict.code} there`)
    if (results === undefined || textOf(results) === textOf(verdict.results)) return
    throw new Violation(`results are ${textOf(results)}, not ${textOf(verdict.results)}`)
  }

  async #read(): Promise<void> {
    const { signal } = this.#stop
    for await (const item of this.#log.follow({ signal })) {
      if (item.kind !== 'record') continue
      const mutation = item.record as ProgramMutation
      const state = replayed(this.state, mutation)
      const { seq, commitEnd } = item
      this.#records.push({ seq, mutation, state, text: textOf(state), commitEnd })
      this.#wake()
    }
  }
}

/** By which a mutation is known. */
export function idOf(mutation: ProgramMutation): number {
  if (mutation === 'clear') throw new Violation('it has no id')
  return 'run' in mutation ? mutation.run.id : mutation.add.id
}
