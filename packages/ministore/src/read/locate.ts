import { tryResolveBase } from '../base-path.js'
import { ioError } from '../errors.js'
import { nodeFileSystem } from '../fs/node-file-system.js'
import { FILE_SYSTEM_ONLY, type ReadOptions, assertInteger, assertReadOptions } from '../options.js'
import { openFirstSegment } from './segment-walk.js'

/** Where a record stands, for a person who opens the file. */
export interface RecordPlace {
  /** Of the segment. */
  readonly path: string
  /** 1-based. */
  readonly line: number
}

/** The file and line of a record; undefined where the journal begins behind it. Nothing but headers is read. */
export async function locateRecord(
  path: string,
  seq: number,
  options: Pick<ReadOptions<unknown>, 'fileSystem'> = {},
): Promise<RecordPlace | undefined> {
  assertReadOptions(options, FILE_SYSTEM_ONLY)
  assertInteger('seq', seq, 1)
  const { fileSystem = nodeFileSystem } = options
  try {
    const base = await tryResolveBase(fileSystem, path)
    const segment = base === undefined ? undefined : await openFirstSegment(fileSystem, base, seq)
    await segment?.handle.close()
    if (segment === undefined || segment.firstSeq > seq) return undefined
    return { path: segment.path, line: seq - segment.firstSeq + 2 }
  } catch (error) {
    throw ioError('locating a record', path, error)
  }
}
