import { expect, it } from 'vitest'
import type { Passed } from '../../src/schedules/due-times.js'
import { decideTicks } from '../../src/schedules/ticking.js'

const THREE = { count: 3, newest: [1, 2, 3] }
const ONE = { count: 1, newest: [3] }
const skipped = (dueMs: number, count: number): object => ({ dueMs, count })

// passed, missed, overlap, isOpening, isBusy -> fire, skip
type Row = readonly [
  passed: Passed,
  missed: 'skip' | 'once' | 'all',
  overlap: 'skip' | 'queue' | 'allow',
  isOpening: boolean,
  isBusy: boolean,
  fire: readonly number[],
  skip: object | undefined,
]

it.each<Row>([
  // Nobody was there: as `missed` says.
  [THREE, 'skip', 'allow', true, false, [], skipped(3, 3)],
  [THREE, 'once', 'allow', true, false, [3], skipped(3, 2)],
  [THREE, 'all', 'allow', true, false, [1, 2, 3], undefined],
  [THREE, 'all', 'skip', true, false, [3], skipped(3, 2)],
  [THREE, 'all', 'queue', true, false, [1], undefined],
  [THREE, 'once', 'queue', true, false, [3], skipped(3, 2)],
  // The newest is on time for who was there.
  [ONE, 'skip', 'skip', false, false, [3], undefined],
  [THREE, 'skip', 'allow', false, false, [3], skipped(3, 2)],
  [THREE, 'once', 'allow', false, false, [3], skipped(3, 2)],
  [THREE, 'all', 'allow', false, false, [1, 2, 3], undefined],
  [THREE, 'skip', 'queue', false, false, [1], undefined],
  // The job before has not ended: as `overlap` says.
  [ONE, 'once', 'skip', false, true, [], skipped(3, 1)],
  [ONE, 'once', 'queue', false, true, [], undefined],
  [ONE, 'once', 'allow', false, true, [3], undefined],
  [{ count: 1_500, newest: [8, 9] }, 'all', 'allow', true, false, [8, 9], skipped(8, 1_498)],
  [{ count: 0, newest: [] }, 'all', 'allow', true, false, [], undefined],
] as const)(
  '%j, missed %s, overlap %s, opening %s, busy %s',
  (passed, missed, overlap, ...rest) => {
    const [isOpening, isBusy, fire, skip] = rest
    expect(decideTicks(passed, { missed, overlap, isOpening, isBusy })).toEqual({ fire, skip })
  },
)
