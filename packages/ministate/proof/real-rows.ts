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
]
