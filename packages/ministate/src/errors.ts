import type { Outcome } from '@mini-rs/ministore'

/** What went wrong, stable across versions. The README has one heading per code: what happened, what to do. */
export type MiniStateErrorCode =
  | 'PAYLOAD_INVALID'
  | 'PAYLOAD_NOT_SERIALIZABLE'
  | 'MUTATION_INVALID'
  | 'MUTATION_TOO_NEW'
  | 'REJECTED'
  | 'RECIPE_FAILED'
  | 'INVARIANT_VIOLATED'
  | 'WRONG_EXPECTED_SEQ'
  | 'COMMIT_FAILED'
  | 'REPLAY_FAILED'
  | 'HISTORY_GAP'
  | 'SNAPSHOT_AHEAD'
  | 'SEQ_DROPPED'
  | 'SEQ_UNKNOWN'
  | 'BATCH_UNSUPPORTED'
  | 'ID_UNSUPPORTED'
  | 'ENGINE_UNSUPPORTED'
  | 'FORK_TARGET_EXISTS'
  | 'READ_ONLY'
  | 'REENTRANT'
  | 'STATE_FAILED'
  | 'STATE_CLOSED'

/** One thing that a schema had against a payload. */
export interface PayloadIssue {
  readonly message: string
  /** Where inside the payload, `$` being the payload itself. */
  readonly path: string
}

/** A recipe's `reject`. */
export interface Rejection {
  /** The recipe's own code. */
  readonly code: string
  /** Left out where the recipe gave none. */
  readonly message?: string
}

/** Everything that {@link MiniStateError} may carry besides its code and message. */
export interface MiniStateErrorDetails {
  /** Of the mutation. */
  readonly mutation?: string | undefined
  /** Which of `applyAll`, from 0. */
  readonly index?: number | undefined
  readonly seq?: number | undefined
  readonly path?: string | undefined
  /** 1-based line in the file at `path`. */
  readonly line?: number | undefined
  /** The oldest and newest record that this is about: of a commit that `at` would cut, of history that is missing. */
  readonly firstSeq?: number | undefined
  readonly lastSeq?: number | undefined
  readonly rejection?: Rejection | undefined
  readonly issues?: readonly PayloadIssue[] | undefined
  readonly outcome?: Outcome | undefined
  readonly cause?: unknown
}

const BRAND = Symbol.for('@mini-rs/ministate/error')

/** The one error class of this package. Switch on `code`; messages may change. */
export class MiniStateError extends Error {
  readonly code: MiniStateErrorCode
  declare readonly mutation: string | undefined
  declare readonly index: number | undefined
  declare readonly seq: number | undefined
  declare readonly path: string | undefined
  declare readonly line: number | undefined
  declare readonly firstSeq: number | undefined
  declare readonly lastSeq: number | undefined
  /** What a recipe said: with `REJECTED`. */
  declare readonly rejection: Rejection | undefined
  declare readonly issues: readonly PayloadIssue[] | undefined
  /** Of a mutation that failed: whether it is surely not in the log. */
  declare readonly outcome: Outcome | undefined

  constructor(code: MiniStateErrorCode, message: string, details: MiniStateErrorDetails = {}) {
    const { cause, ...known } = details
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'MiniStateError'
    this.code = code
    // Only what is known: who prints an error is not to read a list of undefined.
    for (const [name, value] of Object.entries(known)) {
      if (value !== undefined) Object.assign(this, { [name]: value })
    }
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Whether `value` is an error of this package, also when it comes from the package's other module format. */
  static is(value: unknown): value is MiniStateError {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}

/** The message of anything that was thrown, which may be anybody's code, and fail itself. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    return 'its text cannot be read'
  }
}

/** The `code` of an error of whatever log or store, or undefined. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** What an error of whatever log says of the records that it is about. Silent ones are taken for the worse. */
export function outcomeOf(error: unknown): Outcome {
  const isAbsent =
    typeof error === 'object' && error !== null && 'outcome' in error && error.outcome === 'absent'
  return isAbsent ? 'absent' : 'unknown'
}

/** Throws on a bug of ours. */
export function assertThat(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`ministate: broken invariant: ${invariant}`)
}
