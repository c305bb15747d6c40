// An event-sourced registry of installed packages, whose writer is killed half-way.
// npm run demo [-- /a/folder/to/scan]
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MiniStore } from '@mini-rs/ministore'
import colors from 'picocolors'
import { heading, line, milliseconds, widthOf } from './layout.js'
import { startProgress } from './progress.js'
import { overlayOf, prove } from './proof.js'
import { snapshotsOf } from './recover.js'
import type { Component } from './registry.js'
import {
  costLines,
  journalLines,
  killLines,
  laterLines,
  openedLines,
  proofLines,
  recoveryLines,
  scanLines,
  snapshotLines,
} from './report.js'
import { type ScanResult, scan } from './scan.js'
import { type WriterJob, type WriterOutcome, runWriter } from './writer-process.js'

const HERE = fileURLToPath(new URL('.', import.meta.url))
/** Of the second writer's events: snapshots that it takes, and the part after which it is killed. */
const SNAPSHOTS = 6
const KILL_AT = 0.9

const REPOSITORY = resolve(HERE, '../../../..')

/** Resolves to whether every proof holds. */
async function main(): Promise<boolean> {
  const startMs = performance.now()
  const folder = folderToScan()
  const journal = await freshJournal()
  const width = widthOf(process.stdout.columns)
  print([`\n  ${colors.bold('A component registry that survives kill -9')}`])

  print([heading(1, 'Scan the manifests')])
  const first = await scanFolder(folder)
  const { components } = first
  print(scanLines(first, folder))
  if (components.length === 0) {
    print(['', line(colors.red('There is no package here, so there is nothing to show.'))])
    return false
  }

  print([heading(2, 'Log one event each, and kill the writer half-way')])
  const killed = await write(journal, components, {
    killAfter: Math.floor(components.length / 2),
  })
  print([...openedLines(killed), ...killLines(killed)])

  print([
    heading(3, 'Open it again, go on with snapshots and a short journal, and kill that one too'),
  ])
  const left = components.length - killed.lastAcknowledgedSeq
  const snapshotEvery = Math.max(1, Math.floor(left / SNAPSHOTS))
  const second = await write(journal, components, {
    snapshotEvery,
    killAfter: Math.floor(left * KILL_AT),
  })
  print([...recoveryLines(killed, second), ...snapshotLines(second), ...killLines(second)])

  print([heading(4, 'Open it once more: a snapshot, and the few records after it')])
  const third = await write(journal, components, { snapshotEvery })
  print([...recoveryLines(second, third), ...costLines(third)])
  const isNothingLost =
    second.opened.recovery.lastSeq >= killed.lastAcknowledgedSeq &&
    third.opened.recovery.lastSeq >= second.lastAcknowledgedSeq

  print([heading(5, 'Prove it: fold snapshot and journal, scan again, compare')])
  const fresh = await scanFolder(folder)
  const proof = await prove(journal, fresh.components)
  const isNothingDoubled = proof.eventCount === proof.componentCount
  print(proofLines(proof, 'a fresh scan'))

  print([heading(6, 'A later scan finds changes')])
  const later = overlayOf(fresh.components)
  const fourth = await write(journal, later.components)
  const laterProof = await prove(journal, later.components)
  print([...laterLines(later, fresh.components[0], fourth), ...proofLines(laterProof, 'that scan')])

  print([heading(7, 'What is on the disk')])
  print(
    await journalLines(await MiniStore.inspect(journal), await snapshotsOf(journal).list(), width),
  )
  print([
    '',
    line(journal),
    line(colors.dim(`all in ${milliseconds(performance.now() - startMs)}`)),
  ])
  return isNothingLost && isNothingDoubled && proof.holds && laterProof.holds
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
  journal: string,
  components: readonly Component[],
  how: Pick<WriterJob, 'killAfter' | 'snapshotEvery'> = {},
): Promise<WriterOutcome> {
  const progress = startProgress('events acknowledged', components.length)
  let alreadyThere = 0
  try {
    return await runWriter({
      journal,
      components,
      ...how,
      onOpened: (opened) => {
        alreadyThere = components.length - opened.eventCount
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

/** A new journal, kept until the next run, to be looked at. Tests name a folder of their own. */
async function freshJournal(): Promise<string> {
  const parent = process.env.DEMO_FOLDER
  if (parent !== undefined) return join(await mkdtemp(join(parent, 'registry-')), 'journal.jsonl')
  const folder = resolve(HERE, '../../.demo/registry')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  return join(folder, 'journal.jsonl')
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
