import { MiniStoreError, type MiniStore } from '@mini-rs/ministore'
import { MiniQueueError, assertThat, messageOf } from '../errors.js'
import type { Ledger } from '../ledger/ledger.js'
import type { QueueRecord } from '../records/record-types.js'
import { notCarried } from './carried.js'
import { UnderWay } from './under-way.js'
import { isDiskFull } from './disk-full.js'
import type { QueueClock } from './queue-clock.js'
import type { Reserve } from './reserve.js'

/** While the disk is full it is asked no more often than this. */
const RETRY_MS = 1_000

/** What a journal tells its queues. */
export interface JournalEvents {
  /** Records are durable and applied. */
  readonly onApplied: (records: readonly QueueRecord[]) => void
  /** The disk is full, or is no longer. */
  readonly onFull: (isFull: boolean) => void
}

/** Acks that are appended together. */
interface PlainAcks {
  readonly records: QueueRecord[]
  readonly written: Promise<number>
  readonly resolve: (written: Promise<number>) => void
}

/** The log with the ledger behind it: a record changes the ledger when it is durable, in the log's order. */
export class Journal {
  readonly #log: MiniStore<unknown, QueueRecord>
  readonly #ledger: Ledger
  readonly #clock: QueueClock
  readonly #reserve: Reserve
  readonly #reserveBytes: () => number
  readonly #events: JournalEvents
  #nextSeq: number
  /** What nobody waits for: it goes with the next commit. */
  #riders: QueueRecord[] = []
  /** Those that come together, while there may be more. */
  #plain: PlainAcks | undefined
  #release: Promise<void> | undefined
  readonly #underWay = new UnderWay()
  #isFull = false
  #triedMs = Number.NEGATIVE_INFINITY

  constructor(parts: {
    readonly log: MiniStore<unknown, QueueRecord>
    readonly ledger: Ledger
    readonly clock: QueueClock
    readonly reserve: Reserve
    readonly reserveBytes: () => number
    readonly events: JournalEvents
  }) {
    this.#log = parts.log
    this.#ledger = parts.ledger
    this.#clock = parts.clock
    this.#reserve = parts.reserve
    this.#reserveBytes = parts.reserveBytes
    this.#events = parts.events
    this.#nextSeq = parts.log.lastSeq + 1
  }

  /** The last record that the ledger reflects. */
  get appliedSeq(): number {
    return this.#nextSeq - 1
  }

  /** Whether new jobs are refused for want of room. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** New work, which a full disk refuses. Resolves to the first record's number when all are durable and applied. */
  add(records: readonly QueueRecord[]): Promise<number> {
    const refuse = async (error: unknown): Promise<never> => {
      if (!isDiskFull(error)) throw failureOf(error, this.#log, records)
      await this.#enterFull()
      throw diskFull(this.#log.path, error)
    }
    if (!this.#isFull) return this.#write(records, refuse)
    return this.#tryToRecover().then(() => this.#write(records, refuse))
  }

  /** What was done, which finds room in the reserve when the disk is full. Otherwise as {@link Journal.add}. */
  settle(records: readonly QueueRecord[]): Promise<number> {
    let tries = 0
    const tryAgain = async (error: unknown): Promise<number> => {
      if (!isDiskFull(error)) throw failureOf(error, this.#log, records)
      const hadRoom = this.#reserve.isWhole || this.#release !== undefined
      await this.#enterFull()
      if (tries++ > 0 && !hadRoom) throw diskFull(this.#log.path, error)
      return this.#write(records, tryAgain)
    }
    return this.#write(records, tryAgain)
  }

  /**
   * {@link Journal.settle} for an ack that holds nothing of its caller's, who may change that. Those that come
   * together become one append: handlers that end together would pay more for an append each than for all the rest.
   */
  settlePlain(record: QueueRecord): Promise<unknown> {
    const { records, written } = (this.#plain ??= this.#beginPlain())
    records.push(record)
    return written
  }

  #beginPlain(): PlainAcks {
    const resolvers: PlainAcks['resolve'][] = []
    const written = new Promise<number>((resolve) => void resolvers.push(resolve))
    queueMicrotask(() => this.#appendPlain())
    return { records: [], written, resolve: (by) => resolvers.forEach((resolve) => resolve(by)) }
  }

  #appendPlain(): void {
    const plain = this.#plain
    if (plain === undefined) return
    this.#plain = undefined
    plain.resolve(this.settle(plain.records))
  }

  /** Resolves when what the log was given is on the disk. @throws what ministore's `flush` throws */
  flush(): Promise<void> {
    this.#appendPlain()
    return this.#log.flush()
  }

  /** A note that nobody waits for: it is written with whatever is written next, which it must not hold up. */
  ride(record: QueueRecord): void {
    this.#riders.push(record)
  }

  /** Whether a record about one of these jobs is on its way to the disk. */
  isUnderWay(jobs: ReadonlySet<number>): boolean {
    this.#appendPlain() // so that they are among the appends
    return this.#underWay.concerns(jobs)
  }

  // One promise and no `await`: this runs for every job, several times. Each append has one handler, so records
  // are applied in the order in which the log acknowledges them.
  #write(
    records: readonly QueueRecord[],
    onFailure: (error: unknown) => Promise<number>,
  ): Promise<number> {
    // What was said before stands before.
    this.#appendPlain()
    const riders = this.#riders
    const all = riders.length === 0 ? records : [...riders, ...records]
    if (riders.length > 0) this.#riders = []
    this.#underWay.add(all)
    const failed = (error: unknown): Promise<number> => {
      this.#underWay.remove(all)
      if (riders.length > 0 && isTooLarge(error)) return this.#write(records, onFailure)
      this.#riders = [...riders, ...this.#riders]
      return onFailure(error)
    }
    const written = (first: number): number => {
      this.#underWay.remove(all)
      return this.#apply(first, all) + riders.length
    }
    const [only] = all
    return all.length === 1 && only !== undefined
      ? this.#log.append(only).then(written, failed)
      : this.#log.appendMany(all).then(({ first }) => written(first), failed)
  }

  #apply(first: number, records: readonly QueueRecord[]): number {
    assertThat(first === this.#nextSeq, 'records are applied in their order')
    this.#nextSeq += records.length
    const nowMs = this.#clock.now()
    let seq = first
    for (const record of records) this.#ledger.apply(seq++, record, nowMs)
    this.#events.onApplied(records)
    return first
  }

  async #enterFull(): Promise<void> {
    if (!this.#isFull) {
      this.#isFull = true
      this.#triedMs = this.#clock.monotonicMs()
      this.#events.onFull(true)
    }
    this.#release ??= this.#reserve.release().finally(() => {
      this.#release = undefined
    })
    await this.#release
  }

  /** @throws `DISK_FULL` */
  async #tryToRecover(): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#triedMs < RETRY_MS) throw diskFull(this.#log.path, undefined)
    this.#triedMs = nowMs
    try {
      await this.#reserve.fill(this.#reserveBytes())
    } catch (error) {
      if (!isDiskFull(error)) throw error
      await this.#reserve.release()
      throw diskFull(this.#log.path, error)
    }
    this.#isFull = false
    this.#events.onFull(false)
  }
}

/** Of a commit with notes: they are left out, for nobody waits for them. Each for itself is small. */
function isTooLarge(error: unknown): boolean {
  return MiniStoreError.is(error) && error.code === 'RECORD_TOO_LARGE'
}

function diskFull(path: string, cause: unknown): MiniQueueError {
  const message = `${path}: the disk is full: new jobs are refused, those that run can still be settled; free some space`
  return new MiniQueueError('DISK_FULL', message, { path, outcome: 'absent', cause })
}

/** What the log threw, in this package's words where it is the end of the queue. */
function failureOf(
  error: unknown,
  log: MiniStore<unknown, QueueRecord>,
  records: readonly QueueRecord[],
): unknown {
  if (!MiniStoreError.is(error)) return error
  const invalid = notCarried(error, records)
  if (invalid !== undefined) return invalid
  const { outcome, path } = error
  const details = { path, outcome, cause: error }
  if (error.code === 'STORE_CLOSED') {
    return new MiniQueueError(
      'QUEUE_CLOSED',
      `${log.path}: the queue is closed; open it again`,
      details,
    )
  }
  if (log.status !== 'failed') return error
  const message = `${log.path}: the journal has failed, and takes nothing more; close and open it again: ${messageOf(error)}`
  return new MiniQueueError('QUEUE_FAILED', message, details)
}
