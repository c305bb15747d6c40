import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runProgram } from './run.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ministore-examples-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const PROGRAMS: readonly { name: string; first: RegExp[]; second: RegExp[] }[] = [
  {
    name: 'append-and-replay.ts',
    first: [/opened: created, 0 records/, /3 records replayed, the value is 42/],
    second: [/opened: clean, 3 records/, /6 records replayed, the value is 42/],
  },
  {
    name: 'audit-log.ts',
    first: [/^101 entries/, /50 of them are ada's/, /JOURNAL_CORRUPT at line 2/],
    second: [/^202 entries/, /100 of them are ada's/, /JOURNAL_CORRUPT at line 2/],
  },
  {
    name: 'state-machine.ts',
    first: [/order-1: ship is refused/, /WRONG_EXPECTED_SEQ/, /again: order-1 is delivered/],
    second: [/order-2: ship is refused/, /WRONG_EXPECTED_SEQ/, /again: order-2 is delivered/],
  },
  {
    name: 'sensor-buffer.ts',
    first: [/torn: 46 bytes set aside/, /120 readings uploaded/, /next reading is number 121/],
    second: [/torn: 46 bytes set aside/, /123 readings uploaded/, /next reading is number 244/],
  },
  {
    name: 'cache.ts',
    first: [/filled: +40 entries, 1010 records/, /after a restart: +40 entries, 40 records/],
    second: [/filled: +40 entries, 1050 records/, /after a restart: +40 entries, 40 records/],
  },
  {
    name: 'snapshot-and-compact.ts',
    first: [
      /^0 records in the snapshot, 0 in all/,
      /550 records logged, the last (1\d\d|2\d\d) are still in the log/,
      /sum 151525/,
    ],
    second: [
      /^500 records in the snapshot, 550 in all/,
      /1100 records logged, the last (1\d\d|2\d\d) are still in the log/,
      /sum 303050/,
    ],
  },
  {
    name: 'snapshot-progress.ts',
    first: [/^200000 readings, \d+\.\d MB, saved and loaded: equal/, /never held the event loop/],
    second: [/^200000 readings, \d+\.\d MB, saved and loaded: equal/],
  },
]

describe.each(PROGRAMS)('$name', ({ name, first, second }) => {
  test('does what it says, and goes on where it was when run again', async () => {
    for (const expected of [first, second]) {
      const { exitCode, output } = await runProgram(name, [folder])
      expect({ exitCode, output }).toMatchObject({ exitCode: 0 })
      for (const pattern of expected) expect(output).toMatch(pattern)
    }
  })

  test('takes a temporary folder when none is named', async () => {
    const { exitCode, output } = await runProgram(name, [], { TMPDIR: folder, TEMP: folder })
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 })
  })
})
