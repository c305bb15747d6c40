import { tryResolveBase } from '../base-path.js'
import { MiniStoreError, ioError } from '../errors.js'
import { DEFAULT_MAX_RECORD_BYTES } from '../format/limits.js'
import { nodeFileSystem } from '../fs/node-file-system.js'
import type { Entry } from '../log.js'
import { type ReadOptions, assertReadOptions } from '../options.js'
import { RecordCodec, type RecordDecoder } from '../record/record-codec.js'
import { readWatermark } from '../watermark/read-watermark.js'
import type { KnownPlace } from './known-places.js'
import { type Batch, type DetailedBatch, readBatches } from './read-batches.js'

/** Folds one more record into a state. It may change the state in place, and returns it. */
export type Reducer<R, State> = (state: State, record: R, seq: number) => State

/** A reading that has not begun: everything checked, nothing opened. */
export interface Reader<R> {
  readonly path: string
  readonly options: ReadOptions<R>
  readonly codec: RecordDecoder<R>
  /** Where the first record of the range is known to be; a hint, checked like everything else. */
  readonly startAt?: KnownPlace | undefined
  /** Told of places from which a later reading may begin. */
  readonly passed?: (place: KnownPlace) => void
  /** The journal's own writer reads: it need not ask the watermark how far it has got. */
  readonly isWriter?: boolean
}

/** Checks what was asked for. @throws TypeError, RangeError */
export function readerOf<R>(
  path: string,
  options: ReadOptions<R>,
  codec: RecordDecoder<R> = new RecordCodec<R>(options.schema, options.codec),
): Reader<R> {
  assertReadOptions(options)
  return { path, options, codec }
}

/** All records of the range. */
export async function replayRecords<R>(reader: Reader<R>): Promise<R[]> {
  const all: R[] = []
  for await (const { records } of readDetailed(reader)) {
    for (const record of records) all.push(record)
  }
  return all
}

/** One record at a time. */
export async function* entriesOf<R>(reader: Reader<R>): AsyncGenerator<Entry<R>, void> {
  for await (const { firstSeq, records, isCommitEnd } of readDetailed(reader)) {
    for (const [index, record] of records.entries()) {
      reader.options.signal?.throwIfAborted()
      yield { seq: firstSeq + index, record, commitEnd: isCommitEnd(index) }
    }
  }
}

/** Records in the pieces in which they are read. */
export async function* batchesOf<R>(reader: Reader<R>): AsyncGenerator<Batch<R>, void> {
  for await (const { firstSeq, records, commitEnd } of readDetailed(reader)) {
    yield { firstSeq, records, commitEnd }
  }
}

/** A fold over the range, from record 1 unless another start is named. */
export async function reduceRecords<R, State>(
  reader: Reader<R>,
  reducer: Reducer<R, State>,
  initial: State,
): Promise<State> {
  const options = { ...reader.options, from: reader.options.from ?? 1 }
  let state = initial
  for await (const { firstSeq, records } of readDetailed({ ...reader, options })) {
    for (let index = 0; index < records.length; index++) {
      state = reducer(state, records[index] as R, firstSeq + index)
    }
  }
  return state
}

/** The pieces of a range, with all that is known of them. */
export async function* readDetailed<R>(reader: Reader<R>): AsyncGenerator<DetailedBatch<R>, void> {
  const { path, codec, options, startAt, passed, isWriter = false } = reader
  const { fileSystem = nodeFileSystem, maxRecordBytes = DEFAULT_MAX_RECORD_BYTES } = options
  const { from, to, signal } = options
  signal?.throwIfAborted()
  if (from !== undefined && to !== undefined && from > to) return
  try {
    const base = await tryResolveBase(fileSystem, path)
    if (base === undefined) return
    const watermark = isWriter ? undefined : await readWatermark(fileSystem, base)
    const range = { fileSystem, base, codec, maxRecordBytes, from, to, signal, watermark }
    yield* readBatches({ ...range, startAt, passed })
  } catch (error) {
    throw isOurs(error, signal) ? error : ioError('reading', path, error)
  }
}

/** Errors that the caller is to see as they are: ours, the caller's own, and an abort. */
export function isOurs(error: unknown, signal: AbortSignal | undefined): boolean {
  if (MiniStoreError.is(error) || signal?.aborted === true) return true
  return !(error instanceof Error && 'code' in error)
}
