import {
  type Batch,
  type Clock,
  type Entry,
  type Followed,
  type Log,
  type LogRange,
  MiniStore,
  type ReadOptions,
  type RecordPlace,
} from '@mini-rs/ministore'
import type { FileSystem } from '@mini-rs/ministore/fs'

/** A log as replay and readers see it: of the writer itself, or of files that another process writes. */
export interface RecordSource {
  batches(range: LogRange): AsyncIterable<Batch<unknown>>
  entries(range: LogRange): AsyncIterable<Entry<unknown>>
  follow(range: Omit<LogRange, 'to'>): AsyncIterable<Followed<unknown>>
  /** Whether numbers have no gaps. */
  readonly gapless: boolean
  /** Where the log stands, as far as its owner knows; undefined for files, whose reading tells it. */
  bounds(): { readonly lastSeq: number; readonly droppedThroughSeq: number } | undefined
  /** The file and line of a record, for messages. */
  locate(seq: number): Promise<RecordPlace | undefined>
  /** For messages. */
  readonly path: string | undefined
}

/** An open log. */
export function sourceOfLog(
  log: Log<unknown>,
  path: string | undefined,
  fileSystem: FileSystem,
): RecordSource {
  return {
    batches: (range) => log.batches(range),
    entries: (range) => log.entries(range),
    follow: (range) => log.follow(range),
    gapless: log.gapless,
    bounds: () => ({ lastSeq: log.lastSeq, droppedThroughSeq: log.droppedThroughSeq }),
    locate: async (seq) =>
      path === undefined ? undefined : MiniStore.locate(path, seq, { fileSystem }),
    path,
  }
}

/** A journal in files: no lock is taken, and nothing written. */
export function sourceOfFiles(
  path: string,
  options: {
    readonly fileSystem: FileSystem
    readonly clock: Clock
    readonly maxRecordBytes?: number | undefined
  },
): RecordSource {
  const { fileSystem, clock, maxRecordBytes } = options
  const reading: ReadOptions<unknown> =
    maxRecordBytes === undefined ? { fileSystem } : { fileSystem, maxRecordBytes }
  /** A commit whose sync is still running may yet fail: nobody is to see it. */
  async function* acknowledged<T>(
    range: LogRange,
    read: (range: LogRange) => AsyncIterable<T>,
  ): AsyncGenerator<T, void> {
    const { to = Number.MAX_SAFE_INTEGER } = range
    const last = (await MiniStore.acknowledgedSeq(path, { fileSystem })) ?? to
    yield* read({ ...range, to: Math.min(to, last) })
  }
  return {
    batches: (range) =>
      acknowledged(range, (upTo) => MiniStore.batches(path, { ...reading, ...upTo })),
    entries: (range) =>
      acknowledged(range, (upTo) => MiniStore.entries(path, { ...reading, ...upTo })),
    follow: (range) => MiniStore.follow(path, { ...reading, clock, ...range }),
    gapless: true,
    bounds: () => undefined,
    locate: (seq) => MiniStore.locate(path, seq, { fileSystem }),
    path,
  }
}
