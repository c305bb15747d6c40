import type { JournalFiles } from '../format/file-names.js'
import type { ParsedHeader } from '../format/header.js'
import type { FileHandle } from '../fs/file-system.js'
import { readFully } from '../fs/write-all.js'
import type { Settings } from '../options.js'
import { readHeader } from '../read/segment-chain.js'
import {
  type Checkpoint,
  SegmentScanner,
  crcInRun,
  isValidForeignLine,
} from '../read/segment-scanner.js'
import { type TailEvidence, scanTail } from '../read/tail-scan.js'
import { rewriteStartIn } from './rewrite-start.js'

/** What the active segment holds. */
export interface ActiveScan {
  readonly good: Checkpoint
  readonly sealedRecordCount: number
  readonly rewriteStart: number
  readonly tail: TailEvidence
  readonly isHealableLine: boolean
  readonly checkpoints: readonly Checkpoint[]
  /** CRC of the bytes before the offset that was asked for; undefined when the prefix does not reach it. */
  readonly crcAtOffset: number | undefined
}

/** The active segment as it was found; both undefined when there is none. */
export interface ActiveFindings {
  readonly header: ParsedHeader | undefined
  readonly scan: ActiveScan | undefined
}

/** The active segment, open for writing; undefined when there is none. */
export async function openActive(
  files: JournalFiles,
  { fileSystem }: Settings,
): Promise<FileHandle | undefined> {
  const stat = await fileSystem.stat(files.active)
  return stat === undefined ? undefined : fileSystem.open(files.active, 'readWrite')
}

/** Reads the active segment whole. `offset`: where its CRC is wanted too. */
export async function scanActive(
  handle: FileHandle | undefined,
  files: JournalFiles,
  settings: Settings,
  offset: number | undefined,
): Promise<ActiveFindings> {
  if (handle === undefined) return { header: undefined, scan: undefined }
  const { header, start } = await readHeader(handle)
  if (header.kind !== 'header') return { header, scan: undefined }
  const scanner = new SegmentScanner(handle, files.active, start, settings.maxRecordBytes)
  const checkpoints: Checkpoint[] = []
  let rewriteStart = start.offsetBytes
  let crcAtOffset = offset === start.offsetBytes ? start.crc : undefined
  try {
    for (let run = await scanner.next(); run !== undefined; run = await scanner.next()) {
      checkpoints.push(run.from)
      rewriteStart = rewriteStartIn(run) ?? rewriteStart
      crcAtOffset ??= offset === undefined ? undefined : crcInRun(run, offset)
    }
  } finally {
    await scanner.settle()
  }
  const { good, sealedEnd } = scanner
  const tail = await scanTail(handle, good, handle.sizeSync(), settings.fileSystem.sectorBytes)
  const isHealableLine = !settings.seal && (await isWholeLine(handle, good, tail))
  const sealedRecordCount = sealedEnd.recordCount
  return {
    header,
    scan: {
      good,
      sealedRecordCount,
      rewriteStart,
      tail,
      isHealableLine,
      checkpoints,
      crcAtOffset,
    },
  }
}

/** Whether the tail is a record that lacks only its newline. A bare number may be the beginning of a longer one. */
async function isWholeLine(
  handle: FileHandle,
  good: Checkpoint,
  tail: TailEvidence,
): Promise<boolean> {
  if (tail.sizeBytes === 0 || tail.endsWithNewline || tail.sizeBytes > 64 * 1024 * 1024)
    return false
  const line = Buffer.alloc(tail.sizeBytes)
  await readFully(handle, line, good.offsetBytes)
  return !/^[-\d]/.test(line.toString('latin1')) && isValidForeignLine(line, 0, line.length)
}
