import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LedgerEntry, ProofTitle } from '@mini-rs/testkit'
import type { Proof } from '../test/support/proof-ledger.js'

/** A fault that a real machine makes, in a test that does it as often as a variable says. */
export interface RealRow extends ProofTitle {
  /** The test file, and the variables for `npm run prove`. */
  readonly file: string
  readonly env: Readonly<Record<string, string>>
  /** What the test calls it in its own ledger. */
  readonly recordedAs: string
}

/** What ministore is proven against on a real machine, in the order of the table. */
export const REAL_ROWS: readonly RealRow[] = [
  {
    name: 'sigkill',
    fault: 'SIGKILL of a real writer',
    unit: 'kills',
    pass: '0 lost, never ambiguous on the same boot',
    inTest: 20,
    inProve: 1_000,
    file: 'test/sigkill.test.ts',
    env: { KILLS: '1000' },
    recordedAs: 'SIGKILL',
  },
  {
    name: 'sigkill-in-the-middle',
    fault: 'SIGKILL at a drawn call of rotation, dropping, a batch, an append, opening',
    unit: 'kills',
    pass: 'the same',
    inTest: 20,
    inProve: 1_000,
    file: 'test/real/killed-in-the-middle.test.ts',
    env: { KILLS: '1000' },
    recordedAs: 'SIGKILL in the middle of work',
  },
  {
    name: 'power-cut',
    fault:
      '**real power cut**: ext4 in a loop device, shut down without a log flush under a running writer, remounted',
    unit: 'cuts',
    pass: '0 lost of what was acknowledged before the cut',
    inTest: 5,
    inProve: 200,
    file: 'test/real/power-cut.test.ts',
    env: { POWER_CUTS: '200' },
    recordedAs: 'power cut',
  },
  {
    name: 'kernel-faults',
    fault: 'real EIO and ENOSPC from the kernel, at every single system call of a script',
    unit: 'faults',
    pass: 'the failure table',
    inTest: 18,
    inProve: 397,
    file: 'test/real/syscall-faults.test.ts',
    env: { STRACE_POINTS: 'all' },
    recordedAs: 'kernel faults',
  },
  {
    name: 'real-full-disk',
    fault: 'a real full disk (a tmpfs of 256 KiB), filled to every 4 KiB',
    unit: 'points',
    pass: 'the failure table; usable again',
    inTest: 1,
    inProve: 60,
    file: 'test/full-disk.test.ts',
    env: { FULL_DISK_POINTS: 'all' },
    recordedAs: 'full disk',
  },
  {
    name: 'lock-races',
    fault: '8 processes racing to open',
    unit: 'races',
    pass: 'one winner, every loser told its process id',
    inTest: 20,
    inProve: 1_000,
    file: 'test/real/lock-races.test.ts',
    env: { RACES: '1000' },
    recordedAs: 'lock races',
  },
  {
    name: 'stopped-holder',
    fault: 'the holder stopped (2 s in `npm test`, a minute in `prove`), the clock moved a day',
    unit: 'holder',
    pass: 'no theft',
    inTest: 1,
    inProve: 1,
    file: 'test/real/lock-holders.test.ts',
    env: { RACES: '1000', STOPPED_MS: '60000' },
    recordedAs: 'stopped holder',
  },
  {
    name: 'lock-takeover',
    fault: 'the holder killed, others waiting',
    unit: 'takeovers',
    pass: 'one of them has it, within 100 ms',
    inTest: 5,
    inProve: 100,
    file: 'test/real/lock-holders.test.ts',
    env: { RACES: '1000', STOPPED_MS: '60000' },
    recordedAs: 'lock takeover',
  },
  {
    name: 'foreign-writer',
    fault: 'another program appends behind our back, before each commit',
    unit: 'appends',
    pass: 'the fence trips, its bytes stay',
    inTest: 20,
    inProve: 20,
    file: 'test/real/foreign-writer.test.ts',
    env: {},
    recordedAs: 'foreign appends',
  },
]

/** Runs the tests of the rows, each file once, and answers what they recorded. */
export async function runRealRows(
  rows: readonly RealRow[],
  say: (line: string) => void,
): Promise<Map<string, LedgerEntry>> {
  const entries = new Map<string, LedgerEntry>()
  for (const file of new Set(rows.map((row) => row.file))) {
    const own = rows.filter((row) => row.file === file)
    const startMs = performance.now()
    const proofs = await runTest(file, Object.assign({}, ...own.map((row) => row.env)))
    const seconds = Math.round((performance.now() - startMs) / 1000)
    for (const row of own) {
      const proof = proofs.find((one) => one.row === row.recordedAs)
      if (proof === undefined) {
        say(`${row.name}: nothing was recorded; this machine does not allow it, or the test failed`)
        continue
      }
      say(`${row.name}: ${proof.count} ${row.unit}, ${proof.failures} failures, ${seconds} s`)
      entries.set(row.name, toEntry(proof, seconds))
    }
  }
  return entries
}

function toEntry({ count, failures, seed, figures }: Proof, seconds: number): LedgerEntry {
  const what = `failed: ${JSON.stringify(figures ?? {})}`
  return {
    count,
    failures: Array.from({ length: failures }, () => what),
    next: count,
    seeds: seed === undefined ? '' : String(seed),
    seconds,
  }
}

/** Runs one test file and answers the lines that it added to its ledger. */
function runTest(file: string, env: Readonly<Record<string, string>>): Promise<Proof[]> {
  const folder = mkdtempSync(join(tmpdir(), 'proof-'))
  const ledger = join(folder, 'proof.jsonl')
  writeFileSync(ledger, '')
  return new Promise((resolve, reject) => {
    const child = spawn('npx', ['vitest', 'run', file, '--reporter=default'], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, ...env, PROOF_FILE: ledger },
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    })
    child.on('error', reject)
    child.on('close', () => {
      const lines = readFileSync(ledger, 'utf8').split('\n').filter(Boolean)
      rmSync(folder, { recursive: true })
      resolve(lines.map((line) => JSON.parse(line) as Proof))
    })
  })
}
