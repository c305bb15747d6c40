import type { ResolvedPolicy } from '../options.js'

const LEAST_AUTO_BYTES = 1024 * 1024

/** How much something takes in the log. */
export interface Weight {
  readonly records: number
  readonly bytes: number
}

/** Of most calls, where no policy asks for bytes. */
const ONE_RECORD: Weight = Object.freeze({ records: 1, bytes: 0 })

/** A record of the log, as its JSON. */
export interface Weighed {
  readonly line: string
}

/** The log since the last snapshot that was begun: what is in it, and what is on its way there. */
export class LogTail {
  readonly #policy: ResolvedPolicy
  readonly #countsBytes: boolean
  /** Size of the last snapshot, for `everyBytes: 'auto'`. */
  lastSnapshotBytes = 0
  #records = 0
  #bytes = 0
  #decidedRecords = 0
  #decidedBytes = 0

  constructor(policy: ResolvedPolicy) {
    this.#policy = policy
    this.#countsBytes = policy.everyBytes !== Infinity
  }

  /** What is in the log. */
  get weight(): Weight {
    return { records: this.#records, bytes: this.#bytes }
  }

  /** Whether a snapshot is due. */
  get isDue(): boolean {
    return this.#isOver(this.#records, this.#bytes)
  }

  /** Whether it will be due with what is on its way. */
  get isFull(): boolean {
    return this.#isOver(this.#records + this.#decidedRecords, this.#bytes + this.#decidedBytes)
  }

  /** Mutations are on their way into the log. Answers what they weigh. */
  decided(mutations: readonly Weighed[]): Weight {
    const weight = this.#weightOf(mutations)
    this.#decidedRecords += weight.records
    this.#decidedBytes += weight.bytes
    return weight
  }

  /** They have not got there. */
  undone({ records, bytes }: Weight): void {
    this.#decidedRecords -= records
    this.#decidedBytes -= bytes
  }

  /** They are there. */
  committed(weight: Weight): void {
    this.undone(weight)
    this.add(weight)
  }

  add({ records, bytes }: Weight): void {
    this.#records += records
    this.#bytes += bytes
  }

  /** A snapshot was begun. Answers what it has taken over, to be added again should it fail. */
  beginAnew(): Weight {
    const { weight } = this
    this.#records = 0
    this.#bytes = 0
    return weight
  }

  /** Of a record that was read; 0 where no policy asks for bytes. */
  bytesOf(record: unknown): number {
    return this.#countsBytes ? JSON.stringify(record).length + 1 : 0
  }

  #weightOf(mutations: readonly Weighed[]): Weight {
    const records = mutations.length
    if (!this.#countsBytes) return records === 1 ? ONE_RECORD : { records, bytes: 0 }
    return { records, bytes: mutations.reduce((sum, { line }) => sum + line.length + 1, 0) }
  }

  #isOver(records: number, bytes: number): boolean {
    const { everyRecords, everyBytes } = this.#policy
    const most =
      everyBytes === 'auto' ? Math.max(LEAST_AUTO_BYTES, this.lastSnapshotBytes) : everyBytes
    return records >= everyRecords || bytes >= most
  }
}
