import { deepStrictEqual, fail } from 'node:assert/strict'
import type { Entry, Log, LogRange } from '@mini-rs/ministore'

/** How the next append of a log is to fail. `unknown…`: with `OUTCOME_UNKNOWN`, and it is in the log, or not. */
export type NextFailure = 'unknownWritten' | 'unknownLost' | 'unavailable'

/** A fresh, empty log, and what can be done with it. */
export interface LogSubject {
  readonly log: Log<unknown>
  /** A second writer on the same log, where it can have one. */
  readonly other?: Log<unknown>
  /** Opens the same log again, after `log` was closed. */
  readonly reopen?: () => Promise<Log<unknown>>
  /** Scripts the next append of `log`, where that can be done. */
  readonly failNext?: (failure: NextFailure) => void
  /** Closes and removes everything, also what `reopen` gave. */
  readonly cleanUp: () => Promise<void>
}

/** Makes a subject for each check. */
export type MakeLog = () => Promise<LogSubject>

/** One promise of the port. */
export interface LogCheck {
  /** A sentence of behaviour. */
  readonly name: string
  /** Why this subject cannot be asked, or undefined. */
  readonly skipReason?: (subject: LogSubject) => string | undefined
  /** Rejects when the log does not keep the promise. */
  readonly run: (subject: LogSubject) => Promise<void>
}

/** What callers may look at in an error. */
export interface ErrorShape {
  readonly code?: unknown
  readonly outcome?: unknown
  readonly firstSeq?: unknown
}

const MOST_ITEMS = 100_000

/** Makes a subject, runs the check and cleans up. Resolves to the reason when the check does not apply. */
export async function runCheck(check: LogCheck, makeLog: MakeLog): Promise<string | undefined> {
  const subject = await makeLog()
  try {
    const reason = check.skipReason?.(subject)
    if (reason === undefined) await check.run(subject)
    return reason
  } finally {
    await subject.cleanUp()
  }
}

/** Everything that it yields; fails when it does not end. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) {
    if (items.push(item) > MOST_ITEMS) fail('the iteration does not end')
  }
  return items
}

/** The entries of a range, when all that was acknowledged can be read. */
export async function entriesOf(log: Log<unknown>, range?: LogRange): Promise<Entry<unknown>[]> {
  if (log.durableSeq < log.lastSeq) await log.flush()
  return collect(log.entries(range))
}

/** The records of a range. */
export async function recordsOf(log: Log<unknown>, range?: LogRange): Promise<unknown[]> {
  return (await entriesOf(log, range)).map(({ record }) => record)
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

/** Skips where `appendMany` takes one record only. */
export function withoutBatches({ log }: LogSubject): string | undefined {
  return log.limits.maxBatchRecords > 1 ? undefined : 'this log takes one record at a time'
}

/** Skips where nobody else can append. */
export function withoutOther({ other }: LogSubject): string | undefined {
  return other === undefined ? 'nobody else can append to this log' : undefined
}

/** The second writer of a subject for which {@link withoutOther} gave no reason. */
export function otherOf({ other }: LogSubject): Log<unknown> {
  return other ?? fail('there is no second writer')
}
