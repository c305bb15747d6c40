import type { QueueRecord } from '../records/record-types.js'

/** In the place of a job's number: what is no job's, values and schedules and the like. */
export const BESIDE_JOBS = 0

/** Appends that are on their way to the disk. */
export class UnderWay {
  // Looked through when somebody asks, which is seldom: to count their jobs would be felt with every append. In their
  // order, from `#first` on; a Set would hash each of them.
  #appends: (readonly QueueRecord[])[] = []
  #first = 0

  /** Whether one of the records is about one of these jobs, or about jobs that it does not name one by one. */
  concerns(jobs: ReadonlySet<number>): boolean {
    for (const records of this.#appends.slice(this.#first)) {
      for (const record of records) {
        const of = jobOf(record)
        if (of === 'many' || (of !== undefined && jobs.has(of))) return true
      }
    }
    return false
  }

  add(records: readonly QueueRecord[]): void {
    this.#appends.push(records)
  }

  remove(records: readonly QueueRecord[]): void {
    if (this.#appends[this.#first] === records) {
      this.#first++
      if (2 * this.#first < this.#appends.length) return
      this.#appends = this.#appends.slice(this.#first)
      this.#first = 0
    } else {
      // One that was refused before it was written: mostly the last.
      this.#appends.splice(this.#appends.lastIndexOf(records), 1)
    }
  }
}

function jobOf(record: QueueRecord): number | 'many' | undefined {
  if ('enqueue' in record) return undefined
  if ('ack' in record) return record.ack.of
  if ('nack' in record) return record.nack.of
  if ('dead' in record) return record.dead.of
  if ('cancel' in record) return record.cancel.of
  if ('update' in record) return record.update.of
  if ('memo' in record) return record.memo.of
  const isBeside =
    'put' in record ||
    'tick' in record ||
    'schedule' in record ||
    'pause' in record ||
    'resume' in record
  if (isBeside) return BESIDE_JOBS
  const isWide =
    'purge' in record ||
    'retry' in record ||
    'redrive' in record ||
    'release' in record ||
    'crash' in record
  return isWide ? 'many' : undefined
}
