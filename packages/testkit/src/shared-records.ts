import type { DropReport } from '@mini-rs/ministore'
import type { Choices } from './choices.js'
import { LogError } from './log-error.js'

const MOST_SKIPPED_NUMBERS = 3
const MOST_KEPT_RECORDS = 2

/** A record as a cluster keeps it: text, so that nobody shares an object with anybody. */
export interface StoredRecord {
  readonly seq: number
  readonly text: string
  readonly commitEnd: boolean
}

/** Where a log stands. */
export interface LogView {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly droppedThroughSeq: number
}

/** What an append may be bound to. */
export interface Condition {
  readonly expectedSeq?: number | undefined
  readonly id?: string | undefined
}

/** Where an append went. `duplicate`: its id was known, and nothing was written. */
export interface Appended {
  readonly first: number
  readonly last: number
  readonly duplicate: boolean
}

/** The cluster's side of a {@link MemoryLog}: every call takes effect at once, and whole. */
export class SharedRecords {
  /** Goes up with every change, so that a follower notices one that happened while it looked away. */
  version = 0
  readonly #choices: Choices
  // Ascending by seq; numbers are consecutive within a commit, and may be skipped between commits.
  #records: StoredRecord[] = []
  #lastSeq = 0
  #droppedThroughSeq = 0
  readonly #ids = new Map<string, Appended>()
  readonly #listeners = new Set<() => void>()

  constructor(choices: Choices) {
    this.#choices = choices
  }

  get view(): LogView {
    const lastSeq = this.#lastSeq
    const firstSeq = this.#records[0]?.seq ?? lastSeq + 1
    return { firstSeq, lastSeq, droppedThroughSeq: this.#droppedThroughSeq }
  }

  /** An id that is known wins over `expectedSeq`: the repeated call expects what held before the first one. */
  append(texts: readonly string[], { expectedSeq, id }: Condition): Appended {
    const known = id === undefined ? undefined : this.#ids.get(id)
    if (known !== undefined) return { ...known, duplicate: true }
    if (expectedSeq !== undefined && expectedSeq !== this.#lastSeq) {
      throw wrongExpectedSeq(expectedSeq, this.#lastSeq)
    }
    const first = this.#lastSeq + 1 + this.#choices.choose(MOST_SKIPPED_NUMBERS + 1)
    const last = first + texts.length - 1
    for (const [index, text] of texts.entries()) {
      this.#records.push({ seq: first + index, text, commitEnd: first + index === last })
    }
    this.#lastSeq = last
    const appended = { first, last, duplicate: false }
    if (id !== undefined) this.#ids.set(id, appended)
    this.changed()
    return appended
  }

  /** @throws {@link LogError} `SEQ_DROPPED` */
  range(from: number, to: number): StoredRecord[] {
    if (from <= this.#droppedThroughSeq) throw dropped(from, this.view)
    return this.#records.filter(({ seq }) => seq >= from && seq <= to)
  }

  /** Keeps a few records more than asked, by the choices: blocks are dropped, not records. */
  dropBefore(seq: number): DropReport {
    const unwanted = this.#records.findIndex((record) => record.seq >= seq)
    const count = unwanted === -1 ? this.#records.length : unwanted
    const kept = this.#choices.choose(Math.min(count, MOST_KEPT_RECORDS) + 1)
    const gone = this.#records.splice(0, count - kept)
    const last = gone.at(-1)
    if (last === undefined) return { droppedSegments: 0, droppedRecords: 0, freedBytes: 0 }
    this.#droppedThroughSeq = last.seq
    this.changed()
    const freedBytes = gone.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
    return { droppedSegments: 1, droppedRecords: gone.length, freedBytes }
  }

  /** Wakes whoever waits for a change. */
  changed(): void {
    this.version++
    for (const listener of this.#listeners) listener()
  }

  /** Resolves at the next change, or when the signal says so. */
  nextChange(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#listeners.delete(wake)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      this.#listeners.add(wake)
      signal?.addEventListener('abort', wake)
      if (signal?.aborted === true) wake()
    })
  }
}

function wrongExpectedSeq(expectedSeq: number, lastSeq: number): LogError {
  return new LogError(
    'WRONG_EXPECTED_SEQ',
    `expectedSeq is ${expectedSeq}, and the last record is ${lastSeq}; read on from there, and decide again`,
    { outcome: 'absent', lastSeq },
  )
}

function dropped(seq: number, { firstSeq, lastSeq, droppedThroughSeq }: LogView): LogError {
  return new LogError(
    'SEQ_DROPPED',
    `record ${seq} is no longer there: records up to ${droppedThroughSeq} were dropped, and the oldest is ${firstSeq}`,
    { firstSeq, lastSeq },
  )
}
