import { MiniStoreError } from '../errors.js'
import { baseName, journalFiles } from '../format/file-names.js'
import type { FileSystem } from '../fs/file-system.js'
import { readFully } from '../fs/write-all.js'
import { SLOT_BYTES, type Watermark, toBootId, tryParseWatermark } from './watermark.js'

/** A watermark, and what it may be trusted for on this boot of the machine. */
export interface FoundWatermark {
  readonly mark: Watermark
  /** Of this boot, and no clean close has followed: `written` holds as well, and nothing else was in flight. */
  readonly isSameBootUnclean: boolean
}

/** Undefined where there is none, or none that can be read: that costs only the sharper verdicts. */
export async function readWatermark(
  fileSystem: FileSystem,
  base: string,
): Promise<FoundWatermark | undefined> {
  const bytes = await tryReadSlots(fileSystem, journalFiles(base).watermark)
  const mark = bytes && tryParseWatermark(bytes)
  if (mark === undefined) return undefined
  const isSameBoot =
    mark.bootId !== undefined && mark.bootId === toBootId(await fileSystem.bootId())
  return { mark, isSameBootUnclean: isSameBoot && !mark.clean }
}

async function tryReadSlots(fileSystem: FileSystem, path: string): Promise<Buffer | undefined> {
  try {
    const handle = await fileSystem.open(path, 'read')
    try {
      const bytes = Buffer.alloc(2 * SLOT_BYTES)
      return bytes.subarray(0, await readFully(handle, bytes, 0))
    } finally {
      await handle.close()
    }
  } catch {
    return undefined // none there, or none that can be read: only the sharper verdicts are lost
  }
}

/** Where the valid prefix of a journal ends. */
export interface JournalEnd {
  /** Number of the active segment, or what it would have. */
  readonly segment: number
  /** End of its valid prefix; 0 when it is missing or has no header. */
  readonly offsetBytes: number
  /** CRC of the active segment up to the watermark's `durable`; undefined when the prefix does not reach it. */
  readonly crcAtDurable: number | undefined
  readonly archived: readonly { readonly number: number; readonly sizeBytes: number }[]
}

/** The refusal of a journal that lacks acknowledged records. */
export function missingError(
  base: string,
  missing: string,
  details: { line?: number; offsetBytes?: number; lastSeq?: number } = {},
): MiniStoreError {
  const line = details.line === undefined ? '' : `:${details.line}`
  const note = baseName(journalFiles(base).watermark)
  return new MiniStoreError(
    'JOURNAL_CORRUPT',
    `${base}${line}: acknowledged records are missing: ${missing}. Nothing was changed; restore the files, or see repair(). If the journal was replaced or deleted on purpose, remove ${note}`,
    { path: base, ...details },
  )
}

/** What of the acknowledged data is missing, for a person; undefined when all is there. Pure. */
export function missingBefore(
  { mark, isSameBootUnclean }: FoundWatermark,
  end: JournalEnd,
): string | undefined {
  const { durable, written, segment, seq } = mark
  const offset = isSameBootUnclean ? Math.max(durable.offset, written.offset) : durable.offset
  const place = `byte ${offset} of segment ${segment} (the newest acknowledged record was ${seq})`
  if (end.segment === 0) return `nothing is left of it, and it had reached ${place}`
  if (segment > end.segment)
    return `the journal ends before segment ${segment}, and had reached ${place}`
  if (segment < end.segment) {
    const archived = end.archived.find(({ number }) => number === segment)
    const isWhole = archived === undefined || archived.sizeBytes >= offset // not there: dropped since
    return isWhole ? undefined : `segment ${segment} was cut, and had reached ${place}`
  }
  if (end.offsetBytes < offset)
    return `what is valid ends at byte ${end.offsetBytes}, and had reached ${place}`
  if (end.crcAtDurable !== durable.crc)
    return `the bytes before byte ${durable.offset} are not those that were synced`
  return undefined
}
