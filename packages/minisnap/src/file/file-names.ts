import type { Compression } from '../codec/compression.js'

/** A file that claims to be a snapshot, as its name tells it. */
export interface SnapshotName {
  readonly name: string
  readonly seq: number
  /** Of the codec: `json`, `msgpack`, … */
  readonly extension: string
  readonly compression: Compression
}

/** The pair that the first Rust crate wrote: the state alone, and its number beside it. */
export const LEGACY_STATE_NAME = 'snapshot.json'
export const LEGACY_SEQ_NAME = 'snapshot.seq'

const COMPRESSED_ENDS: Readonly<Record<Compression, string>> = {
  none: '',
  gzip: '.gz',
  zstd: '.zst',
}
const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'zstd']

const PATTERN = /^snapshot_(\d{20})\.([a-z0-9]+)(\.gz|\.zst)?$/

/** `snapshot_00000000000000000010.json.gz` for 10, `json` and `gzip`. */
export function snapshotName(seq: number, extension: string, compression: Compression): string {
  return `snapshot_${String(seq).padStart(20, '0')}.${extension}${COMPRESSED_ENDS[compression]}`
}

/** What the name of a snapshot says; undefined for every other name. */
export function parseSnapshotName(name: string): SnapshotName | undefined {
  const [, digits, extension, end = ''] = PATTERN.exec(name) ?? []
  const compression = COMPRESSIONS.find((one) => COMPRESSED_ENDS[one] === end)
  if (digits === undefined || extension === undefined || compression === undefined) return undefined
  const seq = Number(digits)
  return Number.isSafeInteger(seq) ? { name, seq, extension, compression } : undefined
}

/** Whether the name is a snapshot's with something behind it: what a crash can leave of one. */
export function isSnapshotLeftover(name: string): boolean {
  return /^snapshot_\d{20}\./.test(name)
}

/** A name in a folder. */
export function inFolder(folder: string, name: string): string {
  return folder.endsWith('/') || folder.endsWith('\\') ? folder + name : `${folder}/${name}`
}
