import { tryResolveBase } from '../base-path.js'
import { ioError } from '../errors.js'
import { nodeFileSystem } from '../fs/node-file-system.js'
import { FILE_SYSTEM_ONLY, type ReadOptions, assertReadOptions } from '../options.js'
import { readWatermark } from '../watermark/read-watermark.js'

/** What the watermark beside a journal says of a writer that is at work; see {@link MiniStore.acknowledgedSeq}. */
export async function acknowledgedSeq(
  path: string,
  options: Pick<ReadOptions<unknown>, 'fileSystem'> = {},
): Promise<number | undefined> {
  assertReadOptions(options, FILE_SYSTEM_ONLY)
  const { fileSystem = nodeFileSystem } = options
  try {
    const base = await tryResolveBase(fileSystem, path)
    const watermark = base === undefined ? undefined : await readWatermark(fileSystem, base)
    return watermark?.isSameBootUnclean === true ? watermark.mark.seq : undefined
  } catch (error) {
    throw ioError('reading the watermark', path, error)
  }
}
