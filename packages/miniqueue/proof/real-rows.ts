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
  {
    name: 'waiting',
    fault: 'more waiting jobs than payloads fit into the memory',
    unit: 'jobs',
    pass: 'at most 100 bytes a waiting job beyond the payloads, and 1 GiB for the whole process',
    inTest: 100_000,
    inProve: 10_000_000,
    file: 'test/real/sizes.test.ts',
    env: { WAITING_JOBS: '10000000' },
    recordedAs: 'waiting jobs',
  },
  {
    name: 'opening',
    fault: 'a queue with many waiting jobs is opened',
    unit: 'jobs',
    pass: 'open in less than 3 s, the first job first',
    inTest: 100_000,
    inProve: 1_000_000,
    file: 'test/real/sizes.test.ts',
    env: { OPENED_JOBS: '1000000' },
    recordedAs: 'opening',
  },
  {
    name: 'soak',
    fault: 'jobs enqueued and done without end, beside one that is delayed by a year',
    unit: 'jobs',
    pass: 'memory stays flat; the disk holds at most two segments beyond twice what is live',
    inTest: 100_000,
    inProve: 10_000_000,
    file: 'test/real/sizes.test.ts',
    env: { SOAKED_JOBS: '10000000' },
    recordedAs: 'soak',
  },
]
