import { MiniStateError, codeOf, messageOf, outcomeOf } from '../errors.js'

/** Refusals of a log that are about one append, and say what to do: passed on as they are. */
const REFUSALS: ReadonlySet<string | undefined> = new Set(['BACKLOG_FULL', 'RECORD_TOO_LARGE'])

/** After these a log takes nothing more, though what it refused is surely not in it. */
const ENDS: ReadonlySet<string | undefined> = new Set(['FOREIGN_WRITER', 'STORE_FAILED'])

/** Whether only opening the state again can help. */
export function endsTheLog(error: unknown): boolean {
  return outcomeOf(error) === 'unknown' || ENDS.has(codeOf(error))
}

/** What a caller is told whose own append has failed. */
export function appendFailed(error: unknown): unknown {
  return REFUSALS.has(codeOf(error)) ? error : commitFailed(error, outcomeOf(error), '')
}

/** What a caller is told who decided on a state that never came to be. */
export function behindFailure(error: unknown): MiniStateError {
  return commitFailed(
    error,
    outcomeOf(error),
    'one before it failed, and this was decided on its state: ',
  )
}

function commitFailed(error: unknown, outcome: 'absent' | 'unknown', why: string): MiniStateError {
  const next = endsTheLog(error) ? 'open the state again' : 'try again when the cause is gone'
  const advice =
    outcome === 'absent'
      ? `Nothing of it is in the log; ${next}`
      : 'Whether it is in the log is only known when the state is opened again'
  return new MiniStateError(
    'COMMIT_FAILED',
    `the mutation could not be committed: ${why}${messageOf(error)}. ${advice}`,
    { outcome, cause: error },
  )
}

/** What every call is told once the log is unknown. */
export function stateFailed(failure: unknown): MiniStateError {
  return new MiniStateError(
    'STATE_FAILED',
    `the log has failed, and only opening the state again tells what it holds: ${messageOf(failure)}. Reading goes on`,
    { outcome: 'absent', cause: failure },
  )
}

/** The answer to an `expectedSeq` that is not the last number. */
export function wrongExpectedSeq(expectedSeq: number, headSeq: number): MiniStateError {
  return new MiniStateError(
    'WRONG_EXPECTED_SEQ',
    `expectedSeq is ${expectedSeq}, and the last mutation is ${headSeq}: look at the state again, and decide again`,
    { seq: headSeq, outcome: 'absent' },
  )
}
