import { tryResolveBase } from '../base-path.js'
import { ioError } from '../errors.js'
import { DEFAULT_MAX_RECORD_BYTES } from '../format/limits.js'
import { nodeFileSystem } from '../fs/node-file-system.js'
import type { OptionNames } from '../known-options.js'
import { type ReadOptions, assertReadOptions } from '../options.js'
import { RecordCodec } from '../record/record-codec.js'
import { readWatermark } from '../watermark/read-watermark.js'
import { listArchived } from './segment-chain.js'
import { openFirstSegment } from './segment-walk.js'
import { readBatches } from './read-batches.js'

/** A journal as its files tell it. */
export interface Inspection {
  /** The oldest record; `lastSeq + 1` when there is none. */
  readonly firstSeq: number
  readonly lastSeq: number
  readonly records: number
  /** Older first, the active one last. */
  readonly segments: readonly { readonly path: string; readonly sizeBytes: number }[]
  readonly sizeBytes: number
}

const INSPECT_OPTIONS: OptionNames<Pick<ReadOptions<unknown>, 'fileSystem' | 'maxRecordBytes'>> = {
  fileSystem: true,
  maxRecordBytes: true,
}

/** Counts a journal's records and sizes its files, checking every seal on the way. */
export async function inspectJournal(
  path: string,
  options: Pick<ReadOptions<unknown>, 'fileSystem' | 'maxRecordBytes'> = {},
): Promise<Inspection> {
  assertReadOptions(options, INSPECT_OPTIONS)
  const { fileSystem = nodeFileSystem, maxRecordBytes = DEFAULT_MAX_RECORD_BYTES } = options
  try {
    const base = await tryResolveBase(fileSystem, path)
    const first =
      base === undefined ? undefined : await openFirstSegment(fileSystem, base, undefined)
    await first?.handle.close()
    const firstSeq = first?.firstSeq ?? 1
    let lastSeq = firstSeq - 1
    if (base === undefined) return { firstSeq, lastSeq, records: 0, segments: [], sizeBytes: 0 }
    const codec = new RecordCodec<unknown>(undefined, undefined)
    const range = { fileSystem, base, codec, maxRecordBytes, from: undefined, to: undefined }
    const watermark = await readWatermark(fileSystem, base)
    for await (const batch of readBatches({ ...range, watermark, signal: undefined })) {
      lastSeq = batch.firstSeq + batch.records.length - 1
    }
    const paths = [...(await listArchived(fileSystem, base)).map((file) => file.path), base]
    const stats = await Promise.all(paths.map((one) => fileSystem.stat(one)))
    const segments = paths.flatMap((one, index) => {
      const sizeBytes = stats[index]?.sizeBytes
      return sizeBytes === undefined ? [] : [{ path: one, sizeBytes }]
    })
    const sizeBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
    return { firstSeq, lastSeq, records: lastSeq - firstSeq + 1, segments, sizeBytes }
  } catch (error) {
    throw ioError('inspecting', path, error)
  }
}
