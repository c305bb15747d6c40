import type { RealRow } from '@mini-rs/testkit'

/** What only a real machine does. */
export const REAL_ROWS: readonly RealRow[] = [
  {
    name: 'sigkill',
    fault: 'SIGKILL of a real writer with up to 30 callers, in both engines',
    unit: 'kills',
    pass: '0 lost of what was acknowledged, shown or answered; none twice; `verify` finds the rest sound',
    inTest: 20,
    inProve: 1_000,
    file: 'test/real/sigkill.test.ts',
    env: { KILLS: '1000' },
    recordedAs: 'killed writers',
  },
  {
    name: 'follower',
    fault:
      'a follower in another process, stopped for a third of the time, through rotations, snapshots and compactions',
    unit: 'mutations',
    pass: 'an equal state at the end, nothing shown out of order, and never a call that could change the disk',
    inTest: 5_000,
    inProve: 100_000,
    file: 'test/real/follower.test.ts',
    env: { FOLLOWED: '100000' },
    recordedAs: 'follower',
  },
]
