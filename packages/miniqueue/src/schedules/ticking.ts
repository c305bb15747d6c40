import type { Passed } from './due-times.js'

/** So many missed times are made up for at most. */
export const MOST_MISSED = 1_000

/** Which of the times that have passed are to be enqueued. */
export interface Ticks {
  readonly fire: readonly number[]
  /** Of the others the newest, to be passed over now. */
  readonly skip: { readonly dueMs: number; readonly count: number } | undefined
}

/**
 * What becomes of due times. `isOpening`: nobody was there to see them; otherwise the newest is on time,
 * however late the timer, and those before it were missed (the machine was asleep, or the clock was set).
 * `isBusy`: the job of the tick before has not ended.
 */
export function decideTicks(
  { count, newest }: Passed,
  rules: {
    readonly missed: 'skip' | 'once' | 'all'
    readonly overlap: 'skip' | 'queue' | 'allow'
    readonly isOpening: boolean
    readonly isBusy: boolean
  },
): Ticks {
  const last = newest.at(-1)
  if (last === undefined) return { fire: [], skip: undefined }
  const all = { dueMs: last, count }
  if (rules.isOpening && rules.missed === 'skip') return { fire: [], skip: all }
  if (rules.isBusy && rules.overlap === 'skip') return { fire: [], skip: all }
  const makesUp = rules.missed === 'all' || (rules.overlap === 'queue' && !rules.isOpening)
  const wanted = makesUp ? newest : [last]
  const left = count - wanted.length
  const [first = last, ...others] = wanted
  switch (rules.overlap) {
    case 'allow':
      return { fire: wanted, skip: skipped(first, left) }
    case 'skip':
      // The first one that is enqueued keeps the others out.
      return { fire: [last], skip: skipped(last, left + others.length) }
    case 'queue':
      // Decided when that job has ended.
      return rules.isBusy
        ? { fire: [], skip: undefined }
        : { fire: [first], skip: skipped(first, left) }
  }
}

function skipped(dueMs: number, count: number): Ticks['skip'] {
  return count <= 0 ? undefined : { dueMs, count }
}
