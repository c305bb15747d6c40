import { type Bar, type Chart, type Panel, writeCharts } from '../bar-charts.js'
import { grouped } from '../measure.js'
import { CALLERS, type PeerFigures } from './campaign.js'
import type { AppendFigures } from './session.js'
import { callersText, medianOf } from './targets.js'

/** Writes every measure as an SVG, in a light and a dark variant. */
export function drawCharts(figures: readonly PeerFigures[], folder: string): void {
  writeCharts([...appendCharts(figures), ...readCharts(figures)], folder)
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : grouped(value)} ms`
}

function appendCharts(figures: readonly PeerFigures[]): Chart[] {
  // The floor blocks from its beginning to its end: its delay is the length of the measure.
  const withLoop = figures.filter(({ peer }) => peer.maxCallers !== 1)
  const lower = { isMoreBetter: false, format: ms }
  return [
    {
      file: 'appends',
      title: 'Appends per second',
      isMoreBetter: true,
      format: grouped,
      panels: appendPanels(figures, ({ perSecond }) => perSecond),
    },
    {
      file: 'latency-p50',
      title: 'Latency of an append, p50',
      panels: appendPanels(figures, ({ p50Ms }) => p50Ms),
      ...lower,
    },
    {
      file: 'latency-p99',
      title: 'Latency of an append, p99',
      panels: appendPanels(figures, ({ p99Ms }) => p99Ms),
      ...lower,
    },
    {
      file: 'event-loop-p99',
      title: 'Delay of the event loop, p99',
      panels: appendPanels(withLoop, ({ loopP99Ms }) => loopP99Ms),
      ...lower,
    },
    {
      file: 'event-loop-longest',
      title: 'Delay of the event loop, longest',
      panels: appendPanels(withLoop, ({ loopMaxMs }) => loopMaxMs),
      ...lower,
    },
  ]
}

function appendPanels(
  figures: readonly PeerFigures[],
  pick: (round: AppendFigures) => number,
): Panel[] {
  return CALLERS.map((callers) => ({
    title: callersText(callers),
    bars: barsOf(figures, ({ appends }) => medianOf(appends[callers], pick)),
  }))
}

function readCharts(figures: readonly PeerFigures[]): Chart[] {
  const readers = figures.filter(({ peer }) => peer.replay !== undefined)
  const openers = readers.filter(({ peer }) => peer.hasOpenTime)
  const rates = barsOf(readers, ({ reads }) => medianOf(reads, ({ perSecond }) => perSecond))
  const times = barsOf(openers, ({ reads }) => medianOf(reads, ({ openMs }) => openMs))
  return [
    {
      file: 'replay',
      title: 'Records replayed per second',
      isMoreBetter: true,
      format: grouped,
      panels: [{ title: '', bars: rates }],
    },
    {
      file: 'open',
      title: 'Time to open what is replayed',
      isMoreBetter: false,
      format: ms,
      panels: [{ title: '', bars: times }],
    },
  ]
}

function barsOf(figures: readonly PeerFigures[], pick: (of: PeerFigures) => number): Bar[] {
  return figures.flatMap((of) => {
    const value = pick(of)
    if (Number.isNaN(value)) return []
    const { name } = of.peer
    const isDurable = of.syncs.every(
      ({ callers, syncs, appends }) => callers > 1 || syncs >= appends,
    )
    const label = isDurable ? name : `${name} (not durable)`
    return [{ name: label, value, isOurs: name.startsWith('ministore') }]
  })
}
