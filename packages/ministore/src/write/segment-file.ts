import { errnoOf } from '../errors.js'
import type { JournalFiles } from '../format/file-names.js'
import { type SegmentLink, formatHeader } from '../format/header.js'
import { closeQuietly } from '../fs/close-quietly.js'
import type { FileHandle, FileSystem } from '../fs/file-system.js'
import { writeAll } from '../fs/write-all.js'

/** Writes and syncs the file of a segment that is about to become the active one. */
export async function prepareSegment(
  fileSystem: FileSystem,
  files: JournalFiles,
  link: SegmentLink | undefined,
  mode: number | undefined,
): Promise<FileHandle> {
  await sweepPreparedSegment(fileSystem, files)
  const handle = await fileSystem.open(files.next, 'createNew', mode)
  try {
    await writeAll(handle, Buffer.from(formatHeader(link)), 0)
    await handle.sync()
    return handle
  } catch (error) {
    await closeQuietly(handle)
    throw error
  }
}

/** Gives the prepared segment its name, durably. */
export async function putInPlace(fileSystem: FileSystem, files: JournalFiles): Promise<void> {
  await fileSystem.rename(files.next, files.active)
  await fileSystem.syncDirectory(files.directory)
}

/** Removes, durably, what an interrupted rotation or creation left, and says whether there was any. It never held a record. */
export async function sweepPreparedSegment(
  fileSystem: FileSystem,
  files: JournalFiles,
): Promise<boolean> {
  try {
    await fileSystem.remove(files.next)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error // ENOENT: the usual case, nothing was left
    return false
  }
  // Or a power cut could bring its name back, and the next rename put the old file in place.
  await fileSystem.syncDirectory(files.directory)
  return true
}
