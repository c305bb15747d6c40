import { MiniStoreError, errnoOf } from '../errors.js'
import { type JournalFiles, archivedPath } from '../format/file-names.js'
import type { SegmentLink } from '../format/header.js'
import { isHeldOpen } from '../fs/busy.js'
import { closeQuietly } from '../fs/close-quietly.js'
import type { FileHandle } from '../fs/file-system.js'
import type { Settings } from '../options.js'
import { type Segment, readHeader } from '../read/segment-chain.js'
import type { Checkpoint } from '../read/segment-scanner.js'
import { prepareSegment, sweepPreparedSegment } from './segment-file.js'

/** What a rotation came to. `isUndone`: the journal is as it was. */
export type Rotated =
  | {
      kind: 'rotated'
      handle: FileHandle
      inode: bigint
      device: bigint
      start: Checkpoint
      archivedPath: string
    }
  | { kind: 'failed'; error: unknown; isUndone: boolean }

/** What `dropBefore` removed. */
export interface DropReport {
  readonly droppedSegments: number
  readonly droppedRecords: number
  readonly freedBytes: number
  /** Why a file that was to go is still there: it is open elsewhere. The next call tries it again. */
  readonly postponed?: unknown
}

/**
 * Gives the active segment its archive name and puts a new one in its place. Each rename is durable
 * before the next step: with one sync for both, the second could survive alone, and the old segment
 * would have no name.
 */
export async function rotateFiles(
  files: JournalFiles,
  activeNumber: number,
  link: SegmentLink,
  settings: Settings,
): Promise<Rotated> {
  const { fileSystem, mode, segmentDigits } = settings
  const archive = archivedPath(files.active, activeNumber, segmentDigits)
  let handle: FileHandle | undefined
  try {
    handle = await prepareSegment(fileSystem, files, link, mode)
    const { start } = await readHeader(handle)
    const { inode, device } = handle.statSync()
    if ((await fileSystem.stat(archive)) !== undefined) throw nameTaken(archive)
    await fileSystem.rename(files.active, archive)
    const failed = await finishRotation(files, archive, settings)
    if (failed === undefined) {
      return { kind: 'rotated', handle, inode, device, start, archivedPath: archive }
    }
    await closeQuietly(handle)
    return failed
  } catch (error) {
    await closeQuietly(handle)
    await trySweep(files, settings)
    return { kind: 'failed', error, isUndone: true }
  }
}

async function finishRotation(
  files: JournalFiles,
  archive: string,
  { fileSystem }: Settings,
): Promise<Rotated | undefined> {
  try {
    await fileSystem.syncDirectory(files.directory)
  } catch (error) {
    return { kind: 'failed', error, isUndone: false }
  }
  try {
    await fileSystem.rename(files.next, files.active)
  } catch (error) {
    return { kind: 'failed', error, isUndone: await isRenamedBack(files, archive, fileSystem) }
  }
  try {
    await fileSystem.syncDirectory(files.directory)
    return undefined
  } catch (error) {
    return { kind: 'failed', error, isUndone: false }
  }
}

async function isRenamedBack(
  files: JournalFiles,
  archive: string,
  fileSystem: Settings['fileSystem'],
): Promise<boolean> {
  try {
    await fileSystem.rename(archive, files.active)
    await fileSystem.syncDirectory(files.directory)
    await sweepPreparedSegment(fileSystem, files)
    return true
  } catch {
    return false // the first error is the one to report; the store fails with it
  }
}

async function trySweep(files: JournalFiles, { fileSystem }: Settings): Promise<void> {
  try {
    await sweepPreparedSegment(fileSystem, files)
  } catch {
    // It holds no record, and the next rotation or open sweeps it; the first error is the one to report.
  }
}

function nameTaken(path: string): MiniStoreError {
  return new MiniStoreError(
    'JOURNAL_CORRUPT',
    `${path} is there already; a rename would destroy it`,
    {
      path,
      outcome: 'absent',
    },
  )
}

/** Removes archived segments from the oldest on while `isUnwanted`; `archived` loses them too. */
export async function dropOldest(
  files: JournalFiles,
  archived: Segment[],
  isUnwanted: (segment: Segment) => boolean,
  { fileSystem }: Settings,
): Promise<DropReport> {
  let droppedSegments = 0
  let droppedRecords = 0
  let freedBytes = 0
  for (let oldest = archived[0]; oldest !== undefined && isUnwanted(oldest); oldest = archived[0]) {
    try {
      await fileSystem.remove(oldest.path)
    } catch (error) {
      if (isHeldOpen(error)) {
        return { droppedSegments, droppedRecords, freedBytes, postponed: error }
      }
      if (errnoOf(error) !== 'ENOENT') throw error // ENOENT: somebody has removed it already
    }
    archived.shift()
    await fileSystem.syncDirectory(files.directory)
    droppedSegments++
    droppedRecords += oldest.recordCount ?? 0
    freedBytes += oldest.sizeBytes
  }
  return { droppedSegments, droppedRecords, freedBytes }
}
