/** What went wrong, stable across versions. The README has one heading per code: what happened, what to do. */
export type MiniStoreErrorCode =
  | 'JOURNAL_HEADER'
  | 'JOURNAL_VERSION'
  | 'JOURNAL_CORRUPT'
  | 'JOURNAL_AMBIGUOUS_TAIL'
  | 'JOURNAL_LOCKED'
  | 'PATH_NOT_FILE'
  | 'PATH_NOT_FOLDER'
  | 'RECORD_NOT_SERIALIZABLE'
  | 'RECORD_INVALID'
  | 'RECORD_TOO_LARGE'
  | 'BACKLOG_FULL'
  | 'WRONG_EXPECTED_SEQ'
  | 'SEQ_DROPPED'
  | 'WRITE_FAILED'
  | 'SYNC_FAILED'
  | 'FOREIGN_WRITER'
  | 'STORE_CLOSED'
  | 'STORE_FAILED'
  | 'IO'

/**
 * What became of the records of a call that failed while writing. `absent`: surely not in the
 * journal, a retry cannot double them. `unknown`: only reopening tells.
 */
export type Outcome = 'absent' | 'unknown'

/** One thing that a schema had against a record. */
export interface RecordIssue {
  readonly message: string
  /** Where inside the record, `$` being the record itself. */
  readonly path: string
}

/** Everything that {@link MiniStoreError} may carry besides its code and message. */
export interface MiniStoreErrorDetails {
  readonly path?: string | undefined
  readonly outcome?: Outcome | undefined
  /** 1-based line in the file at `path`. */
  readonly line?: number | undefined
  readonly offsetBytes?: number | undefined
  readonly sizeBytes?: number | undefined
  readonly firstSeq?: number | undefined
  readonly lastSeq?: number | undefined
  readonly issues?: readonly RecordIssue[] | undefined
  readonly cause?: unknown
}

const BRAND = Symbol.for('@mini-rs/ministore/error')

/** The one error class of this package. Switch on `code`, and on `outcome` after a failed write; messages may change. */
export class MiniStoreError extends Error {
  readonly code: MiniStoreErrorCode
  declare readonly path: string | undefined
  declare readonly outcome: Outcome | undefined
  declare readonly line: number | undefined
  declare readonly offsetBytes: number | undefined
  declare readonly sizeBytes: number | undefined
  declare readonly firstSeq: number | undefined
  declare readonly lastSeq: number | undefined
  declare readonly issues: readonly RecordIssue[] | undefined

  constructor(code: MiniStoreErrorCode, message: string, details: MiniStoreErrorDetails = {}) {
    const { cause, ...known } = details
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'MiniStoreError'
    this.code = code
    // Only what is known: who prints an error is not to read a list of undefined.
    for (const [name, value] of Object.entries(known)) {
      if (value !== undefined) Object.assign(this, { [name]: value })
    }
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Whether `value` is an error of this package, also when it comes from the package's other module format. */
  static is(value: unknown): value is MiniStoreError {
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
export function ioError(doing: string, path: string, error: unknown): MiniStoreError {
  if (MiniStoreError.is(error)) return error
  return new MiniStoreError('IO', `${path}: ${doing} failed: ${messageOf(error)}`, {
    path,
    cause: error,
  })
}

/** What `open` throws for an error that is none of ours. */
export function openError(path: string, error: unknown): Error {
  if (error instanceof TypeError || error instanceof RangeError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new MiniStoreError('IO', `${path}: opening failed: ${message}`, { path, cause: error })
}

/** Throws on a bug of ours, never on a caller's or a disk's fault. */
export function assertThat(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`ministore: broken invariant: ${invariant}`)
}
