import type { Entry, Followed, LogRange } from '../log.js'
import { type OptionNames, assertKnownOptions } from '../known-options.js'
import { type ReadOptions, type Settings, assertInteger } from '../options.js'
import type { RecordDecoder } from '../record/record-codec.js'
import type { JournalWriter } from '../write/journal-writer.js'
import { followSource } from './follow.js'
import type { KnownPlace } from './known-places.js'
import type { Batch, DetailedBatch } from './read-batches.js'
import {
  type Reader,
  batchesOf,
  entriesOf,
  readDetailed,
  readerOf,
  replayRecords,
} from './reader.js'
import { dropped } from './segment-walk.js'

const FOLLOW_RANGE: OptionNames<Omit<LogRange, 'to'>> = { from: true, signal: true }
const LOG_RANGE: OptionNames<LogRange> = { ...FOLLOW_RANGE, to: true }

interface OwnJournal<R> {
  readonly settings: Settings
  readonly codec: RecordDecoder<R>
  readonly writer: JournalWriter
}

/** The journal as its own writer reads it: up to what is durable, and without asking the watermark. */
export class OwnRecords<R> {
  readonly #path: string
  readonly #journal: OwnJournal<R>
  readonly #assertOpen: () => void

  /** `assertOpen` throws once the store is closed. */
  constructor(path: string, journal: OwnJournal<R>, assertOpen: () => void) {
    this.#path = path
    this.#journal = journal
    this.#assertOpen = assertOpen
  }

  async read(seq: number): Promise<R | undefined> {
    const { writer } = this.#journal
    assertInteger('seq', seq, 1)
    if (seq > writer.durableSeq) return undefined
    if (seq < writer.firstSeq) throw dropped(this.#path, seq, writer.firstSeq)
    const [record] = await replayRecords(this.#reader({ from: seq, to: seq }))
    return record
  }

  entries(range: LogRange): AsyncIterable<Entry<R>> {
    assertKnownOptions('range', range, LOG_RANGE)
    return entriesOf(this.#reader(range))
  }

  batches(range: LogRange): AsyncIterable<Batch<R>> {
    assertKnownOptions('range', range, LOG_RANGE)
    return batchesOf(this.#reader(range))
  }

  follow(range: Omit<LogRange, 'to'>): AsyncIterable<Followed<R>> {
    assertKnownOptions('range', range, FOLLOW_RANGE)
    assertInteger('from', range.from, 1)
    const { writer } = this.#journal
    const source = {
      knownSeq: 0,
      read: (from: number | undefined) => {
        source.knownSeq = writer.durableSeq
        return this.#readOn(from ?? writer.firstSeq, range)
      },
      changed: () => writer.progress.next(),
      stop: () => {},
    }
    return followSource(source, range)
  }

  async *#readOn(
    from: number,
    { signal }: Omit<LogRange, 'to'>,
  ): AsyncGenerator<DetailedBatch<R>, void> {
    const { writer } = this.#journal
    if (from > writer.durableSeq) return this.#assertOpen()
    const options = signal === undefined ? { from } : { from, signal }
    try {
      yield* readDetailed(this.#reader(options))
    } catch (error) {
      // What ends a following does not fail it, whenever it comes.
      if (signal?.aborted !== true) throw error
    }
  }

  #reader(range: LogRange): Reader<R> {
    const { settings, codec, writer } = this.#journal
    const { durableSeq } = writer
    const to = Math.min(range.to ?? durableSeq, durableSeq)
    const { fileSystem, maxRecordBytes } = settings
    const options: ReadOptions<R> = { ...range, to, fileSystem, maxRecordBytes }
    const startAt = range.from === undefined ? undefined : writer.placeBefore(range.from)
    const passed = (place: KnownPlace): void => writer.notePlace(place)
    return { ...readerOf(this.#path, options, codec), isWriter: true, startAt, passed }
  }
}
