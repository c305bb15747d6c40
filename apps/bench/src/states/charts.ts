import { type Bar, type Chart, type Panel, writeCharts } from '../bar-charts.js'
import { grouped, median } from '../measure.js'
import { SIZES } from './changes.js'
import type { RateFigures } from './rates.js'
import type { ReplayFigures } from './replay.js'
import type { Callers } from './subject.js'
import { type StateFigures, replayName } from './targets.js'

/** Writes what can be compared at a glance as SVGs, in a light and a dark variant. */
export function drawCharts({ rates, replays }: StateFigures, folder: string): void {
  const more = { isMoreBetter: true, format: grouped } as const
  const charts: Chart[] = []
  if (rates.length > 0) {
    charts.push(
      {
        file: 'one-caller',
        title: 'Changes per second, one caller',
        panels: panels(rates, 1),
        ...more,
      },
      {
        file: '64-callers',
        title: 'Changes per second, 64 callers',
        panels: panels(rates, 64),
        ...more,
      },
    )
  }
  if (replays.length > 0) {
    const panel = { title: '', bars: replayBars(replays) }
    charts.push({
      file: 'replay',
      title: 'Mutations replayed per second',
      panels: [panel],
      ...more,
    })
  }
  writeCharts(charts, folder)
}

function panels(rates: readonly RateFigures[], callers: Callers): Panel[] {
  return SIZES.map((size) => ({
    title: `${grouped(size)} entries`,
    bars: rates.flatMap((of) => bars(of, callers, size)),
  }))
}

function bars({ subject, rates, syncs }: RateFigures, callers: Callers, size: number): Bar[] {
  const isLog = subject.kind === 'floor' || subject.kind === 'log'
  const rounds = rates[callers]
  if (rounds.length === 0 || !(isLog || subject.size === size)) return []
  const isDurable = syncs.every((one) => one.callers > 1 || one.syncs >= one.changes)
  // The place for a name is narrow.
  const short = subject.family.replace('ministate immutable, ', 'immutable, ')
  return [
    {
      name: isDurable ? short : `${short} (not durable)`,
      value: median(rounds.map(({ perSecond }) => perSecond)),
      isOurs: subject.kind === 'state',
    },
  ]
}

function replayBars(replays: readonly ReplayFigures[]): Bar[] {
  return replays.map((figures) => ({
    name: replayName(figures).replace('ministate ', ''),
    value: median(figures.rounds.map(({ secondPerSecond }) => secondPerSecond)),
    isOurs: figures.of.into === 'inPlace' || figures.of.into === 'immutable',
  }))
}
