import type { QueueRecord } from '../records/record-types.js'

/** In the place of a job's number: what is no job's, values and schedules and the like. */
export const BESIDE_JOBS = 0

/** Which jobs have records that are on their way to the disk. */
export class UnderWay {
  readonly #jobs = new Map<number, number>()
  /** Records about jobs that they do not name one by one. */
  #wide = 0

  has(seq: number): boolean {
    return this.#wide > 0 || this.#jobs.has(seq)
  }

  add(records: readonly QueueRecord[]): void {
    this.#count(records, 1)
  }

  remove(records: readonly QueueRecord[]): void {
    this.#count(records, -1)
  }

  #count(records: readonly QueueRecord[], by: 1 | -1): void {
    for (const record of records) {
      const of = jobOf(record)
      if (of === 'many') this.#wide += by
      else if (of !== undefined) {
        const count = (this.#jobs.get(of) ?? 0) + by
        if (count === 0) this.#jobs.delete(of)
        else this.#jobs.set(of, count)
      }
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
