import type { FileSystem } from '../fs/file-system.js'
import { RecordCodec } from '../record/record-codec.js'
import { jsonEndOf, lineEndOf } from '../format/seal.js'
import { readWatermark } from '../watermark/read-watermark.js'
import { type ReadRange, readBatches } from './read-batches.js'
import { type DecodedRun, type RunPlace, decodeRun } from './run-decoder.js'
import type { Run } from './segment-scanner.js'
import { openFirstSegment } from './segment-walk.js'

/** A record as its line has it: nothing lost to a number that JavaScript cannot hold. */
export interface RecordText {
  readonly seq: number
  readonly text: string
}

/** The JSON texts of a range, each checked to be a record. `base` is a resolved path. */
export async function* readTexts(
  range: Pick<
    ReadRange<string>,
    'fileSystem' | 'base' | 'maxRecordBytes' | 'from' | 'to' | 'signal'
  >,
): AsyncGenerator<RecordText, void> {
  const codec = new RecordCodec<string>(undefined, undefined)
  const watermark = await readWatermark(range.fileSystem, range.base)
  const texts = { ...range, codec, watermark, decode: decodeTexts }
  for await (const { firstSeq, records } of readBatches(texts)) {
    for (const [index, text] of records.entries()) yield { seq: firstSeq + index, text }
  }
}

/** The newest segment's first number: where a reader of the last few records may begin. */
export async function newestSegmentSeq(fileSystem: FileSystem, base: string): Promise<number> {
  const segment = await openFirstSegment(fileSystem, base, Number.MAX_SAFE_INTEGER)
  await segment?.handle.close()
  return segment?.firstSeq ?? 1
}

/** The JSON texts of a run, each checked to be a record. */
export function decodeTexts(run: Run, place: RunPlace): DecodedRun {
  const { isCommitEnd } = decodeRun(run, place)
  let start = run.start
  const values = run.newlines.map((newline) => {
    const lineStart = start
    start = newline + 1
    const jsonEnd = jsonEndOf(run.bytes, newline, lineEndOf(run.bytes, lineStart, newline))
    return run.bytes.toString('utf8', lineStart, jsonEnd)
  })
  return { values, isCommitEnd }
}
