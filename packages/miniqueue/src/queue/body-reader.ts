import { type MiniStore, MiniStoreError } from '@mini-rs/ministore'
import { type SyncedLog, untilReadable } from './readable.js'

/** A log that bodies are read from. */
export type BodyLog = SyncedLog & Pick<MiniStore<unknown>, 'batches' | 'firstSeq'>

/** How far a reading goes on in the place where it stopped before another is begun. */
const MOST_SKIPPED = 20_000

interface Reading {
  readonly batches: AsyncIterator<{ readonly firstSeq: number; readonly records: unknown[] }>
  /** The first record that has not been read. */
  nextSeq: number
}

/**
 * Reads records by their numbers, which mostly rise: it goes on where it stopped, so that what lies in a
 * journal in order is read once. One reading at a time.
 */
export class BodyReader {
  readonly #log: BodyLog
  #reading: Reading | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(log: BodyLog) {
    this.#log = log
  }

  /** Shows the batch with that record, and every batch that is read on the way to it; not one that has been dropped. */
  read(seq: number, show: (firstSeq: number, records: readonly unknown[]) => void): Promise<void> {
    const reading = this.#last.then(() => this.#readIfThere(seq, show))
    this.#last = reading.catch(() => {})
    return reading
  }

  async close(): Promise<void> {
    await this.#last
    await this.#end()
  }

  async #readIfThere(
    seq: number,
    show: (firstSeq: number, records: readonly unknown[]) => void,
  ): Promise<void> {
    while (seq >= this.#log.firstSeq) {
      try {
        return await this.#read(seq, show)
      } catch (error) {
        await this.#end()
        // Dropped is what comes next where it stopped, and perhaps not what is wanted.
        if (!MiniStoreError.is(error) || error.code !== 'SEQ_DROPPED') throw error
      }
    }
  }

  async #read(
    seq: number,
    show: (firstSeq: number, records: readonly unknown[]) => void,
  ): Promise<void> {
    await untilReadable(this.#log, seq)
    const { nextSeq = 0 } = this.#reading ?? {}
    if (seq < nextSeq || seq > nextSeq + MOST_SKIPPED) await this.#begin(seq)
    for (;;) {
      const reading = this.#reading ?? (await this.#begin(seq))
      const { done, value } = await reading.batches.next()
      if (done === true) {
        // It ends where the log stood when it began: what came since needs another.
        const isMissing = reading.nextSeq > seq || seq > this.#log.durableSeq
        await this.#end()
        if (isMissing) return
        continue
      }
      reading.nextSeq = value.firstSeq + value.records.length
      show(value.firstSeq, value.records)
      if (reading.nextSeq > seq) return
    }
  }

  async #begin(from: number): Promise<Reading> {
    await this.#end()
    const batches = this.#log.batches({ from })[Symbol.asyncIterator]()
    this.#reading = { batches, nextSeq: from }
    return this.#reading
  }

  async #end(): Promise<void> {
    await this.#reading?.batches.return?.()
    this.#reading = undefined
  }
}
