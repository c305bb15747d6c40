import type {
  Batch,
  Entry,
  Followed,
  Log,
  LogRange,
  ReadOptions,
  RecordPlace,
} from '@mini-rs/ministore'
import { MiniStore } from '@mini-rs/ministore'
import type { FileSystem } from '@mini-rs/ministore/fs'
import type { Clock } from '@mini-rs/ministore'

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
  return {
    batches: (range) => MiniStore.batches(path, { ...reading, ...range }),
    entries: (range) => MiniStore.entries(path, { ...reading, ...range }),
    follow: (range) => MiniStore.follow(path, { ...reading, clock, ...range }),
    gapless: true,
    bounds: () => undefined,
    locate: (seq) => MiniStore.locate(path, seq, { fileSystem }),
    path,
  }
}
