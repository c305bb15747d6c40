import { Presets, SingleBar } from 'cli-progress'

export interface Progress {
  update(value: number): void
  stop(): void
}

const SILENT: Progress = { update: () => {}, stop: () => {} }

/**
 * Writes a line above a progress bar that may be there. A bar that stops puts the cursor back to where it was
 * saved when the bar was started: it is saved anew below the line, or the line would be written over.
 */
export function printLive(text: string): void {
  const { isTTY } = process.stdout
  process.stdout.write(isTTY ? `\r\u{1B}[K${text}\n\u{1B}7` : `${text}\n`)
}

/** A progress bar on a terminal, and nothing elsewhere. Without a total it only counts. */
export function startProgress(what: string, total?: number): Progress {
  if (!process.stdout.isTTY) return SILENT
  const format = total === undefined ? `{value} ${what}` : `{bar} {value} of {total} ${what}`
  const bar = new SingleBar(
    { format: `     ${format}`, barsize: 40, clearOnComplete: true, hideCursor: true, fps: 30 },
    Presets.shades_classic,
  )
  bar.start(total ?? 0, 0)
  return {
    update: (value) => bar.update(value),
    stop: () => bar.stop(),
  }
}
