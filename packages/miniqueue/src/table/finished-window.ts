import { Column } from './columns.js'
import type { IdHash } from './job-table.js'
import { SlotTable } from './slot-table.js'

/** How long an id makes duplicates after its job has ended. */
export interface DedupWindow {
  /** Default 10 minutes. */
  readonly ageMs: number
  /** At most so many ids, the newest. Default 1,000,000. */
  readonly count: number
}

/** A job that has ended, as far as its id goes. */
export interface FinishedId {
  readonly hash: IdHash
  /** The job's number. */
  readonly of: number
  readonly endedMs: number
}

/** The ids of jobs that ended of late, 16 bytes of a hash each: a ring, the oldest going first. */
export class FinishedWindow {
  readonly #window: DedupWindow
  readonly #hashes = [0, 1, 2, 3].map(() => new Column(Uint32Array))
  readonly #of = new Column(Float64Array)
  readonly #ended = new Column(Float64Array)
  readonly #byHash = new SlotTable((slot) => this.#hashes[0]?.get(slot) ?? 0)
  #first = 0
  #end = 0

  constructor(window: DedupWindow) {
    this.#window = window
  }

  get size(): number {
    return this.#end - this.#first
  }

  /** `endedMs` never goes back. */
  add({ hash, of, endedMs }: FinishedId): void {
    this.forget(endedMs - this.#window.ageMs)
    if (this.#window.count === 0) return
    if (this.size === this.#window.count) this.#dropFirst()
    const slot = this.#end % this.#window.count
    this.#hashes.forEach((column, index) => column.set(slot, hash[index] ?? 0))
    this.#of.set(slot, of)
    this.#ended.set(slot, endedMs)
    this.#byHash.add(slot)
    this.#end += 1
  }

  /** The newest job with this id that ended less than the window ago. */
  find(hash: IdHash, nowMs: number): FinishedId | undefined {
    let newest: number | undefined
    const matches = (slot: number): boolean => {
      const isSame = this.#hashes.every((column, index) => column.get(slot) === hash[index])
      if (isSame && (newest === undefined || this.#of.get(slot) > this.#of.get(newest)))
        newest = slot
      return false
    }
    this.#byHash.find(hash[0], matches)
    if (newest === undefined || this.#ended.get(newest) < nowMs - this.#window.ageMs)
      return undefined
    return this.#at(newest)
  }

  /** Lets go of what ended before. */
  forget(beforeMs: number): void {
    while (this.size > 0 && this.#ended.get(this.#first % this.#window.count) < beforeMs) {
      this.#dropFirst()
    }
  }

  /** Oldest first. */
  *[Symbol.iterator](): Generator<FinishedId> {
    for (let at = this.#first; at < this.#end; at++) yield this.#at(at % this.#window.count)
  }

  /** Everything, as JSON. */
  toSnapshot(): unknown {
    const columns = Array.from({ length: 6 }, () => [] as number[])
    for (const { hash, of, endedMs } of this) {
      ;[...hash, of, endedMs].forEach((value, index) => columns[index]?.push(value))
    }
    return columns
  }

  /** @throws TypeError for what is no snapshot of a window */
  fromSnapshot(columns: unknown): void {
    if (!Array.isArray(columns) || columns.length !== 6) {
      throw new TypeError('not the snapshot of a window')
    }
    const [a, b, c, d, ofs, ends] = columns as number[][]
    for (const [index, of] of (ofs ?? []).entries()) {
      const hash: IdHash = [a?.[index] ?? 0, b?.[index] ?? 0, c?.[index] ?? 0, d?.[index] ?? 0]
      this.add({ hash, of, endedMs: ends?.[index] ?? 0 })
    }
  }

  #at(slot: number): FinishedId {
    const [a, b, c, d] = this.#hashes.map((column) => column.get(slot))
    return {
      hash: [a ?? 0, b ?? 0, c ?? 0, d ?? 0],
      of: this.#of.get(slot),
      endedMs: this.#ended.get(slot),
    }
  }

  #dropFirst(): void {
    this.#byHash.remove(this.#first % this.#window.count)
    this.#first += 1
  }
}
