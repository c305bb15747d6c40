import { tryResolveBase } from '../base-path.js'
import { type Clock, systemClock } from '../clock.js'
import { ioError } from '../errors.js'
import { directoryOf } from '../format/file-names.js'
import { DEFAULT_MAX_RECORD_BYTES } from '../format/limits.js'
import type { FileSystem } from '../fs/file-system.js'
import { nodeFileSystem } from '../fs/node-file-system.js'
import type { Followed } from '../log.js'
import type { OptionNames } from '../known-options.js'
import { RECORD_OPTIONS, type RecordOptions, assertInteger, assertReadOptions } from '../options.js'
import { RecordCodec, type RecordDecoder } from '../record/record-codec.js'
import { type FoundWatermark, readWatermark } from '../watermark/read-watermark.js'
import type { KnownPlace } from './known-places.js'
import { type DetailedBatch, readBatches } from './read-batches.js'
import { decodeTexts } from './read-lines.js'
import { isOurs } from './reader.js'
import { decodeRun } from './run-decoder.js'

const DEFAULT_POLL_MS = 100

/** Options of {@link MiniStore.follow}, for a reader in any process. */
export interface FollowOptions<R> extends RecordOptions<R> {
  /** First sequence number to read, inclusive. Default: the oldest there is. */
  readonly from?: number
  /** Ends the following: the iteration returns. */
  readonly signal?: AbortSignal
  /** How long to wait before looking again, where the file system gives no hint of a change. Default 100 ms. */
  readonly pollMs?: number
  readonly clock?: Clock
}

const FOLLOW_OPTIONS: OptionNames<FollowOptions<unknown>> = {
  from: true,
  signal: true,
  pollMs: true,
  clock: true,
  ...RECORD_OPTIONS,
}

/** Where the records come from, and how to learn of more. */
export interface FollowSource<R> {
  /** What may be shown from `from` on, at this moment. */
  read(from: number | undefined): AsyncIterable<DetailedBatch<R>>
  /** The newest record that the last reading knew of, though it may be dropped; 0 for none. */
  readonly knownSeq: number
  /** Resolves when there may be more than when it was called. */
  changed(): Promise<void>
  /** Ends what `changed` stands on. */
  stop(): void
}

/** Everything from `from` on, then what is appended, until the signal. */
export async function* followSource<R>(
  source: FollowSource<R>,
  {
    from,
    signal,
  }: { readonly from?: number | undefined; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Followed<R>, void> {
  const isOver = (): boolean => signal?.aborted === true
  let next = from
  let announced: number | undefined
  try {
    while (!isOver()) {
      const changed = source.changed() // asked for before the reading, so that nothing falls in between
      for await (const { firstSeq, records, isCommitEnd } of source.read(next)) {
        for (const [index, record] of records.entries()) {
          if (isOver()) return
          yield { kind: 'record', seq: firstSeq + index, record, commitEnd: isCommitEnd(index) }
        }
        next = firstSeq + records.length
      }
      const seq = Math.max(source.knownSeq, (next ?? 1) - 1)
      if (isOver()) return
      if (seq !== announced) yield { kind: 'caughtUp', seq }
      announced = seq
      await unlessAborted(changed, signal)
    }
  } finally {
    source.stop()
  }
}

/** Follows the journal at `path`, whoever writes it. */
export function followPath<R>(
  path: string,
  options: FollowOptions<R>,
): AsyncGenerator<Followed<R>, void> {
  assertReadOptions(options, FOLLOW_OPTIONS)
  assertInteger('pollMs', options.pollMs, 1)
  const codec = new RecordCodec<R>(options.schema, options.codec)
  return followSource(new PathSource(path, options, codec), options)
}

/** As {@link followPath}, with each record as its line has it. */
export function followTexts(
  path: string,
  options: FollowOptions<string>,
): AsyncGenerator<Followed<string>, void> {
  const codec = new RecordCodec<string>(undefined, undefined)
  return followSource(new PathSource(path, options, codec, decodeTexts), options)
}

/** A journal in files that another process writes. */
class PathSource<R> implements FollowSource<R> {
  readonly #path: string
  readonly #options: FollowOptions<R>
  readonly #codec: RecordDecoder<R>
  readonly #decode: typeof decodeRun
  readonly #fileSystem: FileSystem
  readonly #changes: Changes
  knownSeq = 0
  // The end of the last seal that was read: where the next reading begins.
  #place: KnownPlace | undefined

  constructor(
    path: string,
    options: FollowOptions<R>,
    codec: RecordDecoder<R>,
    decode: typeof decodeRun = decodeRun,
  ) {
    this.#path = path
    this.#decode = decode
    this.#options = options
    this.#codec = codec
    this.#fileSystem = options.fileSystem ?? nodeFileSystem
    const { clock = systemClock, pollMs = DEFAULT_POLL_MS } = options
    const poll = (stopped: AbortSignal): Promise<void> => clock.wait(pollMs, stopped)
    this.#changes = new Changes(this.#fileSystem, directoryOf(path), poll)
  }

  async *read(from: number | undefined): AsyncGenerator<DetailedBatch<R>, void> {
    const { signal, maxRecordBytes = DEFAULT_MAX_RECORD_BYTES } = this.#options
    const fileSystem = this.#fileSystem
    try {
      const base = await tryResolveBase(fileSystem, this.#path)
      if (base === undefined) return
      const watermark = await readWatermark(fileSystem, base)
      this.knownSeq = survivingSeq(watermark)
      // What a living writer has not acknowledged may still fail, or be lost.
      const to = watermark?.isSameBootUnclean === true ? watermark.mark.seq : undefined
      if (to !== undefined && from !== undefined && to < from) return
      const startAt = this.#place
      const range = { fileSystem, base, codec: this.#codec, maxRecordBytes, from, to, signal }
      const decode = this.#decode
      for await (const batch of readBatches({ ...range, startAt, watermark, decode })) {
        this.#place = batch.sealedEnd ?? this.#place
        if (batch.records.length > 0) yield batch
      }
    } catch (error) {
      if (signal?.aborted === true) return
      throw isOurs(error, signal) ? error : ioError('following', this.#path, error)
    }
  }

  changed(): Promise<void> {
    return this.#changes.next()
  }

  stop(): void {
    this.#changes.stop()
  }
}

/** The newest record that the watermark vouches for: what was only written may be lost with the power. */
function survivingSeq(watermark: FoundWatermark | undefined): number {
  if (watermark === undefined) return 0
  const { isSameBootUnclean, mark } = watermark
  const isDurable = mark.written.offset === mark.durable.offset
  return isSameBootUnclean || mark.clean || isDurable ? mark.seq : 0
}

/** Hints of the file system, and a clock where it gives none. */
class Changes {
  readonly #wait: (stopped: AbortSignal) => Promise<void>
  readonly #stopped = new AbortController()
  readonly #watch: () => () => void
  // Undefined until somebody waits: a following that is never begun watches nothing.
  #unwatch: (() => void) | undefined
  #hinted: () => void = () => {}
  // The wait that is running; hints may come much faster than it ends.
  #poll: Promise<void> | undefined

  constructor(
    fileSystem: FileSystem,
    directory: string,
    wait: (stopped: AbortSignal) => Promise<void>,
  ) {
    this.#wait = wait
    this.#watch = () => fileSystem.watch(directory, () => this.#hinted())
  }

  next(): Promise<void> {
    this.#unwatch ??= this.#watch()
    const hint = new Promise<void>((resolve) => (this.#hinted = resolve))
    this.#poll ??= this.#wait(this.#stopped.signal).then(() => (this.#poll = undefined))
    return Promise.race([hint, this.#poll])
  }

  stop(): void {
    this.#unwatch?.()
    this.#stopped.abort()
  }
}

async function unlessAborted(
  changed: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal === undefined) return changed
  const over = new AbortController()
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true, signal: over.signal })
  })
  if (!signal.aborted) await Promise.race([changed, aborted])
  over.abort() // or a long following would leave a listener behind for each change
}
