import { once } from 'node:events'
import { styleText } from 'node:util'
import type { ScanProgress } from '../repair/progress-meter.js'
import { Presets, SingleBar } from 'cli-progress'

/** What the command's exit code says. */
export const EXIT: Readonly<Record<'fine' | 'damage' | 'usage' | 'failed', number>> = Object.freeze(
  {
    fine: 0,
    damage: 1,
    usage: 2,
    failed: 3,
  },
)

/** Something that could not be done, told without a stack. */
export class CommandError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The bar appears when the work has taken so long. */
const BAR_AFTER_MS = 1000

const CHUNK_CHARACTERS = 64 * 1024

/** Collects lines, and hands them to standard output in pieces that it has room for. */
export class LineWriter {
  #pending = ''

  /** Adds one line. */
  async line(text: string): Promise<void> {
    this.#pending += `${text}\n`
    if (this.#pending.length >= CHUNK_CHARACTERS) await this.flush()
  }

  /** Writes what was added. */
  async flush(): Promise<void> {
    const text = this.#pending
    this.#pending = ''
    if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain')
  }
}

/** A value as one line of JSON. */
export async function printJson(value: unknown): Promise<void> {
  await printLines([JSON.stringify(value)])
}

/** Several lines. */
export async function printLines(lines: readonly string[]): Promise<void> {
  const writer = new LineWriter()
  for (const line of lines) await writer.line(line)
  await writer.flush()
}

/** On a terminal: control characters and those that turn the direction of text, as JSON escapes. In a pipe: the text itself. */
export function shown(text: string): string {
  if (!process.stdout.isTTY) return text
  return text.replaceAll(
    /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A colour, where standard output is a terminal and NO_COLOR is not set. */
export function coloured(
  colour: 'red' | 'green' | 'yellow' | 'dim' | 'bold',
  text: string,
): string {
  return hasColours() ? styleText(colour, text) : text
}

function hasColours(): boolean {
  return process.stdout.isTTY && !process.env['NO_COLOR']
}

/** `1,234`. */
export function counted(count: number, one: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : `${one}s`}`
}

/** `7` or `7–15`; `–` for none. */
export function range(first: number, count: number): string {
  if (count <= 0) return '–'
  return count === 1 ? String(first) : `${first}–${first + count - 1}`
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

/** Columns of text, numbers to the right; the last column is not padded. */
export function table(
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[],
): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        if (rightAligned.includes(column)) return cell.padStart(width)
        return column === row.length - 1 ? cell : cell.padEnd(width)
      })
      .join('  '),
  )
}

let shownBar: SingleBar | undefined

/** Runs `work` with a progress bar on the error stream, if that is a terminal and it takes its time. */
export async function withProgress<T>(
  work: (onProgress: (progress: ScanProgress) => void) => Promise<T>,
): Promise<T> {
  const startMs = performance.now()
  const onProgress = ({ doneBytes, totalBytes }: ScanProgress): void => {
    if (!process.stderr.isTTY || performance.now() - startMs < BAR_AFTER_MS) return
    shownBar ??= startBar(totalBytes)
    shownBar.setTotal(totalBytes)
    shownBar.update(doneBytes, { done: size(doneBytes), whole: size(totalBytes) })
  }
  try {
    return await work(onProgress)
  } finally {
    stopProgress()
  }
}

/** Takes the bar off the terminal, if there is one. */
export function stopProgress(): void {
  shownBar?.stop()
  shownBar = undefined
}

function startBar(totalBytes: number): SingleBar {
  const format = ' {bar} {percentage}%  {done} of {whole}'
  const options = { format, stream: process.stderr, clearOnComplete: true, gracefulExit: false }
  const bar = new SingleBar(options, Presets.rect)
  bar.start(totalBytes, 0, { done: size(0), whole: size(totalBytes) })
  return bar
}
