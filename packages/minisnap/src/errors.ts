/** What went wrong, stable across versions. The README has one heading per code: what happened, what to do. */
export type MiniSnapErrorCode =
  | 'SNAPSHOT_NOT_FOUND'
  | 'SNAPSHOT_CORRUPT'
  | 'SNAPSHOT_TOO_NEW'
  | 'SNAPSHOT_WRONG_CODEC'
  | 'MIGRATION_FAILED'
  | 'STATE_INVALID'
  | 'STATE_NOT_SERIALIZABLE'
  | 'COMPRESSION_UNAVAILABLE'
  | 'LOG_BEHIND'
  | 'WRITE_FAILED'
  | 'IO'

/** Everything that {@link MiniSnapError} may carry besides its code and message. */
export interface MiniSnapErrorDetails {
  /** The file, or the folder of the snapshots. */
  readonly path?: string | undefined
  readonly seq?: number | undefined
  /** Where inside the state, `$` being the state itself; or inside the notes, which are `$notes`. */
  readonly statePath?: string | undefined
  /** Snapshots that were passed over, newest first. */
  readonly skipped?: readonly SkippedSnapshot[] | undefined
  readonly cause?: unknown
}

/** A file that does not count as a snapshot. */
export interface SkippedSnapshot {
  readonly path: string
  readonly seq: number
  /** For a person. */
  readonly reason: string
}

const BRAND = Symbol.for('@mini-rs/minisnap/error')

/** The one error class of this package. Switch on `code`; messages may change. */
export class MiniSnapError extends Error {
  readonly code: MiniSnapErrorCode
  declare readonly path: string | undefined
  declare readonly seq: number | undefined
  declare readonly statePath: string | undefined
  readonly skipped: readonly SkippedSnapshot[]

  constructor(code: MiniSnapErrorCode, message: string, details: MiniSnapErrorDetails = {}) {
    const { cause, skipped = [], ...known } = details
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'MiniSnapError'
    this.code = code
    this.skipped = skipped
    // Only what is known: who prints an error is not to read a list of undefined.
    for (const [name, value] of Object.entries(known)) {
      if (value !== undefined) Object.assign(this, { [name]: value })
    }
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Whether `value` is an error of this package, also when it comes from the package's other module format. */
  static is(value: unknown): value is MiniSnapError {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}

/** The `code` of a Node.js error, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Wraps what the file system said into `IO`; our own errors pass through. */
export function ioError(doing: string, path: string, error: unknown): MiniSnapError {
  if (MiniSnapError.is(error)) return error
  return new MiniSnapError('IO', `${path}: ${doing} failed: ${messageOf(error)}`, {
    path,
    cause: error,
  })
}
