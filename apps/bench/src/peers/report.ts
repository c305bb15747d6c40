import { grouped } from '../measure.js'
import { CALLERS, type PeerFigures } from './campaign.js'
import { callersText, medianOf, targets } from './targets.js'

/** Everything as tables of Markdown; `leftOut` says which peers are missing and why. */
export function asTables(figures: readonly PeerFigures[], leftOut: readonly string[]): string {
  const sections = [
    ...CALLERS.map((callers) => appendTable(figures, callers)),
    readTable(figures),
    syncTable(figures),
    targetTable(figures),
    ...leftOut.map((line) => `Left out: ${line}`),
  ]
  return sections.join('\n\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, head.map(() => '---'), ...rows]
  return all.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(0)
}

function appendTable(figures: readonly PeerFigures[], callers: 1 | 64 | 1024): string {
  const rows = figures.flatMap(({ peer, appends }) => {
    const rounds = appends[callers]
    if (rounds.length === 0) return []
    // The floor is a loop that never lets the event loop run: it has no delay to speak of.
    const hasLoop = peer.maxCallers !== 1
    return [
      [
        peer.name,
        peer.append ?? '',
        grouped(medianOf(rounds, ({ perSecond }) => perSecond)),
        ms(medianOf(rounds, ({ p50Ms }) => p50Ms)),
        ms(medianOf(rounds, ({ p99Ms }) => p99Ms)),
        hasLoop ? ms(medianOf(rounds, ({ loopP99Ms }) => loopP99Ms)) : '–',
        hasLoop ? ms(medianOf(rounds, ({ loopMaxMs }) => loopMaxMs)) : '–',
      ],
    ]
  })
  const head = [
    callersText(callers),
    'by',
    'appends/s',
    'p50 ms',
    'p99 ms',
    'loop delay p99 ms',
    'longest ms',
  ]
  return table(head, rows)
}

function readTable(figures: readonly PeerFigures[]): string {
  const rows = figures.flatMap(({ peer, reads }) => {
    if (reads.length === 0) return []
    const openMs = medianOf(reads, (read) => read.openMs)
    return [
      [
        peer.name,
        peer.replay ?? '',
        grouped(medianOf(reads, ({ perSecond }) => perSecond)),
        peer.hasOpenTime ? ms(openMs) : '–',
      ],
    ]
  })
  return table(['replay', 'by', 'records/s', 'open ms'], rows)
}

function syncTable(figures: readonly PeerFigures[]): string {
  const rows = figures.flatMap(({ peer, syncs }) => {
    if (peer.append === undefined) return []
    const [one, many] = syncs
    if (one === undefined) return [[peer.name, 'not counted', 'not counted', 'not counted']]
    return [
      [
        peer.name,
        `${one.syncs} for ${one.appends}`,
        many === undefined ? '–' : `${many.syncs} for ${grouped(many.appends)}`,
        isDurable(one.syncs, one.appends) ? 'yes' : 'no',
      ],
    ]
  })
  return table(['syncs counted', 'one caller', '64 callers', 'durable'], rows)
}

/** Whether every append of a lone caller had a sync of its own. */
function isDurable(syncs: number, appends: number): boolean {
  return syncs >= appends
}

function targetTable(figures: readonly PeerFigures[]): string {
  const rows = targets(figures).map(({ name, unit, value, reach, isReached, detail }) => {
    const [sign, suffix] = unit === 'ratio' ? ['≥', ''] : ['≤', ' ms']
    const mark = isReached ? 'reached' : 'missed'
    return [name, `${sign} ${reach}${suffix}`, `${value.toFixed(2)}${suffix}`, mark, detail]
  })
  return table(['target', 'reach', 'measured', '', 'detail'], rows)
}
