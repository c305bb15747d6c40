import { tryResolveBase } from '../base-path.js'
import { DEFAULT_MAX_RECORD_BYTES } from '../format/limits.js'
import { nodeFileSystem } from '../fs/node-file-system.js'
import { newestSegmentSeq, type RecordText, readTexts } from '../read/read-lines.js'
import { listSegments } from '../repair/verify.js'
import { CommandError } from './output.js'

/** Options that all commands have. */
export interface CommonOptions {
  readonly json?: boolean
  readonly maxRecordBytes?: number
}

/** The resolved path of a journal that is there. @throws CommandError */
export async function requireJournal(path: string): Promise<string> {
  const base = await tryResolveBase(nodeFileSystem, path)
  const segments = base === undefined ? [] : await listSegments(nodeFileSystem, base)
  if (base === undefined || segments.length === 0)
    throw new CommandError(`${path}: no journal is there`)
  return base
}

/** The records of a range, as text. */
export function textsOf(
  base: string,
  range: { readonly from?: number | undefined; readonly to?: number | undefined },
  { maxRecordBytes = DEFAULT_MAX_RECORD_BYTES }: CommonOptions,
): AsyncIterable<RecordText> {
  const { from, to } = range
  return readTexts({
    fileSystem: nodeFileSystem,
    base,
    maxRecordBytes,
    from,
    to,
    signal: undefined,
  })
}

/** The last `count` records; reads back from the newest segment only as far as it must. */
export async function lastTexts(
  base: string,
  count: number,
  options: CommonOptions,
): Promise<{ last: readonly RecordText[]; lastSeq: number }> {
  const newest = await newestSegmentSeq(nodeFileSystem, base)
  const { last, lastSeq } = await keepLast(base, newest, count, options)
  if (last.length >= count) return { last, lastSeq }
  const from = Math.max(await oldestSeq(base, options), lastSeq - count + 1)
  if (from >= newest) return { last, lastSeq }
  return keepLast(base, from, count, options)
}

async function oldestSeq(base: string, options: CommonOptions): Promise<number> {
  for await (const { seq } of textsOf(base, {}, options)) return seq
  return 1
}

async function keepLast(
  base: string,
  from: number,
  count: number,
  options: CommonOptions,
): Promise<{ last: RecordText[]; lastSeq: number }> {
  let last: RecordText[] = []
  let lastSeq = from - 1
  for await (const one of textsOf(base, { from }, options)) {
    lastSeq = one.seq
    last.push(one)
    if (last.length >= 2 * count + 1024) last = last.slice(last.length - count)
  }
  return { last: last.slice(Math.max(0, last.length - count)), lastSeq }
}
