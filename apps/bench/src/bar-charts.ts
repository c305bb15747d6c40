import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasPeerModule, peerModule } from './peers/install.js'

interface Echarts {
  init(
    element: null,
    theme: null,
    options: { renderer: 'svg'; ssr: true; width: number; height: number },
  ): { setOption(option: unknown): void; renderToSVGString(): string; dispose(): void }
}

/** A measure; its panels stand one below the other, each with a scale of its own. */
export interface Chart {
  readonly file: string
  readonly title: string
  readonly isMoreBetter: boolean
  readonly format: (value: number) => string
  readonly panels: readonly Panel[]
}

/** A list of bars that are compared. */
export interface Panel {
  readonly title: string
  readonly bars: readonly Bar[]
}

/** A figure of somebody. */
export interface Bar {
  readonly name: string
  readonly value: number
  readonly isOurs: boolean
}

const THEMES = {
  light: { back: '#ffffff', text: '#1f2328', faint: '#59636e', ours: '#0969da', bar: '#afb8c1' },
  dark: { back: '#0d1117', text: '#e6edf3', faint: '#9198a1', ours: '#4493f8', bar: '#484f58' },
} as const
const FONT = 'system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif'
const WIDTH = 720
const MARGIN = 20
const TITLE_HEIGHT = 62
const PANEL_TITLE_HEIGHT = 32
const BAR_HEIGHT = 28
const NAME_WIDTH = 160
const VALUE_WIDTH = 90

/** Writes every chart as an SVG, in a light and a dark variant. */
export function writeCharts(charts: readonly Chart[], folder: string): void {
  if (!hasPeerModule('echarts')) {
    console.log('\nno charts: echarts could not be installed here')
    return
  }
  const echarts = peerModule<Echarts>('echarts')
  for (const chart of charts) {
    for (const theme of ['light', 'dark'] as const) {
      writeFileSync(join(folder, `${chart.file}-${theme}.svg`), draw(echarts, chart, theme))
    }
  }
}

function draw(echarts: Echarts, chart: Chart, theme: keyof typeof THEMES): string {
  const { back, text, faint } = THEMES[theme]
  const height = chart.panels.reduce((sum, panel) => sum + heightOf(panel), TITLE_HEIGHT + 8)
  const font = { fontFamily: FONT, color: text }
  const titles: object[] = [
    {
      text: chart.title,
      subtext: chart.isMoreBetter ? 'more is better' : 'less is better',
      left: MARGIN,
      top: 14,
      padding: 0,
      itemGap: 6,
      textStyle: { ...font, fontSize: 17 },
      subtextStyle: { ...font, color: faint, fontSize: 12 },
    },
  ]
  const parts: object[][] = []
  let top = TITLE_HEIGHT
  for (const [index, panel] of chart.panels.entries()) {
    const titleHeight = panel.title === '' ? 0 : PANEL_TITLE_HEIGHT
    if (titleHeight > 0) {
      const textStyle = { ...font, fontSize: 13 }
      titles.push({ text: panel.title, left: MARGIN, top: top + 10, padding: 0, textStyle })
    }
    parts.push(drawPanel(chart, panel, index, top + titleHeight, theme))
    top += heightOf(panel)
  }
  const [grid, xAxis, yAxis, series] = [0, 1, 2, 3].map((part) => parts.map((all) => all[part]))
  const options = { renderer: 'svg', ssr: true, width: WIDTH, height } as const
  const canvas = echarts.init(null, null, options)
  const look = { animation: false, backgroundColor: back, textStyle: { fontFamily: FONT } }
  canvas.setOption({ ...look, title: titles, grid, xAxis, yAxis, series })
  const svg = canvas.renderToSVGString()
  canvas.dispose()
  return `${svg}\n`
}

function heightOf({ title, bars }: Panel): number {
  return (title === '' ? 0 : PANEL_TITLE_HEIGHT) + BAR_HEIGHT * bars.length + 12
}

/** The grid, the two axes and the bars of a panel. */
function drawPanel(
  { format }: Chart,
  { bars }: Panel,
  index: number,
  top: number,
  theme: keyof typeof THEMES,
): object[] {
  const { text, faint, ours, bar } = THEMES[theme]
  const font = { fontFamily: FONT, fontSize: 13 }
  const height = BAR_HEIGHT * bars.length
  const data = bars.map(({ value, isOurs }) => ({
    value,
    itemStyle: { color: isOurs ? ours : bar, borderRadius: [0, 3, 3, 0] },
    label: { show: true, position: 'right', formatter: format(value), color: text, ...font },
  }))
  return [
    { left: NAME_WIDTH, right: VALUE_WIDTH, top, height },
    { gridIndex: index, type: 'value', min: 0, max: 'dataMax', show: false },
    {
      gridIndex: index,
      type: 'category',
      inverse: true,
      data: bars.map(({ name }) => name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: faint, interval: 0, ...font },
    },
    { type: 'bar', xAxisIndex: index, yAxisIndex: index, barWidth: 18, data },
  ]
}
