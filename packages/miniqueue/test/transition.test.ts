import { describe, expect, it } from 'vitest'
import type { JobStatus } from '../src/job-types.js'
import {
  type JobEvent,
  type JobEventKind,
  type JobState,
  TRANSITIONS,
  fits,
  transition,
} from '../src/ledger/transition.js'

const STATUSES: readonly JobStatus[] = [
  'waiting',
  'delayed',
  'blocked',
  'active',
  'completed',
  'dead',
  'cancelled',
]

const AT_MS = 1_000

/** One of each kind, at `AT_MS`, of delivery 3. What waits again is due at once. */
const EVENTS: Readonly<Record<JobEventKind, JobEvent>> = {
  lease: { kind: 'lease', attempt: 3 },
  due: { kind: 'due' },
  unblock: { kind: 'unblock', atMs: AT_MS },
  ack: { kind: 'ack', attempt: 3 },
  nack: { kind: 'nack', attempt: 3, counts: true, endedMs: AT_MS, dueMs: AT_MS, delayMs: 0 },
  dead: { kind: 'dead', attempt: 3, counts: true },
  cancel: { kind: 'cancel', attempt: 3 },
  update: { kind: 'update', atMs: AT_MS, dueMs: AT_MS, delayMs: 0 },
  release: { kind: 'release', attempt: 3 },
  crash: { kind: 'crash', attempt: 3 },
  retry: { kind: 'retry', atMs: AT_MS },
  memo: { kind: 'memo' },
  purge: { kind: 'purge' },
}

const NO = 'nothing'

// Written down a second time, and independently: what a job is after the event. `nothing`: as before.
/** Columns as in {@link STATUSES}. */
const EXPECTED: Readonly<Record<JobEventKind, readonly string[]>> = {
  lease: ['active', NO, NO, NO, NO, NO, NO],
  due: [NO, 'waiting', NO, NO, NO, NO, NO],
  unblock: [NO, NO, 'waiting', NO, NO, NO, NO],
  ack: ['completed', 'completed', NO, 'completed', NO, NO, NO],
  nack: ['waiting', 'waiting', NO, 'waiting', NO, NO, NO],
  dead: ['dead', 'dead', 'dead', 'dead', NO, NO, NO],
  cancel: ['cancelled', 'cancelled', 'cancelled', 'cancelled', NO, 'cancelled', NO],
  update: ['waiting', 'waiting', 'blocked', NO, NO, NO, NO],
  release: ['waiting', 'waiting', NO, 'waiting', NO, NO, NO],
  crash: ['waiting', 'waiting', NO, 'waiting', NO, NO, NO],
  retry: [NO, NO, NO, NO, 'waiting', 'waiting', 'waiting'],
  memo: [NO, NO, NO, NO, NO, NO, NO],
  purge: ['gone', 'gone', 'gone', NO, 'gone', 'gone', 'gone'],
}

function jobIn(status: JobStatus): JobState {
  return { status, attempt: 2, failures: 1, crashes: 1, dueMs: 500, delayMs: 100 }
}

const KINDS = Object.keys(EVENTS) as JobEventKind[]
const PAIRS = KINDS.flatMap((kind) =>
  STATUSES.map((status, column) => [kind, status, EXPECTED[kind][column] ?? ''] as const),
)

describe('the table of transitions', () => {
  it('has an answer for each of the 91 pairs of an event and a status', () => {
    expect(PAIRS).toHaveLength(91)
    expect(Object.keys(TRANSITIONS).toSorted()).toEqual(KINDS.toSorted())
    for (const [kind, status] of PAIRS) expect(TRANSITIONS[kind][status]).toBeTypeOf('string')
  })

  it.each(PAIRS)('%s in %s: %s', (kind, status, expected) => {
    const before = Object.freeze(jobIn(status))
    const after = transition(before, EVENTS[kind])
    if (expected === NO) expect(after).toBe(before)
    else if (expected === 'gone') expect(after).toBeUndefined()
    else expect(after?.status).toBe(expected)
    const isHeard = expected !== NO || (kind === 'memo' && !isOver(status))
    expect(fits(status, kind)).toBe(isHeard)
  })

  it('never leads out of a job that has ended, but by a retry, a purge, or the cancelling of a dead one', () => {
    const ways = PAIRS.filter(([, status, expected]) => isOver(status) && expected !== NO)
    expect(ways.map(([kind, status]) => `${status} ${kind}`).toSorted()).toEqual([
      'cancelled purge',
      'cancelled retry',
      'completed purge',
      'completed retry',
      'dead cancel',
      'dead purge',
      'dead retry',
    ])
  })
})

describe('what an event changes besides the status', () => {
  const active = jobIn('active')

  it.each(['lease', 'ack', 'nack', 'dead', 'release', 'crash'] as const)(
    '%s brings the number of its delivery',
    (kind) => {
      const from = kind === 'lease' ? jobIn('waiting') : active
      expect(transition(from, EVENTS[kind])).toMatchObject({ attempt: 3 })
      expect(transition({ ...from, attempt: 9 }, EVENTS[kind])).toMatchObject({ attempt: 9 })
    },
  )

  it('dead without a delivery leaves the number as it is', () => {
    const dead = { kind: 'dead', attempt: undefined, counts: false } as const
    expect(transition(active, dead)).toMatchObject({ attempt: 2 })
  })

  it('a nack that counts is a failure, one that does not is none', () => {
    const nack = { ...EVENTS.nack, counts: false } as JobEvent
    expect(transition(active, EVENTS.nack)).toMatchObject({ failures: 2, crashes: 1 })
    expect(transition(active, nack)).toMatchObject({ failures: 1, crashes: 1 })
  })

  it('the failure that ends a job is one of its failures', () => {
    const given = { ...EVENTS.dead, counts: false } as JobEvent
    expect(transition(active, EVENTS.dead)).toMatchObject({ failures: 2, crashes: 1 })
    expect(transition(active, given)).toMatchObject({ failures: 1, crashes: 1 })
  })

  it('a crash is a strike and no failure, and leaves the place in the line', () => {
    const after = transition(active, EVENTS.crash)
    expect(after).toMatchObject({ failures: 1, crashes: 2, dueMs: 500, delayMs: 100 })
  })

  it('a release is neither a strike nor a failure, and leaves the place in the line', () => {
    const after = transition(active, EVENTS.release)
    expect(after).toMatchObject({ failures: 1, crashes: 1, dueMs: 500, delayMs: 100 })
  })

  it('a retry by hand begins anew, at the end of the line', () => {
    const after = transition(jobIn('dead'), EVENTS.retry)
    expect(after).toEqual({
      ...after,
      failures: 0,
      crashes: 0,
      attempt: 2,
      dueMs: AT_MS,
      delayMs: 0,
    })
  })

  it.each([
    [AT_MS, 'waiting'],
    [AT_MS + 1, 'delayed'],
  ] as const)('a nack until %i at 1000 leads to %s', (dueMs, status) => {
    const after = transition(active, { ...EVENTS.nack, dueMs, delayMs: 7 } as JobEvent)
    expect(after).toMatchObject({ status, dueMs, delayMs: 7 })
  })

  it.each([
    [AT_MS, 'waiting'],
    [AT_MS + 1, 'delayed'],
  ] as const)('an update to %i at 1000 leads to %s', (dueMs, status) => {
    const event = { kind: 'update', atMs: AT_MS, dueMs, delayMs: 7 } as const
    expect(transition(jobIn('delayed'), event)).toMatchObject({ status, dueMs, delayMs: 7 })
    expect(transition(jobIn('blocked'), event)).toMatchObject({ status: 'blocked', dueMs })
  })

  it('an update without a time leaves the time, one without a wait is by the wall clock', () => {
    const event = { kind: 'update', atMs: AT_MS, dueMs: undefined, delayMs: undefined } as const
    expect(transition(jobIn('waiting'), event)).toEqual(jobIn('waiting'))
    const byWall = transition(jobIn('waiting'), { ...event, dueMs: 9_000 })
    expect(byWall).toMatchObject({ dueMs: 9_000, delayMs: Number.POSITIVE_INFINITY })
  })

  it('a job that waits for others no longer is ready from then on, not from its beginning', () => {
    expect(transition(jobIn('blocked'), EVENTS.unblock)).toMatchObject({ dueMs: AT_MS })
    const later = transition({ ...jobIn('blocked'), dueMs: 2_000 }, EVENTS.unblock)
    expect(later).toMatchObject({ status: 'delayed', dueMs: 2_000 })
  })
})

function isOver(status: JobStatus): boolean {
  return status === 'completed' || status === 'dead' || status === 'cancelled'
}
