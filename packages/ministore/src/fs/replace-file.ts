import { directoryOf } from '../format/file-names.js'
import type { FileSystem } from './file-system.js'
import { writeAll } from './write-all.js'

/** How {@link replaceFile} replaces. */
export interface ReplaceOptions {
  /** Mode bits of the file; the umask decides when undefined. */
  readonly permissions?: number | undefined
  /** Runs when the new content is on the disk and not yet visible; when it rejects, the file stays as it was. */
  readonly beforeVisible?: (() => Promise<void>) | undefined
}

let temporaries = 0

/**
 * Replaces what is at `path` by `content`, or leaves it as it was: temporary file, size check, sync,
 * rename, sync of the folder. Never writes in place. The new content is on the disk when the promise
 * resolves to its size in bytes. A crash can leave a temporary file, for which {@link isTemporary} is
 * true; whoever owns the folder sweeps it.
 */
export async function replaceFile(
  fileSystem: FileSystem,
  path: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  { permissions, beforeVisible }: ReplaceOptions = {},
): Promise<number> {
  const temporary = temporaryPath(path)
  let sizeBytes: number
  try {
    sizeBytes = await writeTemporary(fileSystem, temporary, content, permissions)
    await beforeVisible?.()
    await fileSystem.rename(temporary, path)
  } catch (error) {
    await removeLeftover(fileSystem, temporary)
    throw error
  }
  await fileSystem.syncDirectory(directoryOf(path))
  return sizeBytes
}

/** Whether a file is what a crash has left of a {@link replaceFile}. */
export function isTemporary(path: string): boolean {
  return /\.tmp-\d+-[0-9a-z]+-\d+$/.test(path)
}

function temporaryPath(path: string): string {
  return `${path}.tmp-${process.pid}-${Date.now().toString(36)}-${temporaries++}`
}

async function writeTemporary(
  fileSystem: FileSystem,
  temporary: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  permissions: number | undefined,
): Promise<number> {
  const handle = await fileSystem.open(temporary, 'createNew', permissions)
  try {
    let writtenBytes = 0
    for await (const bytes of content instanceof Uint8Array ? [content] : content) {
      await writeAll(handle, bytes, writtenBytes)
      writtenBytes += bytes.length
    }
    const sizeBytes = handle.sizeSync()
    if (sizeBytes !== writtenBytes) {
      throw new Error(`${temporary} has ${sizeBytes} bytes instead of ${writtenBytes}`)
    }
    await handle.sync()
    return sizeBytes
  } finally {
    await handle.close()
  }
}

async function removeLeftover(fileSystem: FileSystem, temporary: string): Promise<void> {
  try {
    await fileSystem.remove(temporary)
  } catch {
    // The first error is the one to report; the leftover holds nothing of worth, and is swept later.
  }
}
