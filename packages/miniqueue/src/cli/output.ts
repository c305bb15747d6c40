import { once } from 'node:events'
import { stripVTControlCharacters, styleText } from 'node:util'

/** What the command's exit code says. */
export const EXIT: Readonly<Record<'fine' | 'damage' | 'usage' | 'failed', number>> = Object.freeze(
  { fine: 0, damage: 1, usage: 2, failed: 3 },
)

/** Something that could not be done, told without a stack. */
export class CommandError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message)
    this.exitCode = exitCode
  }
}

/** A colour of a terminal. */
export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold'

/** A value as one line of JSON. */
export async function printJson(value: unknown): Promise<void> {
  await print(`${JSON.stringify(value)}\n`)
}

/** Several lines. */
export async function printLines(lines: readonly string[]): Promise<void> {
  await print(lines.map((line) => `${line}\n`).join(''))
}

async function print(text: string): Promise<void> {
  if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain')
}

/** On a terminal: control characters and those that turn the direction of text, as JSON escapes. In a pipe: the text itself. */
export function shown(text: string): string {
  if (!process.stdout.isTTY) return text
  return text.replaceAll(
    /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A value as JSON, cut where it is longer. */
export function valueText(value: unknown, most: number = Number.POSITIVE_INFINITY): string {
  return cut(shown(JSON.stringify(value) ?? 'undefined'), most)
}

/** A text, cut with an ellipsis where it is longer. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(0, most - 1))}…`
}

/** A line, cut with an ellipsis where it is wider than so many columns. */
export function fit(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line
  let left = columns - 1
  const cutHere = (text: string): string => {
    const room = left
    left -= text.length
    if (text.length <= room) return text
    left = Number.NEGATIVE_INFINITY
    return room < 0 ? '' : `${text.slice(0, room)}…`
  }
  // oxlint-disable-next-line no-control-regex -- the colours that this command has added
  const parts = line.split(/(\u001B\[\d+m)/)
  return parts.map((part, index) => (index % 2 === 1 ? part : cutHere(part))).join('')
}

/** Lines as wide as the terminal, where there is one. */
export function fitted(lines: readonly string[]): string[] {
  return lines.map((line) => fit(line, process.stdout.columns ?? Number.POSITIVE_INFINITY))
}

/** A colour, where standard output is a terminal and NO_COLOR is not set. */
export function coloured(colour: Colour, text: string): string {
  return process.stdout.isTTY && !process.env['NO_COLOR'] ? styleText(colour, text) : text
}

/** `1,234`. */
export function grouped(count: number): string {
  return count.toLocaleString('en')
}

/** `1,234 jobs`. */
export function counted(count: number, one: string): string {
  return `${grouped(count)} ${count === 1 ? one : `${one}s`}`
}

/** `512 B`, `1.5 KiB`, `64 MiB`. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024
  const digits = unit === 0 || value >= 100 ? 0 : 1
  return `${value.toFixed(digits)} ${units[unit]}`
}

/** A time in the time zone of this machine, to the second. */
export function localTime(ms: number): string {
  const date = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000)
  return date.toISOString().slice(0, 19).replace('T', ' ')
}

/** Columns of text, numbers to the right; colours take no room. The last column is not padded. */
export function table(
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[],
  gap: string = '  ',
): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => widthOf(row[column] ?? ''))),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell)))
        if (rightAligned.includes(column)) return padding + cell
        return column === row.length - 1 ? cell : cell + padding
      })
      .join(gap),
  )
}

/** How many characters a text takes on a terminal. */
export function widthOf(text: string): number {
  return stripVTControlCharacters(text).length
}
