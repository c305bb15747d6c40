#!/usr/bin/env node
import { MiniStoreError } from '@mini-rs/ministore'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { MiniQueueError, messageOf } from '../errors.js'
import { listDead } from './dead.js'
import { explain, history, show } from './job.js'
import { CommandError, EXIT } from './output.js'
import { schedules } from './schedules.js'
import { ls, stats } from './summary.js'
import { tail } from './tail.js'
import { top } from './top.js'
import { verify } from './verify.js'
import { cancel, enqueue, purgeDead, redrive, retry, setPaused } from './writing.js'

declare const MINIQUEUE_VERSION: string

const EXIT_CODES = `
Exit codes:
  0  fine
  1  damage found
  2  wrong usage
  3  could not do it: no queues or no such job there, open elsewhere,
     a disk that refuses`

const REASONS = ['attempts', 'crashes', 'nonRetryable', 'deadLetter', 'payload', 'expired']
const INTERRUPTED = 130

void main()

async function main(): Promise<void> {
  process.stdout.on('error', endQuietly)
  try {
    await commands().parseAsync()
  } catch (error) {
    process.exitCode = exitCodeOf(error)
  }
}

/** Whoever read our output has seen enough: `miniqueue tail … | head`. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') process.stderr.write(`miniqueue: ${error.message}\n`)
  process.exit(error.code === 'EPIPE' ? EXIT.fine : EXIT.failed)
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    const isHelp = error.code === 'commander.helpDisplayed' || error.code === 'commander.version'
    return isHelp || error.code === 'commander.help' ? EXIT.fine : EXIT.usage
  }
  process.stderr.write(`miniqueue: ${messageOf(error)}\n`)
  if (error instanceof CommandError) return error.exitCode
  if (error instanceof RangeError || error instanceof TypeError) return EXIT.usage
  const isDamage =
    (MiniStoreError.is(error) && /^JOURNAL_(CORRUPT|AMBIGUOUS_TAIL)$/.test(error.code)) ||
    (MiniQueueError.is(error) && error.code === 'RECORD_UNKNOWN')
  if (isDamage) process.stderr.write("miniqueue: 'miniqueue verify' says more\n")
  return isDamage ? EXIT.damage : EXIT.failed
}

function commands(): Command {
  const program = new Command('miniqueue')
    .description('Looks into queues of @mini-rs/miniqueue, also while a program has them open.')
    .version(MINIQUEUE_VERSION)
    .exitOverride()
    .showHelpAfterError('(--help says more)')
    // All have options; to say so of each leaves no room for what they do on 80 columns.
    .configureHelp({ subcommandTerm: termOf })
    .addHelpText('after', EXIT_CODES)
  addQueues(program)
  addJobs(program)
  addWriting(program)
  addDead(program)
  return program
}

function termOf(one: Command): string {
  return `${one.name()} ${one.usage().replace(/\[options\] ?/, '')}`.trimEnd()
}

function command(parent: Command, usage: string, about: string, examples: string[]): Command {
  const text = ['', 'Examples:', ...examples.map((line) => `  miniqueue ${line}`)].join('\n')
  return parent
    .command(usage)
    .description(about)
    .option('--json', 'machine-readable output')
    .addHelpText('after', `${text}\n${EXIT_CODES}`)
}

function addQueues(program: Command): void {
  command(program, 'ls <dir>', 'Prints the queues and how many jobs they have.', [
    'ls state/queues',
  ]).action(ls)
  command(program, 'stats <dir> [queue]', 'Prints figures of one queue, or of all.', [
    'stats state/queues email',
    'stats state/queues --json | jq .journal',
  ]).action(stats)
  command(program, 'schedules <dir>', 'Prints the schedules and when they are due.', [
    'schedules state/queues',
  ]).action(schedules)
  command(program, 'top <dir>', 'Shows depths, rates and the oldest jobs, live. q quits.', [
    'top state/queues',
  ])
    .option('--once', 'print it once')
    .action(top)
  command(program, 'tail <dir>', 'Prints what happened last, and what comes.', [
    'tail state/queues -n 50',
    'tail state/queues -f --queue email',
  ])
    .option('-n, --lines <count>', 'how many records', wholeNumber, 20)
    .option('-f, --follow', 'go on with what comes')
    .option('--queue <name>', 'of this queue only')
    .action(async (directory: string, options: Parameters<typeof tail>[1]) => {
      process.once('SIGINT', () => process.exit(INTERRUPTED))
      await tail(directory, options)
    })
  command(program, 'verify <dir>', 'Reads everything and says what is damaged. Changes nothing.', [
    'verify state/queues',
  ]).action(async (directory: string, options: Parameters<typeof verify>[1]) => {
    process.exitCode = await verify(directory, options)
  })
}

function addJobs(program: Command): void {
  command(program, 'show <dir> <queue> <id>', 'Prints a job as it stands.', [
    'show state/queues email welcome-ada',
    'show state/queues email @1042 --json',
  ]).action(show)
  command(program, 'history <dir> <queue> <id>', 'Prints all that the journal tells of a job.', [
    'history state/queues email welcome-ada',
  ]).action(history)
  command(program, 'explain <dir> <queue> <id>', 'Prints why a job does not run.', [
    'explain state/queues email welcome-ada',
  ]).action(explain)
}

function addWriting(program: Command): void {
  command(program, 'enqueue <dir> <queue> <json>', 'Enqueues a job.', [
    `enqueue state/queues email '{"to":"ada@example.org"}' --id welcome-ada`,
    `enqueue state/queues email '"text"' --delay 60000`,
  ])
    .option('--id <id>', 'makes a repeated call a duplicate')
    .option('--delay <ms>', 'due that many milliseconds from now', wholeNumber)
    .option('--priority <number>', 'lower first', integer)
    .option('--group <name>', 'one after the other')
    .option('--attempts <count>', 'instead of the queue’s', wholeNumber)
    .action(enqueue)
  command(program, 'retry <dir> <queue> <id>', 'Runs a job again that has ended.', [
    'retry state/queues email welcome-ada',
  ]).action(retry)
  command(program, 'cancel <dir> <queue> <id>', 'Ends a job that has not completed.', [
    'cancel state/queues email welcome-ada',
  ]).action(cancel)
  command(program, 'pause <dir> <queue>', 'Lets no job of a queue begin, also after a restart.', [
    'pause state/queues email',
  ]).action((directory: string, queue: string, options: { json?: boolean }) =>
    setPaused(directory, queue, true, options),
  )
  command(program, 'resume <dir> <queue>', 'Lets a queue go on.', [
    'resume state/queues email',
  ]).action((directory: string, queue: string, options: { json?: boolean }) =>
    setPaused(directory, queue, false, options),
  )
}

function addDead(program: Command): void {
  const dead = program.command('dead').description('Lists, runs again and removes dead letters.')
  filtered(
    command(dead, 'ls <dir> <queue>', 'Prints dead letters.', ['dead ls state/queues email']),
  ).action(listDead)
  filtered(
    command(dead, 'redrive <dir> <queue>', 'Lets dead letters wait again, with no failures.', [
      'dead redrive state/queues email --preview',
      'dead redrive state/queues email --error ECONNREFUSED --limit 100',
    ]),
  )
    .option('--id <id...>', 'these jobs')
    .option('--preview', 'only say what it would do')
    .action(redrive)
  filtered(
    command(dead, 'purge <dir> <queue>', 'Removes dead letters for good.', [
      'dead purge state/queues email --reason expired',
    ]),
  )
    .option('--id <id...>', 'these jobs')
    .action(purgeDead)
}

function filtered(one: Command): Command {
  return one
    .addOption(new Option('--reason <reason>', 'why they died').choices(REASONS))
    .option('--error <text>', 'part of the last error’s name or message')
    .option('--limit <count>', 'at most so many, the oldest first', fromOne)
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number.')
}

function integer(text: string): number {
  if (/^-?\d{1,10}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number.')
}

function fromOne(text: string): number {
  const number = wholeNumber(text)
  if (number >= 1) return number
  throw new InvalidArgumentError('It must be at least 1.')
}
