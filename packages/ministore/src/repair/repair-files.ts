import { errnoOf } from '../errors.js'
import {
  type JournalFiles,
  archivedPath,
  brokenPath,
  repairLeftovers,
  repairedPath,
} from '../format/file-names.js'
import { type RepairMarker, formatRepairMarker, tryParseRepairMarker } from '../format/header.js'
import { MAX_HEADER_BYTES } from '../format/header.js'
import type { FileSystem } from '../fs/file-system.js'
import { readFully, writeAll } from '../fs/write-all.js'
import { listArchived } from '../read/segment-chain.js'

const CHUNK_BYTES = 1024 * 1024

/** Names for the originals that nothing has yet, all of one time. */
export async function freeBrokenPaths(
  fileSystem: FileSystem,
  paths: readonly string[],
  nowMs: number,
): Promise<string[]> {
  for (let timeMs = nowMs; ; timeMs++) {
    const broken = paths.map((path) => brokenPath(path, timeMs))
    const taken = await Promise.all(broken.map((path) => fileSystem.stat(path)))
    if (taken.every((stat) => stat === undefined)) return broken
  }
}

/** Copies a file whole; under a name that says so until every byte is on the disk. */
export async function keepOriginal(
  fileSystem: FileSystem,
  path: string,
  brokenAs: string,
  onBytes: (count: number) => void,
): Promise<void> {
  const part = `${brokenAs}.part`
  const source = await fileSystem.open(path, 'read')
  try {
    const copy = await fileSystem.open(part, 'createNew', source.statSync().permissions)
    try {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      let offset = 0
      for (let count = CHUNK_BYTES; count === CHUNK_BYTES; offset += count) {
        count = await readFully(source, chunk, offset)
        await writeAll(copy, chunk.subarray(0, count), offset)
        onBytes(count)
      }
      if (copy.sizeSync() !== source.sizeSync())
        throw new Error(`${path} changed while it was copied`)
      await copy.sync()
    } finally {
      await copy.close()
    }
  } finally {
    await source.close()
  }
  await fileSystem.rename(part, brokenAs)
}

/** Removes what an earlier repair left that did not come to its marker. Nothing of it is of worth: the journal itself is whole. */
export async function sweepLeftovers(fileSystem: FileSystem, files: JournalFiles): Promise<void> {
  for (const path of repairLeftovers(files.active, await fileSystem.list(files.directory))) {
    await removeIfThere(fileSystem, path)
  }
}

/** A watermark speaks of the old files: gone, durably, before the new ones get their names. */
export async function removeWatermark(fileSystem: FileSystem, files: JournalFiles): Promise<void> {
  await removeIfThere(fileSystem, files.watermark)
  await fileSystem.syncDirectory(files.directory)
}

/**
 * Puts the marker in the place of the active segment. This is the step that decides: before it the
 * journal is as it was, behind it nobody opens the journal until {@link finishRepair} is through.
 */
export async function placeMarker(
  fileSystem: FileSystem,
  files: JournalFiles,
  marker: RepairMarker,
): Promise<void> {
  const temporary = `${files.active}.repair-marker`
  const permissions = (await fileSystem.stat(files.active))?.permissions
  const handle = await fileSystem.open(temporary, 'createNew', permissions)
  try {
    await writeAll(handle, Buffer.from(formatRepairMarker(marker)), 0)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await fileSystem.rename(temporary, files.active)
  await fileSystem.syncDirectory(files.directory)
}

/** The marker, where a repair was interrupted. */
export async function tryReadMarker(
  fileSystem: FileSystem,
  files: JournalFiles,
): Promise<RepairMarker | undefined> {
  if ((await fileSystem.stat(files.active)) === undefined) return undefined
  const handle = await fileSystem.open(files.active, 'read')
  try {
    const bytes = new Uint8Array(MAX_HEADER_BYTES)
    return tryParseRepairMarker(bytes.subarray(0, await readFully(handle, bytes, 0)))
  } finally {
    await handle.close()
  }
}

/**
 * Gives the repaired files their names, as the marker says; the last rename replaces the marker. Each
 * step is durable before the next, and all of it can be done again from any place.
 */
export async function finishRepair(
  fileSystem: FileSystem,
  files: JournalFiles,
  { fromSegment, activeSegment, digits }: RepairMarker,
): Promise<void> {
  const base = files.active
  for (const { number, path } of await listArchived(fileSystem, base)) {
    const isReplaced = number >= fromSegment && number < activeSegment
    if (number < fromSegment || (isReplaced && path === archivedPath(base, number, digits)))
      continue
    await removeIfThere(fileSystem, path)
    await fileSystem.syncDirectory(files.directory)
  }
  for (let number = fromSegment; number < activeSegment; number++) {
    const repaired = repairedPath(base, number)
    if ((await fileSystem.stat(repaired)) === undefined) continue // renamed before the interruption
    await fileSystem.rename(repaired, archivedPath(base, number, digits))
    await fileSystem.syncDirectory(files.directory)
  }
  // Not before the marker was there: a repair that fails leaves what the watermark knows.
  await removeWatermark(fileSystem, files)
  await fileSystem.rename(repairedPath(base, undefined), base)
  await fileSystem.syncDirectory(files.directory)
}

async function removeIfThere(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.remove(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error // ENOENT: it is gone already, which is what was wanted
  }
}
