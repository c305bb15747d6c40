/** What went wrong in a {@link MemoryLog}. Callers switch on `code` and `outcome` only, for other engines have other classes. */
export type LogErrorCode =
  | 'OUTCOME_UNKNOWN'
  | 'RECORD_NOT_SERIALIZABLE'
  | 'RECORD_TOO_LARGE'
  | 'SEQ_DROPPED'
  | 'STORE_CLOSED'
  | 'UNAVAILABLE'
  | 'WRONG_EXPECTED_SEQ'

/** What a {@link LogError} may carry besides its code and message. */
export interface LogErrorDetails {
  /** After a failed append: whether the records can be in the log. */
  readonly outcome?: 'absent' | 'unknown'
  readonly firstSeq?: number
  readonly lastSeq?: number
  readonly cause?: unknown
}

/** The error class of an engine that is not ministore: the same shape, and nothing else in common. */
export class LogError extends Error {
  readonly code: LogErrorCode
  readonly outcome: 'absent' | 'unknown' | undefined
  readonly firstSeq: number | undefined
  readonly lastSeq: number | undefined

  constructor(code: LogErrorCode, message: string, details: LogErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'LogError'
    this.code = code
    this.outcome = details.outcome
    this.firstSeq = details.firstSeq
    this.lastSeq = details.lastSeq
  }
}
