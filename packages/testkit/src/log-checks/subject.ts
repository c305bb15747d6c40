import { fail } from 'node:assert/strict'
import type { Entry, Log, LogRange } from '@mini-rs/ministore'
import type { Check } from '../check.js'

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

/** One promise of the `Log` port. */
export type LogCheck = Check<LogSubject>

/** Makes a subject for each check. */
export type MakeLog = () => Promise<LogSubject>

const MOST_ITEMS = 100_000

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
