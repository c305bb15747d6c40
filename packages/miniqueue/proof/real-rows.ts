import type { RealRow } from '@mini-rs/testkit'

/** What only a real machine does. */
export const REAL_ROWS: readonly RealRow[] = [
  {
    name: 'sigkill',
    fault:
      'SIGKILL of a real process with workers running, a poison job among them that kills it by itself',
    unit: 'kills',
    pass: '0 lost of what was enqueued, none run again whose ack was told; the poison is dead after `maxCrashes`, the innocent jobs beside it are not',
    inTest: 20,
    inProve: 1_000,
    file: 'test/real/sigkill.test.ts',
    env: { KILLS: '1000' },
    recordedAs: 'killed workers',
  },
]
