import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { grouped } from '../measure.js'
import { CALLERS, type PeerFigures } from './campaign.js'
import { hasPeerModule, peerModule } from './install.js'
import type { AppendFigures } from './load.js'
import { callersText, medianOf } from './targets.js'

interface Echarts {
  init(
    element: null,
    theme: null,
    options: { renderer: 'svg'; ssr: true; width: number; height: number },
  ): { setOption(option: unknown): void; renderToSVGString(): string; dispose(): void }
}

/** A chart: one bar for each peer. */
interface Chart {
  readonly file: string
  readonly title: string
  readonly bars: readonly Bar[]
  readonly format: (value: number) => string
}

interface Bar {
  readonly name: string
  readonly value: number
  readonly isOurs: boolean
}

const THEMES = {
  light: {
    background: '#ffffff',
    text: '#1f2328',
    faint: '#59636e',
    ours: '#0969da',
    bar: '#afb8c1',
  },
  dark: {
    background: '#0d1117',
    text: '#e6edf3',
    faint: '#9198a1',
    ours: '#4493f8',
    bar: '#484f58',
  },
} as const

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : grouped(value)} ms`
}

/** Writes every measure as an SVG, in a light and a dark variant. */
export function drawCharts(figures: readonly PeerFigures[], folder: string): void {
  if (!hasPeerModule('echarts')) {
    console.log('\nno charts: echarts could not be installed here')
    return
  }
  const echarts = peerModule<Echarts>('echarts')
  for (const chart of chartsOf(figures)) {
    for (const theme of ['light', 'dark'] as const) {
      writeFileSync(join(folder, `${chart.file}-${theme}.svg`), draw(echarts, chart, theme))
    }
  }
}

function chartsOf(figures: readonly PeerFigures[]): Chart[] {
  const appends = CALLERS.flatMap((callers): Chart[] => {
    const chart = (
      file: string,
      title: string,
      format: (value: number) => string,
      pick: (round: AppendFigures) => number,
    ): Chart => ({
      file: `${file}-${callers}`,
      title: `${title}, ${callersText(callers)}`,
      format,
      bars: barsOf(figures, ({ appends: all }) => medianOf(all[callers], pick)),
    })
    const rate = chart('appends', 'Appends per second', grouped, (round) => round.perSecond)
    const p50 = chart('p50', 'Append latency, p50', ms, ({ p50Ms }) => p50Ms)
    const p99 = chart('p99', 'Append latency, p99', ms, ({ p99Ms }) => p99Ms)
    const loop = chart('loop', 'Event loop delay, p99', ms, ({ loopP99Ms }) => loopP99Ms)
    const longest = chart('loop-max', 'Event loop delay, longest', ms, (round) => round.loopMaxMs)
    return [rate, p50, p99, withoutFloor(loop), withoutFloor(longest)]
  })
  const reads = figures.filter(({ peer }) => peer.replay !== undefined)
  const opens = reads.filter(({ peer }) => peer.hasOpenTime)
  const replay: Chart = {
    file: 'replay',
    title: 'Records read per second',
    format: grouped,
    bars: barsOf(reads, ({ reads: all }) => medianOf(all, (read) => read.perSecond)),
  }
  const open: Chart = {
    file: 'open',
    title: 'Time to open',
    format: ms,
    bars: barsOf(opens, ({ reads: all }) => medianOf(all, ({ openMs }) => openMs)),
  }
  return [...appends, replay, open].filter(({ bars }) => bars.length > 0)
}

/** The floor blocks from its beginning to its end: its delay is the length of the measure. */
function withoutFloor(chart: Chart): Chart {
  return { ...chart, bars: chart.bars.filter(({ name }) => name !== 'write + fdatasync') }
}

function barsOf(figures: readonly PeerFigures[], pick: (of: PeerFigures) => number): Bar[] {
  return figures.flatMap((of) => {
    const value = pick(of)
    const { name } = of.peer
    const isDurable = of.syncs.every(
      ({ callers, syncs, appends }) => callers > 1 || syncs >= appends,
    )
    const label = isDurable || of.peer.append === undefined ? name : `${name} (not durable)`
    return Number.isNaN(value) ? [] : [{ name: label, value, isOurs: name.startsWith('ministore') }]
  })
}

function draw(echarts: Echarts, chart: Chart, theme: keyof typeof THEMES): string {
  const { background, text, faint, ours, bar } = THEMES[theme]
  const { bars, title, format } = chart
  const size = { width: 720, height: 76 + 34 * bars.length }
  const canvas = echarts.init(null, null, { renderer: 'svg', ssr: true, ...size })
  const fontFamily = 'system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif'
  canvas.setOption({
    animation: false,
    backgroundColor: background,
    textStyle: { fontFamily },
    title: { text: title, left: 16, top: 14, textStyle: { color: text, fontSize: 16, fontFamily } },
    grid: { left: 16, right: 110, top: 52, bottom: 12, containLabel: true },
    xAxis: { type: 'value', min: 0, show: false },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ name }) => name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: faint, fontSize: 13, fontFamily },
    },
    series: [
      {
        type: 'bar',
        barWidth: 20,
        data: bars.map(({ value, isOurs }) => ({
          value,
          itemStyle: { color: isOurs ? ours : bar, borderRadius: [0, 3, 3, 0] },
          label: {
            show: true,
            position: 'right',
            formatter: format(value),
            color: text,
            fontSize: 13,
            fontFamily,
          },
        })),
      },
    ],
  })
  const svg = canvas.renderToSVGString()
  canvas.dispose()
  return `${svg}\n`
}
