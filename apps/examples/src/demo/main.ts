// A durable registry of installed packages, whose writer is killed half-way while another process watches; then
// a queue of work on each of them, whose workers are killed too.
// npm run demo [-- /a/folder/to/scan]
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MiniStore } from '@mini-rs/ministore'
import { SnapStore } from '@mini-rs/minisnap'
import { StateManager } from '@mini-rs/ministate'
import colors from 'picocolors'
import { accountFor } from './account.js'
import {
  accountLines,
  checkerKillLines,
  enqueuedLines,
  finishedLines,
  resumedLines,
  troubleLine,
} from './check-report.js'
import { type CheckerJob, type CheckerOutcome, type Opened, runChecker } from './checker-process.js'
import { checksOf, writePoison } from './checks.js'
import { heading, line, milliseconds, widthOf } from './layout.js'
import { printLive, startProgress } from './progress.js'
import { type Proof, overlayOf, prove } from './proof.js'
import { type Component, registry } from './registry.js'
import {
  costLines,
  journalLines,
  killLines,
  laterLines,
  openedLines,
  proofLines,
  queryLines,
  recoveryLines,
  scanLines,
  sightingLine,
  snapshotLines,
  watcherLines,
} from './report.js'
import { type ScanResult, scan } from './scan.js'
import { type WatcherProcess, startWatcher } from './watcher-process.js'
import { type WriterJob, type WriterOutcome, runWriter } from './writer-process.js'

const HERE = fileURLToPath(new URL('.', import.meta.url))
/** Of the second writer's mutations: snapshots that it takes, and the part after which it is killed. */
const SNAPSHOTS = 6
const KILL_AT = 0.9
/** How many of the watcher's sightings are shown while packages are registered. */
const SIGHTINGS = 10

/** How many failed checks of a process are shown. */
const RETRIES = 4

const REPOSITORY = resolve(HERE, '../../../..')

/** Resolves to whether every proof holds. */
async function main(): Promise<boolean> {
  const startMs = performance.now()
  const source = folderToScan()
  const folder = await freshFolder()
  print([`\n  ${colors.bold('A component registry that survives kill -9')}`])

  print([heading(1, 'Scan the manifests')])
  const first = await scanFolder(source)
  print(scanLines(first, source))
  if (first.components.length === 0) {
    print(['', line(colors.red('There is no package here, so there is nothing to show.'))])
    return false
  }
  const watcher = await watch(folder, Math.max(1, Math.floor(first.components.length / SIGHTINGS)))
  try {
    const holds = await tellStory(source, folder, first.components, watcher)
    print([
      '',
      line(join(folder, 'journal.jsonl')),
      line(colors.dim(`all in ${milliseconds(performance.now() - startMs)}`)),
    ])
    return holds
  } finally {
    watcher.stop()
  }
}

async function tellStory(
  source: string,
  folder: string,
  components: readonly Component[],
  watcher: WatcherProcess,
): Promise<boolean> {
  const isNothingLost = await writeAndKill(folder, components)

  print([heading(5, 'Prove it: open the state, scan again, compare')])
  const fresh = await scanFolder(source)
  const proof = await prove(folder, fresh.components)
  const isNothingDoubled = proof.mutationCount === proof.componentCount
  print(proofLines(proof, 'a fresh scan'))

  const laterProof = await findChanges(folder, fresh.components)
  await ask(folder)
  const isWatched = await endWatching(watcher, laterProof)
  const isChecked = await checkAll(source, folder)
  await showDisk(folder)
  return (
    isNothingLost && isNothingDoubled && proof.holds && laterProof.holds && isWatched && isChecked
  )
}

/** Steps 2 to 4. Resolves to whether all that was acknowledged was there after each kill. */
async function writeAndKill(folder: string, components: readonly Component[]): Promise<boolean> {
  print([
    heading(2, 'Log one mutation each, and kill the writer half-way; another process watches'),
  ])
  const killed = await write(folder, components, { killAfter: Math.floor(components.length / 2) })
  print([...openedLines(killed), ...killLines(killed)])

  print([
    heading(3, 'Open it again, go on with snapshots and a short journal, and kill that one too'),
  ])
  const left = components.length - killed.lastAcknowledgedSeq
  const snapshotEvery = Math.max(1, Math.floor(left / SNAPSHOTS))
  const second = await write(folder, components, {
    snapshotEvery,
    killAfter: Math.floor(left * KILL_AT),
  })
  print([...recoveryLines(killed, second), ...snapshotLines(second), ...killLines(second)])

  print([heading(4, 'Open it once more: a snapshot, and the few mutations after it')])
  const third = await write(folder, components, { snapshotEvery })
  print([...recoveryLines(second, third), ...costLines(third)])
  return (
    second.opened.lastSeq >= killed.lastAcknowledgedSeq &&
    third.opened.lastSeq >= second.lastAcknowledgedSeq
  )
}

/** Step 6: a later scan, and a decision of people. */
async function findChanges(folder: string, components: readonly Component[]): Promise<Proof> {
  print([heading(6, 'A later scan finds changes, and somebody disables a package')])
  const later = overlayOf(components)
  const disabled = later.components.at(-1)
  const further =
    disabled === undefined ? [] : [{ Enable: { path: disabled.path, enabled: false } }]
  const fourth = await write(folder, later.components, { further })
  const proof = await prove(
    folder,
    later.components,
    further.map(({ Enable }) => Enable.path),
  )
  print(laterLines(later, components[0], disabled, fourth))
  print(proofLines(proof, 'that scan'))
  return proof
}

async function ask(folder: string): Promise<void> {
  print([heading(7, 'Ask it: a query is a function of the state')])
  const reader = await StateManager.open(folder, registry, { readOnly: true })
  print(queryLines(reader.state))
  await reader.close()
}

async function endWatching(watcher: WatcherProcess, proof: Proof): Promise<boolean> {
  print([heading(8, 'Ask the watcher what it has')])
  const finished = await watcher.finish()
  const holds = finished.digest === proof.stateDigest && finished.seq === proof.mutationCount
  print(watcherLines(watcher.pid, finished, proof, holds))
  return holds
}

/** Steps 9 to 11: a queue of work on what the registry holds. Resolves to whether each was done exactly once. */
async function checkAll(source: string, folder: string): Promise<boolean> {
  const reader = await StateManager.open(folder, registry, { readOnly: true })
  const checks = checksOf(Object.values(reader.state.components))
  await reader.close()
  const root = await realpath(source)
  const jobs = [await writePoison(folder), ...checks]
  const queueFolder = join(folder, 'queues')

  print([heading(9, 'Queue an integrity check of every package, and kill the workers half-way')])
  const killAfter = Math.max(1, Math.floor(checks.length / 2))
  const job = { folder: queueFolder, root, checks: jobs }
  const killed = await runChecks({ ...job, killAfter }, enqueuedLines)
  print(checkerKillLines(killed, checks.length))

  print([heading(10, 'Open it again: what is done stays done, what was running comes again')])
  print(finishedLines(await runChecks(job, resumedLines)))

  print([heading(11, 'The account: what the journal of the queue says, and what is true')])
  const progress = startProgress('packages hashed here', checks.length)
  const path = join(queueFolder, 'journal.jsonl')
  const account = await accountFor(path, root, checks, (done) => progress.update(done))
  progress.stop()
  print(accountLines(account, widthOf(process.stdout.columns)))
  return account.holds
}

/** Runs a checker, with a bar of what is checked, and the first of what goes wrong. */
async function runChecks(
  job: Pick<CheckerJob, 'folder' | 'root' | 'checks' | 'killAfter'>,
  linesOf: (pid: number | undefined, opened: Opened) => readonly string[],
): Promise<CheckerOutcome> {
  const progress = startProgress('packages checked', job.checks.length - 1)
  let checkedBefore = 0
  let shown = 0
  try {
    return await runChecker({
      ...job,
      onOpened: (pid, opened) => {
        for (const one of linesOf(pid, opened)) printLive(one)
        checkedBefore = opened.completed
        progress.update(checkedBefore)
      },
      onChecked: (checked) => progress.update(checkedBefore + checked),
      onTrouble: (pid, trouble) => {
        if (trouble.kind === 'dead' || shown++ < RETRIES) printLive(troubleLine(pid, trouble))
      },
    })
  } finally {
    progress.stop()
  }
}

async function showDisk(folder: string): Promise<void> {
  print([heading(12, 'What is on the disk')])
  const inspection = await MiniStore.inspect(join(folder, 'journal.jsonl'))
  const snapshots = await new SnapStore(folder).list()
  const verification = await StateManager.verify(folder, registry)
  print(await journalLines(inspection, snapshots, verification, widthOf(process.stdout.columns)))
}

/** Starts the watcher; what it sees is written as it sees it, every so many registrations. */
async function watch(folder: string, every: number): Promise<WatcherProcess> {
  const watcher = await startWatcher(folder, (sighting) => {
    const text = sightingLine(watcher.pid, sighting, every)
    if (text !== undefined) printLive(text)
  })
  return watcher
}

async function scanFolder(folder: string): Promise<ScanResult> {
  const progress = startProgress('manifests read')
  let manifestCount = 0
  try {
    return await scan(folder, () => progress.update(++manifestCount))
  } finally {
    progress.stop()
  }
}

async function write(
  folder: string,
  components: readonly Component[],
  how: Pick<WriterJob, 'killAfter' | 'snapshotEvery' | 'further'> = {},
): Promise<WriterOutcome> {
  const progress = startProgress('mutations acknowledged', components.length)
  let alreadyThere = 0
  try {
    return await runWriter({
      folder,
      components,
      ...how,
      onOpened: (opened) => {
        alreadyThere = components.length - opened.mutationCount
        progress.update(alreadyThere)
      },
      onAcknowledged: (acknowledged) => progress.update(alreadyThere + acknowledged),
    })
  } finally {
    progress.stop()
  }
}

/** Relative to where npm was called (INIT_CWD), or to the repository, because turbo hides the former. */
function folderToScan(): string {
  const argument = process.argv.slice(2).find((one) => one !== '--')
  if (argument === undefined) return join(REPOSITORY, 'node_modules')
  const fromHere = resolve(process.env.INIT_CWD ?? '.', argument)
  return existsSync(fromHere) ? fromHere : resolve(REPOSITORY, argument)
}

/** A new folder, kept until the next run, to be looked at. Tests name a parent of their own. */
async function freshFolder(): Promise<string> {
  const parent = process.env.DEMO_FOLDER
  if (parent !== undefined) return mkdtemp(join(parent, 'registry-'))
  const folder = resolve(HERE, '../../.demo/registry')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  return folder
}

function print(lines: readonly string[]): void {
  console.log(lines.join('\n'))
}

try {
  if (!(await main())) process.exitCode = 1
} catch (error) {
  console.error(colors.red(error instanceof Error ? error.message : String(error)))
  process.exitCode = 1
}
