import { followTexts } from '../read/follow.js'
import { lineOf } from './cat.js'
import { LineWriter } from './output.js'
import { type CommonOptions, lastTexts, requireJournal } from './source.js'

/** Options of `tail`. */
export interface TailOptions extends CommonOptions {
  readonly lines: number
  readonly follow?: boolean
}

/** Prints the last records, and with `follow` every one that comes. */
export async function tail(path: string, options: TailOptions): Promise<void> {
  const base = await requireJournal(path)
  const writer = new LineWriter()
  const { last, lastSeq } = await lastTexts(base, options.lines, options)
  for (const { seq, text } of last) await writer.line(lineOf(seq, text, options))
  await writer.flush()
  if (options.follow !== true) return
  const { maxRecordBytes } = options
  const range = { from: lastSeq + 1, ...(maxRecordBytes !== undefined && { maxRecordBytes }) }
  for await (const event of followTexts(base, range)) {
    if (event.kind === 'record') await writer.line(lineOf(event.seq, event.record, options))
    else await writer.flush()
  }
}
