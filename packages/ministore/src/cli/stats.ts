import { baseName } from '../format/file-names.js'
import { MiniStore } from '../mini-store.js'
import { coloured, counted, printJson, printLines, range, shown, size, table } from './output.js'
import { type CommonOptions, requireJournal } from './source.js'

/** Prints numbers and sizes. */
export async function stats(path: string, options: CommonOptions): Promise<void> {
  const base = await requireJournal(path)
  const { json, maxRecordBytes } = options
  const inspection = await MiniStore.inspect(
    base,
    maxRecordBytes === undefined ? {} : { maxRecordBytes },
  )
  if (json === true) return printJson(inspection)
  const { firstSeq, records, segments, sizeBytes } = inspection
  const files = segments.map((one) => [size(one.sizeBytes), shown(baseName(one.path))])
  await printLines([
    coloured('bold', shown(base)),
    `${counted(records, 'record')}, numbers ${range(firstSeq, records)}, ${size(sizeBytes)} in ${counted(segments.length, 'file')}`,
    ...table(files, [0]).map((line) => `  ${line}`),
  ])
}
