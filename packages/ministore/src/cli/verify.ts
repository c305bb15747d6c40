import { baseName } from '../format/file-names.js'
import { MiniStore } from '../mini-store.js'
import { isDamage } from '../repair/pieces.js'
import type { VerifiedSegment, VerifyReport } from '../repair/verify.js'
import {
  EXIT,
  coloured,
  counted,
  printJson,
  printLines,
  range,
  shown,
  size,
  table,
  withProgress,
} from './output.js'
import { type CommonOptions, requireJournal } from './source.js'

/** Reads everything, prints what it is, and answers the exit code. */
export async function verify(path: string, options: CommonOptions): Promise<number> {
  const base = await requireJournal(path)
  const { json, maxRecordBytes } = options
  const limits = maxRecordBytes === undefined ? {} : { maxRecordBytes }
  const report = await withProgress((onProgress) =>
    MiniStore.verify(base, { ...limits, onProgress }),
  )
  if (json === true) await printJson(report)
  else await printLines(describe(base, report))
  return report.isDamaged ? EXIT.damage : EXIT.fine
}

function describe(base: string, report: VerifyReport): string[] {
  const { records, firstSeq, lastSeq, commits, unverifiedRecords, sizeBytes, segments, missing } =
    report
  const all = lastSeq - firstSeq + 1
  const readable =
    records === all ? counted(records, 'record') : `${records} of ${counted(all, 'record')}`
  const unverified = unverifiedRecords === 0 ? '' : `, ${unverifiedRecords} without a seal`
  const numbers = all > 0 ? `, numbers ${range(firstSeq, all)}` : ''
  return [
    `${coloured('bold', shown(base))}: ${judgement(report)}`,
    `${readable} in ${counted(commits, 'commit')}${unverified}${numbers}, ${size(sizeBytes)} in ${counted(segments.length, 'file')}`,
    ...(missing === undefined
      ? []
      : [coloured('red', `Acknowledged records are missing: ${missing}`)]),
    ...segments.flatMap(describeSegment),
    ...nextStep(report),
  ]
}

function judgement({ isDamaged, verdict }: VerifyReport): string {
  if (!isDamaged) {
    return verdict === 'clean'
      ? coloured('green', 'whole')
      : `${coloured('green', 'not damaged')}; open would say '${verdict}'`
  }
  const isRefused = verdict === verdict.toUpperCase()
  const open = isRefused
    ? `open refuses it with ${verdict}`
    : `open reads less, and would say '${verdict}'`
  return `${coloured('red', 'damaged')}; ${open}`
}

function describeSegment({ path, fault, sizeBytes, blocks }: VerifiedSegment): string[] {
  const heads = ['kind', 'from byte', 'bytes', 'lines', 'records']
  const rows = blocks.map(({ kind, offsetBytes, sizeBytes: bytes, firstLine, lines, firstSeq }) => {
    const isRecords = kind !== 'torn' && kind !== 'unreadable'
    return [
      kind as string,
      String(offsetBytes),
      String(bytes),
      range(firstLine, lines),
      isRecords ? range(firstSeq, lines) : '–',
    ]
  })
  const lines = table([heads, ...rows], [1, 2, 3, 4]).map((line, index) => {
    const kind = blocks[index - 1]?.kind
    if (kind === undefined) return coloured('dim', `  ${line}`)
    return isDamage(kind) ? coloured('red', `  ${line}`) : `  ${line}`
  })
  return [
    '',
    `${shown(baseName(path))}, ${size(sizeBytes)}`,
    ...(fault === undefined ? [] : [coloured('red', `  ${fault}`)]),
    ...(blocks.length === 0 ? ['  no records'] : lines),
  ]
}

function nextStep({ isDamaged, records }: VerifyReport): string[] {
  if (!isDamaged || records === 0) return []
  return [
    '',
    "Next: 'ministore repair --skip-corrupt' or '--cut-at SEQ' says what it would do, and changes nothing.",
  ]
}
