import { errnoOf } from '../errors.js'
import { directoryOf } from '../format/file-names.js'
import type { FileSystem } from './file-system.js'
import { writeAll } from './write-all.js'

/**
 * Replaces what is at `path` by `bytes`, or leaves it as it was: temporary file, sync, rename, sync
 * of the folder. The new content is on the disk when the promise resolves.
 */
export async function replaceFile(
  fileSystem: FileSystem,
  path: string,
  bytes: Uint8Array,
  permissions?: number,
): Promise<void> {
  const temporary = `${path}.tmp-${process.pid}-${Date.now().toString(36)}`
  try {
    const handle = await fileSystem.open(temporary, 'createNew', permissions)
    try {
      await writeAll(handle, bytes, 0)
      const sizeBytes = handle.sizeSync()
      if (sizeBytes !== bytes.length) {
        throw new Error(`${temporary} has ${sizeBytes} bytes instead of ${bytes.length}`)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    await fileSystem.rename(temporary, path)
  } catch (error) {
    await removeLeftover(fileSystem, temporary)
    throw error
  }
  await fileSystem.syncDirectory(directoryOf(path))
}

async function removeLeftover(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.remove(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') return // the first error is the one to report; the leftover holds nothing of worth
  }
}
