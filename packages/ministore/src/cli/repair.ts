import { MiniStore } from '../mini-store.js'
import type { RepairMode, RepairOptions, RepairReport } from '../repair/repair.js'
import {
  CommandError,
  EXIT,
  coloured,
  counted,
  printJson,
  printLines,
  shown,
  withProgress,
} from './output.js'
import { type CommonOptions, requireJournal } from './source.js'

/** Options of `repair`. */
export interface RepairCommandOptions extends CommonOptions {
  readonly cutAt?: number
  readonly skipCorrupt?: boolean
  readonly write?: boolean
}

const MAX_RANGES_SHOWN = 10

/** Mends, or says what that would mean, and answers the exit code. */
export async function repair(path: string, options: RepairCommandOptions): Promise<number> {
  const mode = modeOf(options)
  const base = await requireJournal(path)
  const { json, maxRecordBytes, write = false } = options
  const limits: RepairOptions = maxRecordBytes === undefined ? {} : { maxRecordBytes }
  const report = await withProgress((onProgress) =>
    MiniStore.repair(base, { ...limits, ...mode, dryRun: !write, onProgress }),
  )
  if (json === true) await printJson(report)
  else await printLines(describe(base, report))
  return report.isNeeded && !report.isWritten ? EXIT.damage : EXIT.fine
}

function modeOf({ cutAt, skipCorrupt }: RepairCommandOptions): RepairMode {
  if ((cutAt === undefined) === (skipCorrupt === undefined)) {
    throw new CommandError('say either --cut-at SEQ or --skip-corrupt', EXIT.usage)
  }
  return cutAt === undefined ? { skipCorrupt: true } : { cutAt }
}

function describe(base: string, report: RepairReport): string[] {
  const { isWritten, isNeeded, hasFinishedEarlier, originals, firstSeq, lastSeq, missing } = report
  const title = coloured('bold', shown(base))
  if (!isNeeded) return [`${title}: nothing to repair`]
  const earlier = hasFinishedEarlier
    ? [`An earlier repair was interrupted; it ${isWritten ? 'was' : 'would be'} finished first.`]
    : []
  const kept = originals.map(({ path, keptAs }) => `  ${shown(path)} → ${shown(keptAs)}`)
  const will = isWritten ? '' : 'would be '
  const ending = isWritten
    ? [
        coloured('green', 'Done.'),
        ...(kept.length === 0
          ? []
          : ['The originals are kept; remove them when you need them no more.']),
      ]
    : [coloured('yellow', 'Nothing was changed.'), 'Say --write to do it.']
  return [
    `${title}: ${isWritten ? 'repaired' : 'what a repair would do'}`,
    ...earlier,
    ...(missing === undefined
      ? []
      : [
          `Acknowledged records are missing: ${missing}`,
          `No file holds them; the loss ${isWritten ? 'is' : 'would be'} accepted.`,
        ]),
    lastSeq < firstSeq
      ? `No records ${isWritten ? 'are' : 'would be'} left.`
      : `Records ${firstSeq}–${lastSeq} ${isWritten ? 'are' : 'would be'} in the journal afterwards.`,
    ...changes(report, will),
    ...(kept.length === 0
      ? []
      : [`${counted(kept.length, 'file')} ${will}replaced, and kept as:`, ...kept]),
    ending.join(' '),
  ]
}

function changes({ droppedRecords, dropped, renumbered }: RepairReport, will: string): string[] {
  const lines: string[] = []
  if (droppedRecords > 0) {
    const ranges = dropped.map(({ firstSeq, lastSeq }) => span(firstSeq, lastSeq))
    lines.push(`${counted(droppedRecords, 'record')} ${will}left out: ${listed(ranges)}`)
  }
  if (renumbered.length > 0) {
    const ranges = renumbered.map(
      ({ firstSeq, lastSeq, newFirstSeq }) =>
        `${span(firstSeq, lastSeq)} → ${span(newFirstSeq, newFirstSeq + lastSeq - firstSeq)}`,
    )
    lines.push(`Numbers that ${will === '' ? 'have changed' : 'would change'}: ${listed(ranges)}`)
  }
  return lines
}

function span(first: number, last: number): string {
  return first === last ? String(first) : `${first}–${last}`
}

function listed(ranges: readonly string[]): string {
  const more = ranges.length - MAX_RANGES_SHOWN
  const list = ranges.slice(0, MAX_RANGES_SHOWN).join(', ')
  return more > 0 ? `${list} and ${counted(more, 'more range')} (--json lists them)` : list
}
