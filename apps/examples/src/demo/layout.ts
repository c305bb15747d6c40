import colors from 'picocolors'

const MARGIN = '     '

/** How wide the account may be. */
export function widthOf(columns: number | undefined): number {
  return Math.max(60, Math.min(columns ?? 100, 100))
}

export function heading(number: number, title: string): string {
  return `\n  ${colors.cyan(String(number))}  ${colors.bold(title)}`
}

export function line(text = ''): string {
  return text === '' ? '' : `${MARGIN}${text}`
}

/** Rows of cells under dim titles. Numbers are given as text that is already aligned by `alignRight`. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const layOut = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(colors.dim(layOut(titles))), ...rows.map((row) => line(layOut(row)))]
}

/** Pads a column of figures on the left. */
export function alignRight(cells: readonly string[]): string[] {
  const width = Math.max(0, ...cells.map((cell) => cell.length))
  return cells.map((cell) => cell.padStart(width))
}

/** A bar of at most `width` cells; never empty for more than nothing. */
export function bar(share: number, width: number): string {
  return '█'.repeat(share > 0 ? Math.max(1, Math.round(share * width)) : 0)
}

export function count(value: number, noun: string, nouns = `${noun}s`): string {
  return `${value.toLocaleString('en')} ${value === 1 ? noun : nouns}`
}

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`
  const [value, unit] = size < 1_000_000 ? [size / 1000, 'kB'] : [size / 1_000_000, 'MB']
  return `${value.toFixed(1)} ${unit}`
}

export function milliseconds(value: number): string {
  return value < 1000 ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : `${(value / 1000).toFixed(2)} s`
}

/** Text from a stranger's file: nothing in it may move the cursor or turn the writing around. */
export function printable(text: string, width = Number.POSITIVE_INFINITY): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}')
  return safe.length <= width ? safe : `${safe.slice(0, width - 1)}…`
}
