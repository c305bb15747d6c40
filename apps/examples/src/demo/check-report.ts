import colors from 'picocolors'
import type { Account } from './account.js'
import type { CheckerOutcome, Opened, Trouble } from './checker-process.js'
import { ATTEMPTS, WORKERS } from './checks.js'
import { alignRight, bytes, count, line, milliseconds, printable, table } from './layout.js'

export function enqueuedLines(pid: number | undefined, { enqueued }: Opened): string[] {
  return [
    line(
      `process ${pid} enqueued ${count(enqueued, 'job')}: every package, and one whose manifest is torn`,
    ),
    line(`it works on ${WORKERS} at a time; one package in twelve fails at first`),
  ]
}

/** A check that failed, as it is seen. */
export function troubleLine(pid: number | undefined, { kind, label, why }: Trouble): string {
  const what = kind === 'retry' ? colors.yellow('retry') : colors.red('dead ')
  const then = kind === 'retry' ? 'again in 50 ms' : `${ATTEMPTS} attempts`
  return line(
    colors.magenta(`checker ${pid ?? ''} │ `) +
      `${what}  ${printable(label, 26).padEnd(26)}  ` +
      colors.dim(`${printable(why, 28)}: ${then}`),
  )
}

export function checkerKillLines(
  { checked, signal, elapsedMs }: CheckerOutcome,
  packages: number,
): string[] {
  return [
    line(
      `it was killed with ${colors.red(String(signal))} when ${checked} of ` +
        `${count(packages, 'package')} had been checked${took(elapsedMs)}`,
    ),
  ]
}

export function resumedLines(pid: number | undefined, opened: Opened): string[] {
  const { completed, interrupted, enqueued, duplicates } = opened
  const come = interrupted === 1 ? 'comes' : 'come'
  return [
    line(
      `process ${pid} found ${count(completed, 'check')} done; ` +
        `${interrupted} had been running, and ${come} again`,
    ),
    line(
      `it enqueued all of them once more: ${count(duplicates, 'duplicate')}, ` +
        `${count(enqueued, 'new job')}; a package’s path is its job’s id`,
    ),
  ]
}

export function finishedLines({ checked, retries, dead, elapsedMs }: CheckerOutcome): string[] {
  return [
    line(
      `the queue is idle: ${checked} checked, ${retries} failed and came again, ` +
        `${count(dead, 'dead letter')}${took(elapsedMs)}`,
    ),
  ]
}

export function accountLines(account: Account, width: number): string[] {
  const { packages, once, more, none, failed, interrupted, dead } = account
  const figures = alignRight(
    [packages, once, more, none, once + more + failed + interrupted, failed, interrupted].map(
      (value) => value.toLocaleString('en'),
    ),
  )
  const what = [
    'packages in the registry',
    'acknowledged once',
    'acknowledged twice',
    'never acknowledged',
    'deliveries',
    'that failed',
    'that the kill cut short',
  ]
  const rows = what.map((text, row) => [text, figures[row] ?? ''])
  return [
    ...table(['', ''], rows).slice(1),
    ...dead.map(({ label, why, attempt }) =>
      line(`dead letter  ${printable(label)}, after ${attempt} attempts: ${printable(why, 60)}`),
    ),
    line(
      colors.dim(
        `hashed here once more: ${count(account.files, 'file')}, ${bytes(account.sizeBytes)}, ` +
          `${account.equal} of ${packages} digests are equal`,
      ),
    ),
    line(
      account.holds
        ? colors.green(
            '✔ exactly once: every package was checked, and no check was lost or doubled',
          )
        : colors.red('✘ NOT exactly once: the journal tells another story'),
    ),
    ...(account.story.length === 0 ? [] : ['', ...storyLines(account.story, width)]),
  ]
}

function storyLines(story: readonly string[], width: number): string[] {
  const of = /"of":\d+/.exec(story[0] ?? '')?.[0] ?? ''
  return [
    line(colors.dim(`$ grep '${of},' queues/journal.jsonl`)),
    ...story.map((one) => line(printable(one.trimEnd(), width - 6))),
  ]
}

function took(elapsedMs: number): string {
  return colors.dim(`  ${milliseconds(elapsedMs)}`)
}
