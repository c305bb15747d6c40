import { assertThat } from '../errors.js'
import { decodeRecord } from '../records/record-decoder.js'
import type { QueueRecord, SeenRecord } from '../records/record-types.js'
import { recordBeside } from './beside-jobs.js'
import { type StoredBody, bodyIn, storedBody } from './bodies.js'
import { carryOf, originIn, resultIn } from './carrying.js'
import type { Core } from './core.js'
import { type LivePlace, fewLiveJobs } from './few-live.js'
import { untilReadable } from './readable.js'
import { BESIDE_JOBS } from './under-way.js'

/** How much is carried in one commit. */
const COMMIT_RECORDS = 256
const COMMIT_BYTES = 512 * 1024

/**
 * Keeps the journal small: what is still needed of its oldest segment is written again at the end, then the
 * segment goes (log cleaning; Rosenblum and Ousterhout, The Design and Implementation of a Log-Structured
 * File System, 1991). What is live is written before anything is dropped, so a crash leaves both or the new one.
 */
export class Cleaner {
  readonly #core: Core
  readonly #onError: (error: unknown) => void
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(core: Core, onError: (error: unknown) => void) {
    this.#core = core
    this.#onError = onError
  }

  /** Whether the journal has grown beyond twice what is live and a segment. */
  get isDue(): boolean {
    const { log, ledger, settings } = this.#core
    const sizeBytes = log.segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
    return sizeBytes > 2 * ledger.jobs.table.liveBytes + settings.maxSegmentBytes
  }

  /** Cleans when it is due; resolves when it is no longer, or nothing more can be won. */
  run(): Promise<void> {
    if (!this.#isClosed && this.isDue) {
      this.#running ??= this.#clean()
        .catch(this.#onError)
        .finally(() => {
          this.#running = undefined
        })
    }
    return this.#running ?? Promise.resolve()
  }

  /** Lets a cleaning that runs come to the end of its segment's piece. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
  }

  async #clean(): Promise<void> {
    const { log } = this.#core
    // Each segment once: what they leave behind is live, whatever the estimate says.
    for (let left = log.segments.length; left > 0 && this.isDue && !this.#isClosed; left--) {
      const [oldest, next] = log.segments
      if (oldest === undefined) return
      const end = next?.firstSeq ?? log.lastSeq + 1
      if (!(await this.#carrySegment(oldest.firstSeq, end - 1))) return
      // With durability `os`, what was written again may be in memory only: it must not go with its first copy.
      await untilReadable(log, log.lastSeq)
      await log.dropBefore(end)
    }
  }

  /** Whether all that is live in these records has been written again. */
  async #carrySegment(from: number, to: number): Promise<boolean> {
    const { ledger, clock, settings } = this.#core
    ledger.forgetKeys(clock.now())
    ledger.finished.forget(clock.now() - settings.dedupWindow.ageMs)
    const few = await fewLiveJobs(ledger, from, to)
    const told = new Set(few?.map(({ of }) => of))
    const live = few === undefined ? this.#read(from, to, told) : this.#jobsAt(few)
    if (!(await this.#carry(live))) return false
    const seen = this.#seenOf(told)
    if (seen !== undefined) await this.#core.journal.settle([seen])
    return true
  }

  /** False where the queue was closed before the end. */
  async #carry(live: AsyncIterable<LiveJob | Beside>): Promise<boolean> {
    let piece = new Piece()
    for await (const one of live) {
      if (this.#isClosed) return false
      piece.add(one)
      if (!piece.isLarge) continue
      await this.#write(piece)
      piece = new Piece()
    }
    if (this.#isClosed) return false
    await this.#write(piece)
    return true
  }

  async *#jobsAt(places: readonly LivePlace[]): AsyncGenerator<LiveJob> {
    for (const place of places) if (this.#isLive(place)) yield await this.#jobAt(place, undefined)
  }

  /** What is live in these records, one by one. `told`: gets the numbers of all jobs of which they tell an id. */
  async *#read(from: number, to: number, told: Set<number>): AsyncGenerator<LiveJob | Beside> {
    const { log, ledger } = this.#core
    const { table } = ledger.jobs
    for await (const { firstSeq, records } of log.batches({ from, to })) {
      for (const [index, value] of records.entries()) {
        if (this.#isClosed) return
        const seq = firstSeq + index
        const record = decodeRecord(value, seq, log.path)
        noteTold(seq, record, told)
        const slot = originIn(ledger, seq, record)
        if (slot !== undefined) {
          yield await this.#jobAt({ slot, of: table.seq(slot), originSeq: seq }, record)
        }
        if (recordBeside(ledger, seq, record) !== undefined) yield { seq, record }
      }
    }
  }

  /** `record`: that of the place, where it was read. */
  async #jobAt(place: LivePlace, record: QueueRecord | undefined): Promise<LiveJob> {
    const { bodies, ledger } = this.#core
    const { table } = ledger.jobs
    const { slot, originSeq } = place
    // Before the reading, which may find that it is another meanwhile: see `#isNew`.
    const bodySeq = table.bodySeq(slot)
    const bytes = table.bytes(slot)
    const found = record && bodyIn(record)
    const isHere = found !== undefined && bodySeq === originSeq
    const stored = isHere
      ? storedBody(found.body)
      : (bodies.get(slot) ?? (await bodies.read(slot, table)))
    return { ...place, bodySeq, bytes, stored, end: undefined }
  }

  /** Writes what is still live, as it is at the moment of the append. */
  async #write(piece: Piece): Promise<void> {
    const { journal, ledger } = this.#core
    let jobs = piece.jobs
    for (;;) {
      jobs = await Promise.all(
        jobs.filter((job) => this.#isLive(job)).map((job) => this.#renew(job)),
      )
      // A record on its way would stand before the carry in the journal, and not be in it: a job that was
      // acknowledged would come again.
      const concerned = new Set(jobs.map(({ of }) => of))
      if (piece.beside.length > 0) concerned.add(BESIDE_JOBS)
      if (journal.isUnderWay(concerned)) await journal.flush()
      else if (jobs.every((job) => this.#isLive(job) && this.#isNew(job))) break
    }
    const carried = jobs.map(({ slot, stored, end }) => {
      assertThat(stored !== undefined, 'the body of a live job is in the journal')
      return carryOf(ledger, slot, stored, end?.result)
    })
    const beside = piece.beside.flatMap(
      ({ seq, record }) => recordBeside(ledger, seq, record) ?? [],
    )
    const records = [...carried, ...beside]
    if (records.length > 0) await journal.settle(records)
  }

  /** Whether the journal still tells this job from there on. */
  #isLive({ slot, of, originSeq }: LivePlace): boolean {
    const { table } = this.#core.ledger.jobs
    return table.seq(slot) === of && table.originSeq(slot) === originSeq
  }

  /** Whether its body and its result are what was read. */
  #isNew({ slot, bodySeq, end }: LiveJob): boolean {
    const { table } = this.#core.ledger.jobs
    const isCompleted = table.status(slot) === 'completed'
    return table.bodySeq(slot) === bodySeq && (!isCompleted || end?.seq === table.endSeq(slot))
  }

  async #renew(job: LiveJob): Promise<LiveJob> {
    if (this.#isNew(job)) return job
    const { bodies, ledger, log } = this.#core
    const { table } = ledger.jobs
    const { slot } = job
    const bodySeq = table.bodySeq(slot)
    const stored = bodySeq === job.bodySeq ? job.stored : await bodies.read(slot, table)
    if (table.status(slot) !== 'completed') return { ...job, bodySeq, stored, end: undefined }
    const seq = table.endSeq(slot)
    await untilReadable(log, seq)
    return { ...job, bodySeq, stored, end: { seq, result: resultIn(await log.read(seq)) } }
  }

  /** What would be forgotten with records that tell of these jobs: that their ids and keys make duplicates. */
  #seenOf(told: ReadonlySet<number>): QueueRecord | undefined {
    const { ledger } = this.#core
    const ids: SeenRecord['ids'] = [...ledger.finished].flatMap(({ hash, of, endedMs }) => {
      if (!told.has(of) || ledger.jobs.table.ofSeq(of) !== undefined) return []
      const bytes = Buffer.alloc(16)
      hash.forEach((part, index) => bytes.writeUInt32LE(part, index * 4))
      return [[bytes.toString('base64url'), of, endedMs] as const]
    })
    const keys: SeenRecord['keys'] = [...ledger.keys].flatMap(([name, { of, mark }]) => {
      if (ledger.jobs.table.ofSeq(of) !== undefined) return []
      return [{ queue: name.slice(0, name.indexOf('\0')), of, mark }]
    })
    return ids.length + keys.length === 0 ? undefined : { seen: { ids, keys } }
  }
}

/** A job whose origin is in the segment that is to go. */
interface LiveJob extends LivePlace {
  readonly bodySeq: number
  /** Of the record that holds its body. */
  readonly bytes: number
  readonly stored: StoredBody | undefined
  /** The record that ended it, when it has completed. */
  readonly end: { readonly seq: number; readonly result: unknown } | undefined
}

/** A record that is no job's: looked at again when it is written. */
interface Beside {
  readonly seq: number
  readonly record: QueueRecord
}

/** What is carried in one commit. */
class Piece {
  readonly jobs: LiveJob[] = []
  readonly beside: Beside[] = []
  #sizeBytes = 0

  add(one: LiveJob | Beside): void {
    if ('record' in one) this.beside.push(one)
    else {
      this.jobs.push(one)
      this.#sizeBytes += one.bytes
    }
  }

  get isLarge(): boolean {
    return (
      this.jobs.length + this.beside.length >= COMMIT_RECORDS || this.#sizeBytes >= COMMIT_BYTES
    )
  }
}

/** Of a job that ends later the id is told here, too: without it a replay would not know whose end that is. */
function noteTold(seq: number, record: QueueRecord, told: Set<number>): void {
  if ('ack' in record) told.add(record.ack.of)
  else if ('dead' in record) told.add(record.dead.of)
  else if ('cancel' in record) told.add(record.cancel.of)
  else if ('seen' in record) for (const [, of] of record.seen.ids) told.add(of)
  else {
    const body = bodyIn(record)
    if (body !== undefined) told.add(body.of ?? seq)
  }
}
