import type { RealRow } from '@mini-rs/testkit'

/** What minisnap is proven against on a real machine, in the order of the table. */
export const REAL_ROWS: readonly RealRow[] = [
  {
    name: 'real-full-disk',
    fault: 'a disk that is really full (a tmpfs of 512 KiB), at every 4 KiB of the write',
    unit: 'points',
    pass: '`create` rejects, the older snapshot is intact, no temporary file after the next success',
    inTest: 21,
    inProve: 21,
    file: 'test/full-disk.test.ts',
    env: {},
    recordedAs: 'full disk',
  },
]
