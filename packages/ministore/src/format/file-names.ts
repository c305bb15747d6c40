/** The files of the journal at one base path. This module alone prints and parses their names. */
export interface JournalFiles {
  readonly active: string
  readonly directory: string
  readonly lock: string
  /** A segment that is being created. */
  readonly next: string
  readonly watermark: string
}

/** An archived segment as its name tells it. */
export interface ArchivedFile {
  readonly number: number
  readonly path: string
}

/** The names that belong to the journal at `base`, an absolute path. */
export function journalFiles(base: string): JournalFiles {
  return {
    active: base,
    directory: directoryOf(base),
    lock: `${base}.lock`,
    next: `${base}.next`,
    watermark: `${base}.ack`,
  }
}

/** `journal.jsonl.000007` for number 7 and six digits. */
export function archivedPath(base: string, number: number, digits: number): string {
  return `${base}.${String(number).padStart(digits, '0')}`
}

/** Archived segments among the names of the journal's folder, older first. Two of one number stay two. */
export function archivedAmong(base: string, names: readonly string[]): ArchivedFile[] {
  const prefix = `${baseName(base)}.`
  return names
    .filter((name) => name.startsWith(prefix) && /^\d{3,}$/.test(name.slice(prefix.length)))
    .map((name) => ({
      number: Number(name.slice(prefix.length)),
      path: `${base}.${name.slice(prefix.length)}`,
    }))
    .toSorted((a, b) => a.number - b.number || a.path.length - b.path.length)
}

/** `journal.jsonl.torn-20261123T191500123Z-4096`: where recovery sets aside the bytes that began at `offsetBytes`. */
export function tornPath(base: string, timeMs: number, offsetBytes: number): string {
  const stamp = new Date(timeMs).toISOString().replaceAll(/[-:.]/g, '')
  return `${base}.torn-${stamp}-${offsetBytes}`
}

/** `journal.jsonl.broken-20261123T191500123Z`: the original of a file that a repair replaced. */
export function brokenPath(path: string, timeMs: number): string {
  return `${path}.broken-${new Date(timeMs).toISOString().replaceAll(/[-:.]/g, '')}`
}

/** `journal.jsonl.repair-7`, `journal.jsonl.repair`: a repaired segment, archived or active, before it gets its name. */
export function repairedPath(base: string, number: number | undefined): string {
  return number === undefined ? `${base}.repair` : `${base}.repair-${number}`
}

/** What a repair that did not finish can leave among the names of the journal's folder: paths of no worth. */
export function repairLeftovers(base: string, names: readonly string[]): string[] {
  const name = baseName(base)
  return names
    .filter((one) => one.startsWith(`${name}.`))
    .map((one) => one.slice(name.length))
    .filter((end) => /^\.repair(-\d+|-marker)?$|^(\.\d{3,})?\.broken-[\dTZ]+\.part$/.test(end))
    .map((end) => `${base}${end}`)
}

/** Everything before the last separator; both kinds count, as on Windows. */
export function directoryOf(path: string): string {
  const cut = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'))
  if (cut === -1) return '.'
  return cut === 0 || path[cut - 1] === ':' ? path.slice(0, cut + 1) : path.slice(0, cut)
}

/** Everything behind the last separator. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}
