#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { MiniStoreError, errnoOf, messageOf } from '../errors.js'
import { type CatOptions, cat } from './cat.js'
import { CommandError, EXIT, stopProgress } from './output.js'
import { type RepairCommandOptions, repair } from './repair.js'
import type { CommonOptions } from './source.js'
import { stats } from './stats.js'
import { type TailOptions, tail } from './tail.js'
import { verify } from './verify.js'

declare const MINISTORE_VERSION: string

const EXIT_CODES = `
Exit codes:
  0  fine
  1  damage found (repair: found, and not written)
  2  wrong usage
  3  could not do it: no journal there, locked, a disk that refuses`

const INTERRUPTED = 130

void main()

async function main(): Promise<void> {
  process.stdout.on('error', endQuietly)
  process.once('SIGINT', () => {
    stopProgress()
    process.exit(INTERRUPTED)
  })
  try {
    await commands().parseAsync()
  } catch (error) {
    process.exitCode = exitCodeOf(error)
  }
}

/** Whoever read our output has seen enough: `ministore cat … | head`. */
function endQuietly(error: Error): void {
  if (errnoOf(error) !== 'EPIPE') process.stderr.write(`ministore: ${error.message}\n`)
  process.exit(errnoOf(error) === 'EPIPE' ? EXIT.fine : EXIT.failed)
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    const isHelp = error.code === 'commander.helpDisplayed' || error.code === 'commander.version'
    return isHelp ? EXIT.fine : EXIT.usage
  }
  process.stderr.write(`ministore: ${messageOf(error)}\n`)
  if (error instanceof CommandError) return error.exitCode
  if (error instanceof RangeError || error instanceof TypeError) return EXIT.usage
  const isDamage = MiniStoreError.is(error) && /^JOURNAL_(CORRUPT|AMBIGUOUS_TAIL)$/.test(error.code)
  if (isDamage) process.stderr.write("ministore: 'ministore verify' shows all damage\n")
  return isDamage ? EXIT.damage : EXIT.failed
}

function commands(): Command {
  const program = new Command('ministore')
    .description('Looks into journals of @mini-rs/ministore, and mends them.')
    .version(MINISTORE_VERSION)
    .exitOverride()
    .showHelpAfterError('(--help says more)')
    .addHelpText('after', EXIT_CODES)
  addReading(program)
  addChecking(program)
  return program
}

function command(program: Command, name: string, about: string, examples: string[]): Command {
  const text = ['', 'Examples:', ...examples.map((line) => `  ${line}`)].join('\n')
  return program
    .command(`${name} <path>`)
    .description(about)
    .option('--json', 'machine-readable output')
    .option('--max-record-bytes <bytes>', 'largest record (default: 16 MiB)', fromOne)
    .addHelpText('after', `${text}\n${EXIT_CODES}`)
}

function addReading(program: Command): void {
  command(program, 'cat', 'Prints records as lines of JSON. --json adds their numbers.', [
    "ministore cat state/journal.jsonl | jq 'select(.Set)'",
    'ministore cat state/journal.jsonl --from 100 --to 199',
    'ministore cat state/journal.jsonl --seq 42 --json',
  ])
    .option('--from <seq>', 'first record', fromOne)
    .option('--to <seq>', 'last record', fromOne)
    .option('--seq <seq>', 'this one record', fromOne)
    .action((path: string, options: CatOptions) => cat(path, options))
  command(program, 'tail', 'Prints the last records, and those that come.', [
    'ministore tail state/journal.jsonl',
    'ministore tail state/journal.jsonl -n 100 --json',
    'ministore tail state/journal.jsonl -n 0 -f | jq .',
  ])
    .option('-n, --lines <count>', 'how many records', wholeNumber, 10)
    .option('-f, --follow', 'go on with every record that is appended')
    .action((path: string, options: TailOptions) => tail(path, options))
  command(program, 'stats', 'Prints how many records there are, and in which files.', [
    'ministore stats state/journal.jsonl',
    'ministore stats state/journal.jsonl --json | jq .lastSeq',
  ]).action((path: string, options: CommonOptions) => stats(path, options))
}

function addChecking(program: Command): void {
  command(
    program,
    'verify',
    'Reads every byte and shows all damage. Changes nothing, needs no lock.',
    [
      'ministore verify state/journal.jsonl',
      'ministore verify state/journal.jsonl --json | jq .isDamaged',
    ],
  ).action(async (path: string, options: CommonOptions) => {
    process.exitCode = await verify(path, options)
  })
  command(
    program,
    'repair',
    'Mends a damaged journal. Without --write it says what it would do, and changes nothing. Every file that it replaces is kept as <file>.broken-<time>.',
    [
      'ministore repair state/journal.jsonl --skip-corrupt',
      'ministore repair state/journal.jsonl --skip-corrupt --write',
      'ministore repair state/journal.jsonl --cut-at 1042 --write',
    ],
  )
    .option('--cut-at <seq>', 'end the journal before this record', fromOne)
    .option('--skip-corrupt', 'leave out what is damaged; what stands behind it gets new numbers')
    .option('--write', 'do it')
    .action(async (path: string, options: RepairCommandOptions) => {
      process.exitCode = await repair(path, options)
    })
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number.')
}

function fromOne(text: string): number {
  const number = wholeNumber(text)
  if (number >= 1) return number
  throw new InvalidArgumentError('It must be at least 1.')
}
