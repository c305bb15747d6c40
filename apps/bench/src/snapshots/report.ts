import type { SnapshotFigures } from './child.js'

/** What was measured at one size; the first row is the raw disk. */
export interface SizeFigures {
  readonly mb: number
  readonly rows: readonly (SnapshotFigures & { readonly name: string })[]
}

/** How often a candidate synced in one create. */
export interface SyncFigure {
  readonly name: string
  readonly syncs: number
}

/** The tables, in Markdown. */
export function asTables(sizes: readonly SizeFigures[], syncs: readonly SyncFigure[]): string {
  return [...sizes.map(sizeTable), syncTable(syncs), targetTable(sizes)].join('\n\n')
}

function sizeTable({ mb, rows }: SizeFigures): string {
  const floorMs = rows[0]?.createMs ?? Number.NaN
  const lines = rows.map((row) =>
    cells([
      row.name,
      row.createMs.toFixed(1),
      (row.createMs / floorMs).toFixed(1),
      (row.fileBytes / 1e6).toFixed(1),
      row.heldP999Ms.toFixed(1),
      row.heldMaxMs.toFixed(1),
      row.restoreMs.toFixed(1),
      (row.restoreMs / row.parseMs).toFixed(2),
    ]),
  )
  const head = ['create ms', '÷ floor', 'file MB', 'held p99.9 ms', 'held max ms', 'restore ms']
  return table([`${mb} MB`, ...head, '÷ JSON.parse'], lines)
}

function syncTable(syncs: readonly SyncFigure[]): string {
  // Less than a file and its folder: the name, or the content, is lost by a power cut.
  const lines = syncs.map((one) =>
    cells([
      one.name,
      String(one.syncs),
      one.syncs >= 2 ? 'yes' : one.syncs === 1 ? 'the content, not the name' : 'no',
    ]),
  )
  return table(['syncs counted', 'one create', 'durable'], lines)
}

function targetTable(sizes: readonly SizeFigures[]): string {
  const ours = sizes.at(-1)?.rows.find(({ name }) => name === 'minisnap')
  if (ours === undefined) return ''
  const heldMs = ours.heldP999Ms
  const ratio = ours.restoreMs / ours.parseMs
  return table(
    [`target, ${sizes.at(-1)?.mb} MB`, 'reach', 'measured', ''],
    [
      cells([
        'event loop held, p99.9',
        '≤ 25 ms',
        `${heldMs.toFixed(1)} ms`,
        verdict(heldMs <= 25),
      ]),
      cells(['restore ÷ JSON.parse', '≤ 1.7', ratio.toFixed(2), verdict(ratio <= 1.7)]),
    ],
  )
}

function verdict(isReached: boolean): string {
  return isReached ? 'reached' : 'missed'
}

function table(head: readonly string[], lines: readonly string[]): string {
  return [cells(head), cells(head.map(() => '---')), ...lines].join('\n')
}

function cells(values: readonly string[]): string {
  return `| ${values.join(' | ')} |`
}
