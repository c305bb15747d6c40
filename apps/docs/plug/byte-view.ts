import type { CrashFileSystem } from '@mini-rs/testkit/disk'

/** Bytes that look the same: of one kind, and all of them synced or none. */
export interface ByteView {
  /** With white space made visible. */
  readonly text: string
  readonly isSynced: boolean
  readonly isSeal: boolean
}

/** A file of the machine, in figures. */
export interface FileView {
  readonly path: string
  readonly sizeBytes: number
  readonly syncedBytes: number
}

const TAB = 0x09
const NEWLINE = 0x0a
const SPACE = 0x20

/** A file in lines of like bytes. `durable`: what a power cut surely leaves of it. */
export function linesOf(live: Uint8Array, durable: Uint8Array): ByteView[][] {
  const lines: ByteView[][] = []
  let start = 0
  while (start < live.length) {
    const newline = live.indexOf(NEWLINE, start)
    const end = newline === -1 ? live.length : newline + 1
    lines.push(piecesOf(live, durable, start, end))
    start = end
  }
  return lines
}

function piecesOf(live: Uint8Array, durable: Uint8Array, start: number, end: number): ByteView[] {
  const sealStart = sealStartOf(live, start, end)
  const pieces: { text: string; isSynced: boolean; isSeal: boolean }[] = []
  for (let at = start; at < end; at++) {
    const isSynced = at < durable.length && durable[at] === live[at]
    const isSeal = at >= sealStart
    const text = symbolOf(live[at] ?? 0, isSeal)
    const last = pieces.at(-1)
    if (last?.isSynced === isSynced && last.isSeal === isSeal) last.text += text
    else pieces.push({ text, isSynced, isSeal })
  }
  return pieces
}

/** Where the white space behind the JSON of a line begins. */
function sealStartOf(live: Uint8Array, start: number, end: number): number {
  let at = live[end - 1] === NEWLINE ? end - 1 : end
  while (at > start && (live[at - 1] === TAB || live[at - 1] === SPACE)) at--
  return at
}

function symbolOf(byte: number, isSeal: boolean): string {
  if (byte === NEWLINE) return '⏎'
  if (byte === TAB) return '→'
  if (byte === 0) return '∅'
  if (isSeal) return '·'
  return byte >= SPACE && byte < 0x7f ? String.fromCharCode(byte) : '▯'
}

/** What is to be said of a file in a list. */
export function viewOf(path: string, disk: CrashFileSystem): FileView {
  const live = disk.get(path)
  const durable = disk.durable(path)
  let syncedBytes = 0
  for (let at = 0; at < live.length; at++) if (durable[at] === live[at]) syncedBytes++
  return { path, sizeBytes: live.length, syncedBytes: Math.min(syncedBytes, durable.length) }
}
