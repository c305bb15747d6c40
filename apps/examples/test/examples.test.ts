import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { expectShown } from './outputs.js'
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
    name: 'expected-seq.ts',
    first: [/: somebody was faster with A1/, /^(ada has A1, bob has A2|ada has A2, bob has A1)$/m],
    second: [/: somebody was faster with B1/, /4 of 4 seats are sold/],
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
  {
    name: 'store-first.ts',
    first: [/^opened: created, 0 records\nrecord 1 is/, /^the balance is 350$/m],
    second: [/^opened: clean, 3 records\nrecord 4 is/, /^the balance is 700$/m],
  },
  {
    name: 'snap-first.ts',
    first: [/^0 records in the snapshot, 0 in all\n250 numbers, their sum is 31375/],
    second: [/^200 records in the snapshot, 250 in all\n500 numbers, their sum is 62750/],
  },
  {
    name: 'event-sourcing.ts',
    first: [/^account-1 holds 3750 cents\n1 withdrawals/, /before event 3 it held 5000 cents/],
    second: [/^account-4 holds 3750 cents\n2 withdrawals/, /before event 6 it held 5000 cents/],
  },
  {
    name: 'rust-files.ts',
    first: [/^2 records without a checksum$/m, /seal: false writes the bytes of the crate/],
    second: [/^2 records without a checksum$/m],
  },
  {
    name: 'registry.ts',
    first: [/^REJECTED NOT_NEWER\nspeech: whisper, llama\nwhisper is at version 1$/m],
    second: [/^whisper is at version 2\n1 model is left$/m],
  },
  {
    name: 'cli-settings.ts',
    first: [/the program runs already; close it first\nbeside it: theme is dark/],
    second: [/^theme is dark$/m],
  },
  {
    name: 'backup.ts',
    first: [/^in the backup: milk, bread\nrestored: milk, bread\nthe copy: clean, 1 record/],
    second: [/^in the backup: milk, bread\nrestored: milk, bread/],
  },
  {
    name: 'from-lowdb.ts',
    first: [/^post 2 is on the disk\nhello, durable$/m],
    second: [/^post 3 is on the disk\nhello, durable, durable$/m],
  },
  {
    name: 'test-failing-disk.ts',
    first: [
      /full disk: COMMIT_FAILED, outcome absent, open\nwith room again: 1 counted/,
      /failed sync: COMMIT_FAILED, outcome unknown, failed/,
    ],
    second: [/opened again: what was acknowledged is there/],
  },
  {
    name: 'test-by-killing.ts',
    first: [/5 kills: nothing acknowledged was lost, and the sum is right/],
    second: [/5 kills: nothing acknowledged was lost/],
  },
  {
    name: 'json-file-crash.ts',
    first: [/^state\.json: SyntaxError; \d+ bytes are left, and nothing of what it was/],
    second: [/(counter, killed: told \d+, found \d+\n){3}/],
  },
  {
    name: 'queue-first.ts',
    first: [/^sent to ada@example\.org$/m],
    second: [/^sent to ada@example\.org$/m],
  },
  {
    name: 'queue-email.ts',
    first: [
      /(welcome-busy-bob: 450 try again later, again later\n(.*\n)*){2}/,
      /welcome-flaky-eve: the connection was reset, again later/,
      /welcome-nobody is dead: nonRetryable/,
      /3 were sent, 1 is a dead letter/,
      /welcome-nobody: 550 no such user\n {2}enqueued/,
    ],
    second: [/3 were sent, 1 is a dead letter/],
  },
  {
    name: 'queue-webhooks.ts',
    first: [/^acme: 0 1 2 3 4 5 6 7 8 9\nbolt: 0/m, /3 failures; the limit was kept: true/],
    second: [/^corp: 0 1 2 3 4 5 6 7 8 9\n3 failures; the limit was kept: true/m],
  },
  {
    name: 'queue-receive.ts',
    first: [/^LEASE_LOST\ncup, delivery 2, after "out of stock"/m, /completed: 2,\n {2}dead: 1,/],
    second: [/^LEASE_LOST\ncup, delivery 2/m, /completed: 4,\n {2}dead: 2,/],
  },
  {
    name: 'queue-outbox.ts',
    first: [/3 parcels wait, the receipt for 3, cursor 3/],
    second: [/6 parcels wait, the receipt for 6, cursor 6/],
  },
  {
    name: 'queue-cleanup.ts',
    first: [/^the next night is .*T0[12]:30:00\.000Z$/m, /^removed old\.txt; left new\.txt$/m],
    second: [/^removed old\.txt; left new\.txt$/m],
  },
  {
    name: 'state-schemas.ts',
    first: [
      /^6 pieces are left/,
      /^INVARIANT_VIOLATED$/m,
      /PAYLOAD_INVALID \$\.article: .*\nPAYLOAD_INVALID \$\.pieces: /,
      /REJECTED SHOP_CLOSED: come back tomorrow/,
      /logged since: 1, and that was closeShop/,
    ],
    second: [/^12 pieces are left/, /logged since: 1, and that was closeShop/],
  },
  {
    name: 'state-snapshots.ts',
    first: [
      /a snapshot of mutation 10 has \d+ bytes/,
      /opened from the snapshot of 10, 1 replayed/,
      /[1-5] snapshots; \d{3} of 511 are in the log/,
      /opened again: 0 replayed, 125316 in 511 values/,
    ],
    second: [/opened from the snapshot of 521, 1 replayed/, /250632 in 1022 values/],
  },
  {
    name: 'state-migrations.ts',
    first: [
      /^last year: {"scores":{"ada":3,"bob":1}}/,
      /migrated from version 1, 1 replayed/,
      /this year: {"games":{"chess":{"ada":3,"bob":1},"go":{"ada":1}}}/,
    ],
    second: [
      /^last year's program does not touch it: SNAPSHOT_TOO_NEW/,
      /migrated from version none, 0 replayed/,
      /this year: {"games":{"chess":{"ada":3,"bob":1},"go":{"ada":2}}}/,
    ],
  },
  {
    name: 'state-history.ts',
    first: [
      /back then: \[ 'write', 'test' ]/,
      /1 add write\n2 add test\n3 finish write/,
      /it would be: \[] and still is: \[ 'test' ]/,
      /refused: NO_SUCH_TASK/,
      /the copy: \[ 'write', 'test', 'celebrate' ] the original: \[ 'test' ]/,
      /3 mutations replayed twice: sound/,
    ],
    second: [/^4 add write/m, /6 mutations replayed twice: sound/],
  },
  {
    name: 'state-in-place.ts',
    first: [/^20000 users/, /user-7 has come 2 times; user-8 is forgotten: true/],
    second: [/^20000 users/, /user-7 has come 4 times; user-8 is forgotten: true/],
  },
  {
    name: 'state-read-only.ts',
    first: [
      /follower: reset, 100 are waiting/,
      /writer: guest 0, please!/,
      /follower: arrive ada\n(.*\n)*follower: seat\s*\n(.*\n)*follower: close/,
    ],
    second: [/follower: reset, 200 are waiting/, /writer: guest 1, please!/, /follower: close/],
  },
  {
    name: 'state-outbox.ts',
    first: [/^ALREADY_DONE$/m, /^120 paid, 120 received, 121 sendings/m],
    second: [/^240 paid, 120 received, 121 sendings/m],
  },
  {
    name: 'broker/main.ts',
    first: [
      /^opened: snapshot of nothing, 0 replayed/,
      /2700 offsets committed, 300 came late and were rejected/,
      /an offset that no message has: OFFSET_AHEAD/,
      /lag of billing: { orders: 1, mails: 10 }/,
      /^\d+ { deleteTopic: 'orders' }/m,
      /billing was at 2999/,
      /a broker on the copy goes on from there; lag of billing: { orders: 1, mails: 10 }/,
    ],
    second: [
      /^opened: snapshot of \d{4}, \d+ replayed/,
      /lag of billing: { mails: 20, orders: 1 }/,
    ],
  },
]

describe.each(PROGRAMS)('$name', ({ name, first, second }) => {
  test('does what it says, and goes on where it was when run again', async () => {
    for (const expected of [first, second]) {
      const { exitCode, output } = await runProgram(name, [folder])
      expect(exitCode, output).toBe(0)
      for (const pattern of expected) expect(output).toMatch(pattern)
      if (expected === first) expectShown(name, output, folder)
    }
  })
})

test('a program takes a temporary folder when none is named', async () => {
  const env = { TMPDIR: folder, TEMP: folder }
  const { exitCode, output } = await runProgram('append-and-replay.ts', [], env)
  expect(exitCode, output).toBe(0)
  const names = await readdir(folder)
  expect(names.filter((name) => name.startsWith('ministore-'))).toHaveLength(1)
})

test('state-counter.ts counts on in the folder that it is run in', async () => {
  const first = await runProgram('state-counter.ts', [], {}, folder)
  expect(first).toEqual({
    exitCode: 0,
    output: 'mutation 2 is on the disk: 15, and for everybody 15\n',
  })
  expectShown('state-counter.ts', first.output, folder)
  const second = await runProgram('state-counter.ts', [], {}, folder)
  expect(second.output).toBe('mutation 4 is on the disk: 30, and for everybody 30\n')
})

test('state-kill.ts kills itself, and finds all that it has told', async () => {
  let told = 0
  for (const _ of [1, 2]) {
    const { exitCode, output } = await runProgram('state-kill.ts', [], {}, folder)
    expect(exitCode).toBeNull()
    const found = Number(/^found (\d+)$/m.exec(output)?.[1])
    // The last one may have been on the disk, and the process died before it could say so.
    expect([told, told + 1]).toContain(found)
    const tolds = Array.from(output.matchAll(/^told (\d+)$/gm), ([, value]) => Number(value))
    expect(tolds.length, output).toBeGreaterThan(0)
    told = tolds.at(-1) ?? 0
  }
})

test('queue-worker.cjs is killed, and the next run does what is left', async () => {
  const killed = await runProgram('queue-worker.cjs', ['kill'], {}, folder)
  expect(killed.exitCode, killed.output).toBeNull()
  for (const _ of [1, 2]) {
    const { exitCode, output } = await runProgram('queue-worker.cjs', [], {}, folder)
    expect(exitCode, output).toBe(0)
    expect(output).toMatch(/^28 are done, 2 are dead letters$/m)
    expect(output).toMatch(/^picture-7: the disk is slow \(3 of 3 attempts failed\)$/m)
    expect(output).toMatch(/^picture-8: no picture \(1 of 3 attempts failed\)$/m)
  }
})
