import type { ArchivedFile } from '../format/file-names.js'
import type { ParsedHeader, SegmentLink } from '../format/header.js'
import type { FileHandle, FileSystem } from '../fs/file-system.js'
import { type Segment, crcByLastSeal, readHeader, scanToEnd } from '../read/segment-chain.js'

/** Why a chain of segments cannot be trusted. */
export interface ChainFault {
  readonly path: string
  readonly what: string
}

/** The archived segments, linked, and what the segment behind them must say of itself. */
export interface ChainInspection {
  readonly archived: readonly Segment[]
  readonly badHeader:
    | { readonly path: string; readonly header: Exclude<ParsedHeader, { kind: 'header' }> }
    | undefined
  readonly fault: ChainFault | undefined
  /** What the header of the active segment is, or has to be; undefined for the first of a journal. */
  readonly activeLink: SegmentLink | undefined
  /** The oldest segments are gone and left no word of their numbers: counting started at 1. */
  readonly isNumberingAssumed: boolean
}

interface Facts {
  readonly file: ArchivedFile
  readonly header: Extract<ParsedHeader, { kind: 'header' }>
  readonly sizeBytes: number
  /** CRC of the whole segment, and its number of records where it was counted. */
  readonly end: { readonly crc: number; readonly recordCount: number | undefined } | undefined
}

/**
 * Reads header and last seal of each archived segment, and a whole one only where its records must be
 * counted or it ends without a seal. `active` is the header of the active segment, where there is one.
 */
export async function inspectChain(
  fileSystem: FileSystem,
  files: readonly ArchivedFile[],
  active: Extract<ParsedHeader, { kind: 'header' }> | undefined,
  maxRecordBytes: number,
): Promise<ChainInspection> {
  const facts: Facts[] = []
  let next: Extract<ParsedHeader, { kind: 'header' }> | undefined = active
  for (const file of files.toReversed()) {
    const handle = await fileSystem.open(file.path, 'read')
    try {
      const read = await readFacts(handle, file, next, maxRecordBytes)
      if ('badHeader' in read) return { ...NOTHING, badHeader: read.badHeader }
      facts.unshift(read)
      next = read.header
    } finally {
      await handle.close()
    }
  }
  return linkSegments(facts, active)
}

const NOTHING: ChainInspection = {
  archived: [],
  badHeader: undefined,
  fault: undefined,
  activeLink: undefined,
  isNumberingAssumed: false,
}

async function readFacts(
  handle: FileHandle,
  file: ArchivedFile,
  next: Extract<ParsedHeader, { kind: 'header' }> | undefined,
  maxRecordBytes: number,
): Promise<Facts | { badHeader: NonNullable<ChainInspection['badHeader']> }> {
  const { header, start } = await readHeader(handle)
  if (header.kind !== 'header') return { badHeader: { path: file.path, header } }
  const sizeBytes = handle.sizeSync()
  const sealCrc = await crcByLastSeal(handle, sizeBytes)
  if (sealCrc !== undefined && next?.link !== undefined) {
    return { file, header, sizeBytes, end: { crc: sealCrc, recordCount: undefined } }
  }
  const { good } = await scanToEnd(handle, file.path, start, maxRecordBytes)
  const isWhole = good.offsetBytes === sizeBytes
  return { file, header, sizeBytes, end: isWhole ? good : undefined }
}

/** Puts numbers to the segments, or says what does not fit. Pure. */
function linkSegments(
  facts: readonly Facts[],
  active: Extract<ParsedHeader, { kind: 'header' }> | undefined,
): ChainInspection {
  const archived: Segment[] = []
  const first = facts[0]
  const isNumberingAssumed = first !== undefined && !first.header.link && first.file.number > 1
  let expected: SegmentLink | undefined
  for (const { file, header, sizeBytes, end } of facts) {
    const what = misfit(header.link, file.number, expected)
    if (what !== undefined) return { ...NOTHING, archived, fault: { path: file.path, what } }
    if (end === undefined) {
      const fault = { path: file.path, what: 'this archived segment is not whole' }
      return { ...NOTHING, archived, fault }
    }
    const firstSeq = header.link?.firstSeq ?? expected?.firstSeq ?? 1
    const { recordCount, crc } = end
    archived.push({
      number: file.number,
      path: file.path,
      firstSeq,
      headerBytes: header.sizeBytes,
      sizeBytes,
      recordCount,
    })
    // A count that was not needed leaves only a lower bound: a segment without records is never archived.
    const nextSeq = firstSeq + (recordCount ?? 1)
    expected = { segment: file.number + 1, firstSeq: nextSeq, prevCrc: crc }
  }
  const isCounted = archived.at(-1)?.recordCount !== undefined
  const what = active === undefined ? undefined : activeMisfit(active.link, expected, isCounted)
  const fault = what === undefined ? undefined : { path: '', what }
  const activeLink = active?.link ?? expected
  return {
    archived: counted(archived, activeLink),
    badHeader: undefined,
    fault,
    activeLink,
    isNumberingAssumed,
  }
}

function misfit(
  link: SegmentLink | undefined,
  number: number,
  expected: SegmentLink | undefined,
): string | undefined {
  if (expected !== undefined && number < expected.segment) {
    return `segment ${number} is there twice`
  }
  if (expected !== undefined && number > expected.segment) {
    return `segment ${expected.segment} is missing before this one`
  }
  if (link !== undefined && link.segment !== number) {
    return `the header says segment ${link.segment}, the file name ${number}`
  }
  return link === undefined || expected === undefined ? undefined : linkMisfit(link, expected)
}

function activeMisfit(
  link: SegmentLink | undefined,
  expected: SegmentLink | undefined,
  isCounted: boolean,
): string | undefined {
  if (link === undefined || expected === undefined) return undefined
  if (link.segment !== expected.segment) {
    return `the header says segment ${link.segment}, and segment ${expected.segment} should follow`
  }
  if (isCounted && link.firstSeq !== expected.firstSeq) {
    return `the header says firstSeq ${link.firstSeq}, and ${expected.firstSeq} should follow`
  }
  return linkMisfit(link, expected)
}

function linkMisfit(link: SegmentLink, expected: SegmentLink): string | undefined {
  if (link.prevCrc !== expected.prevCrc) {
    return 'prevCrc does not fit the segment before: one of the two was changed or replaced'
  }
  if (link.firstSeq < expected.firstSeq) {
    return `the header says firstSeq ${link.firstSeq}, which the segment before has used`
  }
  return undefined
}

/** Fills in the counts that the next segment's `firstSeq` tells. */
function counted(archived: readonly Segment[], activeLink: SegmentLink | undefined): Segment[] {
  return archived.map((segment, index) => {
    const nextSeq = archived[index + 1]?.firstSeq ?? activeLink?.firstSeq
    const recordCount = nextSeq === undefined ? segment.recordCount : nextSeq - segment.firstSeq
    return { ...segment, recordCount }
  })
}
