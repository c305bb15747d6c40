import { CommandError, LineWriter, shown } from './output.js'
import { type CommonOptions, requireJournal, textsOf } from './source.js'

/** Options of `cat`. */
export interface CatOptions extends CommonOptions {
  readonly from?: number
  readonly to?: number
  readonly seq?: number
}

/** Prints records as lines of JSON, and nothing else. */
export async function cat(path: string, options: CatOptions): Promise<void> {
  const base = await requireJournal(path)
  const { seq } = options
  const from = seq ?? options.from
  const to = seq ?? options.to
  const writer = new LineWriter()
  let count = 0
  try {
    for await (const record of textsOf(base, { from, to }, options)) {
      count++
      await writer.line(lineOf(record.seq, record.text, options))
    }
  } finally {
    await writer.flush()
  }
  if (seq !== undefined && count === 0) throw new CommandError(`${path}: there is no record ${seq}`)
}

/** A record as `cat` and `tail` print it. */
export function lineOf(seq: number, text: string, { json }: CommonOptions): string {
  return shown(json === true ? `{"seq":${seq},"record":${text}}` : text)
}
