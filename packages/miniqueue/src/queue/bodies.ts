import type { BodyKeeper } from '../ledger/jobs.js'
import { DATA_TEXT, type JobBody, type QueueRecord } from '../records/record-types.js'
import type { JobTable } from '../table/job-table.js'
import { type BodyLog, BodyReader } from './body-reader.js'

/** A job's body, its data as text so that nobody changes it. */
export interface StoredBody {
  readonly body: Omit<JobBody, 'data'>
  readonly dataText: string
}

/** What a record weighs beside its data. */
const RECORD_BYTES = 90
/** What a body weighs in memory beside its data. */
const BODY_BYTES = 300
/** What is kept of that which is read ahead, beside the budget: the oldest of it goes first. */
const READ_AHEAD_BYTES = 8 * 1024 * 1024

/** The bodies of jobs: in memory while there is room, otherwise read from the journal when they are needed. */
export class Bodies implements BodyKeeper {
  readonly #kept: BodyMap
  // Of its own: were it filled by what was enqueued last, each job would have to be read by itself.
  readonly #ahead = new BodyMap(READ_AHEAD_BYTES)
  #reader: BodyReader | undefined

  constructor(budgetBytes: number) {
    this.#kept = new BodyMap(budgetBytes)
  }

  /** Bytes in memory, by estimate. */
  get keptBytes(): number {
    return this.#kept.sizeBytes + this.#ahead.sizeBytes
  }

  keep(slot: number, record: JobBody): number {
    const stored = storedBody(record)
    this.#kept.add(slot, stored)
    const headers = record.headers === undefined ? 0 : JSON.stringify(record.headers).length
    return stored.dataText.length + headers + RECORD_BYTES
  }

  get(slot: number): StoredBody | undefined {
    return this.#kept.get(slot) ?? this.#ahead.get(slot)
  }

  drop(slot: number): void {
    this.#kept.delete(slot)
    this.#ahead.delete(slot)
  }

  /**
   * The body from the journal, wherever it is carried while it is read; undefined when the job is gone. Those
   * that are read on the way are kept too, as far as there is room.
   */
  async read(slot: number, table: JobTable): Promise<StoredBody | undefined> {
    const seq = table.seq(slot)
    for (;;) {
      const bodySeq = table.bodySeq(slot)
      if (table.seq(slot) !== seq || seq === 0) return undefined
      const found = await this.#readAt(slot, bodySeq, table)
      if (found !== undefined || table.bodySeq(slot) === bodySeq) return found
    }
  }

  async #readAt(slot: number, wanted: number, table: JobTable): Promise<StoredBody | undefined> {
    let found: StoredBody | undefined
    await this.#reader?.read(wanted, (firstSeq, records) => {
      for (const [index, record] of records.entries()) {
        const body = bodyIn(record)
        if (body === undefined) continue
        const seq = firstSeq + index
        const owner = seq === wanted ? slot : table.ofSeq(body.of ?? seq)
        if (owner === undefined || table.bodySeq(owner) !== seq) continue
        if (owner === slot) found = storedBody(body.body)
        else if (table.status(owner) === 'waiting') this.#holdAhead(owner, body.body)
      }
    })
    return found
  }

  /** The bodies of several, from memory or from the journal. */
  async readAll(slots: readonly number[], table: JobTable): Promise<(StoredBody | undefined)[]> {
    const read: (StoredBody | undefined)[] = []
    for (const slot of slots) read.push(this.get(slot) ?? (await this.read(slot, table)))
    return read
  }

  /** Where bodies are read from that are not kept. */
  readFrom(log: BodyLog): void {
    this.#reader = new BodyReader(log)
  }

  async close(): Promise<void> {
    await this.#reader?.close()
  }

  /** What was read although nobody asked for it: mostly it is next. */
  #holdAhead(slot: number, body: JobBody): void {
    if (this.get(slot) !== undefined) return
    const stored = storedBody(body)
    if (!this.#kept.add(slot, stored)) this.#ahead.push(slot, stored)
  }
}

/** Bodies by slot, up to so many bytes. */
class BodyMap {
  readonly #limitBytes: number
  readonly #bodies = new Map<number, StoredBody>()
  #sizeBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get(slot: number): StoredBody | undefined {
    return this.#bodies.get(slot)
  }

  /** Whether there was room for it. */
  add(slot: number, stored: StoredBody): boolean {
    const bytes = weightOf(stored)
    if (this.#sizeBytes + bytes > this.#limitBytes) return false
    this.#bodies.set(slot, stored)
    this.#sizeBytes += bytes
    return true
  }

  /** {@link BodyMap.add}, in place of the oldest where there is no room. */
  push(slot: number, stored: StoredBody): void {
    while (!this.add(slot, stored)) {
      const [oldest] = this.#bodies.keys()
      if (oldest === undefined) return
      this.delete(oldest)
    }
  }

  delete(slot: number): void {
    const stored = this.#bodies.get(slot)
    if (stored === undefined) return
    this.#bodies.delete(slot)
    this.#sizeBytes -= weightOf(stored)
  }
}

function weightOf({ dataText }: StoredBody): number {
  return dataText.length + BODY_BYTES
}

/** A body with its data as text. */
export function storedBody(record: JobBody): StoredBody {
  const body: Record<string, unknown> = {}
  // Of few properties: taking the record apart with `...` costs more than all the rest.
  for (const name in record) if (name !== 'data') body[name] = record[name as keyof JobBody]
  return {
    body: body as unknown as StoredBody['body'],
    dataText: record[DATA_TEXT] ?? JSON.stringify(record.data),
  }
}

/** The body that a record holds, and whose it is when it is not that of the record's own number. */
export function bodyIn(
  value: unknown,
): { readonly of: number | undefined; readonly body: JobBody } | undefined {
  const record = value as QueueRecord
  if ('enqueue' in record) return { of: undefined, body: record.enqueue }
  if ('carry' in record) return { of: record.carry.of, body: record.carry }
  if ('tick' in record && record.tick.job !== undefined) {
    return { of: undefined, body: record.tick.job }
  }
  if ('update' in record && record.update.body !== undefined) {
    return { of: record.update.of, body: record.update.body }
  }
  return undefined
}
