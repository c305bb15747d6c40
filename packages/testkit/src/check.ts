import { deepStrictEqual, fail } from 'node:assert/strict'

/** An implementation of a port, and what can be done with it. */
export interface CheckSubject {
  /** Closes and removes everything that was made for the check. */
  readonly cleanUp: () => Promise<void>
}

/** One promise of a port. */
export interface Check<Subject> {
  /** A sentence of behaviour. */
  readonly name: string
  /** Why this subject cannot be asked, or undefined. */
  readonly skipReason?: (subject: Subject) => string | undefined
  /** Rejects when the subject does not keep the promise. */
  readonly run: (subject: Subject) => Promise<void>
}

/** What callers may look at in an error. */
export interface ErrorShape {
  readonly code?: unknown
  readonly outcome?: unknown
  readonly firstSeq?: unknown
}

/** Makes a subject, runs the check and cleans up. Resolves to the reason when the check does not apply. */
export async function runCheck<Subject extends CheckSubject>(
  check: Check<Subject>,
  makeSubject: () => Promise<Subject>,
): Promise<string | undefined> {
  const subject = await makeSubject()
  try {
    const reason = check.skipReason?.(subject)
    if (reason === undefined) await check.run(subject)
    return reason
  } finally {
    await subject.cleanUp()
  }
}

/** What the action throws or rejects with; fails when it does neither. */
export async function errorOf(action: () => unknown): Promise<unknown> {
  try {
    await action()
  } catch (error) {
    return error
  }
  return fail('nothing was refused')
}

/** The action is refused with these properties. */
export async function assertRefused(action: () => unknown, expected: ErrorShape): Promise<void> {
  const error = (await errorOf(action)) as Record<string, unknown>
  const wanted = Object.keys(expected)
  const found = Object.fromEntries(wanted.map((key) => [key, error[key]]))
  deepStrictEqual(found, { ...expected }, `refused with: ${String(error)}`)
}

/** The action is refused with a RangeError: an argument that is none. */
export async function assertRangeError(action: () => unknown): Promise<void> {
  const error = await errorOf(action)
  if (!(error instanceof RangeError)) fail(`a RangeError was due, not: ${String(error)}`)
}

/** The values of `settled`, by how the promise ended. */
export function outcomesOf<T>(settled: readonly PromiseSettledResult<T>[]): {
  readonly values: T[]
  readonly reasons: ErrorShape[]
} {
  const values = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const reasons = settled.flatMap((one) => {
    return one.status === 'rejected' ? [one.reason as ErrorShape] : []
  })
  return { values, reasons }
}
