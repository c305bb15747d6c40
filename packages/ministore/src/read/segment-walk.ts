import { MiniStoreError, errnoOf } from '../errors.js'
import type { ParsedHeader, SegmentLink } from '../format/header.js'
import type { FileHandle, FileSystem } from '../fs/file-system.js'
import type { KnownPlace } from './known-places.js'
import { corruptError, listArchived, readHeader, requireHeader } from './segment-chain.js'
import type { Checkpoint } from './segment-scanner.js'

/** How often the folder is listed again when it changes while it is read. */
const MAX_LISTINGS = 5

/** A segment that was opened for reading; whoever gets it closes `handle`. */
export interface OpenSegment {
  readonly handle: FileHandle
  readonly path: string
  readonly number: number
  readonly firstSeq: number
  readonly start: Checkpoint
  readonly isActive: boolean
}

type Header = Extract<ParsedHeader, { kind: 'header' }>

/** The segment that holds `fromSeq`, or the oldest; undefined when there is no journal, or only one being created. */
export async function openFirstSegment(
  fileSystem: FileSystem,
  base: string,
  fromSeq: number | undefined,
): Promise<OpenSegment | undefined> {
  for (let listing = 1; listing <= MAX_LISTINGS; listing++) {
    const archived = await listArchived(fileSystem, base)
    const oldest = archived[0]
    if (oldest === undefined) {
      const active = await tryOpen(fileSystem, base, base, undefined)
      const isConfirmed = (await listArchived(fileSystem, base)).length === 0
      if (isConfirmed && (active !== undefined || listing > 1)) return active
      await active?.handle.close()
      continue
    }
    const candidates = [...archived.map(({ path }) => path), base]
    const found = await newestThatHolds(fileSystem, base, candidates, fromSeq)
    if (found !== undefined) return found
    const first = await tryOpen(fileSystem, oldest.path, base, undefined)
    if (first !== undefined) return { ...first, number: oldest.number }
  }
  throw changingTooFast(base)
}

/** The segment of a place, opened there, without a look at the others; undefined when it is no longer where it was. */
export async function openKnownSegment(
  fileSystem: FileSystem,
  base: string,
  { segment: number, path, checkpoint }: KnownPlace,
): Promise<OpenSegment | undefined> {
  const segment = await tryOpen(fileSystem, path, base, undefined)
  if (segment?.number === number) return { ...segment, start: checkpoint }
  await segment?.handle.close()
  return undefined
}

/** The segment behind the one that ended with `expected`; undefined when there is none. */
export async function openNextSegment(
  fileSystem: FileSystem,
  base: string,
  expected: SegmentLink,
): Promise<OpenSegment | undefined> {
  let isAbsent = false
  for (let listing = 1; listing <= MAX_LISTINGS; listing++) {
    const archived = await listArchived(fileSystem, base)
    const file = archived.find(({ number }) => number === expected.segment)
    const segment = await tryOpen(fileSystem, file?.path ?? base, base, expected)
    if (segment === undefined) {
      if (file !== undefined || archived.some(({ number }) => number > expected.segment)) continue
      // Archived between the listing and the opening, it is in the next listing.
      if (isAbsent) return undefined
      isAbsent = true
      continue
    }
    if (segment.number === expected.segment) return segment
    await segment.handle.close()
    if (segment.number < expected.segment) return undefined
    if (listing === MAX_LISTINGS) throw dropped(base, expected.firstSeq, segment.firstSeq)
  }
  throw changingTooFast(base)
}

/** With `fromSeq`, segments before the one that holds it need not be read. */
async function newestThatHolds(
  fileSystem: FileSystem,
  base: string,
  paths: readonly string[],
  fromSeq: number | undefined,
): Promise<OpenSegment | undefined> {
  if (fromSeq === undefined) return undefined
  for (const path of paths.toReversed()) {
    const segment = await tryOpen(fileSystem, path, base, undefined)
    if (segment === undefined) continue
    if (segment.isLinked && segment.firstSeq <= fromSeq) return segment
    await segment.handle.close()
  }
  return undefined
}

async function tryOpen(
  fileSystem: FileSystem,
  path: string,
  base: string,
  expected: SegmentLink | undefined,
): Promise<(OpenSegment & { isLinked: boolean }) | undefined> {
  const handle = await tryOpenFile(fileSystem, path)
  if (handle === undefined) return undefined
  try {
    const { header, start } = await readHeader(handle)
    if (header.kind === 'fragment' && path === base) {
      await handle.close()
      return undefined
    }
    const read = requireHeader(header, path)
    const isLinked = read.link !== undefined
    return {
      handle,
      path,
      start,
      isActive: path === base,
      isLinked,
      ...placeOf(read, path, expected),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

function placeOf(
  { link }: Header,
  path: string,
  expected: SegmentLink | undefined,
): { number: number; firstSeq: number } {
  if (link === undefined)
    return { number: expected?.segment ?? 1, firstSeq: expected?.firstSeq ?? 1 }
  const isNext = link.segment === expected?.segment
  if (isNext && (link.firstSeq !== expected.firstSeq || link.prevCrc !== expected.prevCrc)) {
    throw corruptError(
      path,
      'the header does not continue the segment before: one of the two was changed or replaced',
      { line: 1, offsetBytes: 0 },
    )
  }
  return { number: link.segment, firstSeq: link.firstSeq }
}

async function tryOpenFile(fileSystem: FileSystem, path: string): Promise<FileHandle | undefined> {
  try {
    return await fileSystem.open(path, 'read')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined // not there, or renamed or dropped since it was listed
    throw error
  }
}

/** `seq` was asked for, and what is left begins at `firstSeq`. */
export function dropped(path: string, seq: number, firstSeq: number): MiniStoreError {
  return new MiniStoreError(
    'SEQ_DROPPED',
    `${path}: record ${seq} was dropped; the oldest that is left is ${firstSeq}`,
    { path, firstSeq },
  )
}

function changingTooFast(base: string): MiniStoreError {
  return corruptError(base, `the segments do not continue one another, in ${MAX_LISTINGS} listings`)
}
