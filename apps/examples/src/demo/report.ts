import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Inspection } from '@mini-rs/ministore'
import type { SnapshotFile } from '@mini-rs/minisnap'
import colors from 'picocolors'
import { alignRight, bar, bytes, count, line, milliseconds, printable, table } from './layout.js'
import type { LaterScan, Proof } from './proof.js'
import type { Component } from './registry.js'
import type { ScanResult } from './scan.js'
import type { WriterOutcome } from './writer-process.js'

const ROWS = 6

export function scanLines(result: ScanResult, folder: string): string[] {
  const { components, broken, markerCount, fileCount, elapsedMs } = result
  const sizeBytes = components.reduce((sum, component) => sum + component.sizeBytes, 0)
  const aside = [
    markerCount > 0 ? `${count(markerCount, 'manifest')} without name and version left out` : '',
    `${count(broken.length, 'manifest')} broken`,
  ]
  return [
    line(colors.dim(printable(folder))),
    line(
      `${count(components.length, 'package')} in ${count(fileCount, 'file')}, ${bytes(sizeBytes)}` +
        took(elapsedMs),
    ),
    line(colors.dim(aside.filter(Boolean).join(', '))),
    ...broken
      .slice(0, ROWS)
      .map(({ path, reason }) => line(colors.yellow(printable(`${path}: ${reason}`, 90)))),
    ...(broken.length > ROWS ? [line(colors.yellow(`and ${broken.length - ROWS} more`))] : []),
    '',
    ...licenceTable(components),
    '',
    ...largestTable(components),
  ]
}

function licenceTable(components: readonly Component[]): string[] {
  const counts = new Map<string, number>()
  for (const { license } of components) counts.set(license, (counts.get(license) ?? 0) + 1)
  const sorted = [...counts].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  const rest = sorted.slice(ROWS)
  const shown = sorted.slice(0, ROWS)
  if (rest.length > 0) {
    shown.push([`${rest.length} others`, rest.reduce((sum, [, packages]) => sum + packages, 0)])
  }
  const figures = alignRight(['packages', ...shown.map(([, packages]) => String(packages))])
  const most = Math.max(...shown.map(([, packages]) => packages))
  return table(
    ['licence', 'packages', ''],
    shown.map(([license, packages], row) => [
      printable(license, 30),
      figures[row + 1] ?? '',
      bar(packages / most, 30),
    ]),
  )
}

function largestTable(components: readonly Component[]): string[] {
  const largest = components.toSorted((a, b) => b.sizeBytes - a.sizeBytes).slice(0, ROWS)
  const figures = alignRight(['size', ...largest.map(({ sizeBytes }) => bytes(sizeBytes))])
  return table(
    ['largest package', 'version', figures[0] ?? '', 'licence'],
    largest.map(({ name, version, license }, row) => [
      printable(name, 40),
      printable(version, 20),
      figures[row + 1] ?? '',
      printable(license, 20),
    ]),
  )
}

export function openedLines({ pid, opened }: WriterOutcome): string[] {
  return [line(`process ${pid} opened the journal: ${colors.bold(opened.recovery.verdict)}`)]
}

export function killLines({ opened, acknowledged, signal, elapsedMs }: WriterOutcome): string[] {
  return [
    line(
      `it was killed with ${colors.red(String(signal))} when ${acknowledged} of ` +
        `${count(opened.eventCount, 'event')} had been acknowledged${took(elapsedMs)}`,
    ),
  ]
}

/** How a writer found what the one before it had left. */
export function recoveryLines(before: WriterOutcome, now: WriterOutcome): string[] {
  const { recovery, registered, eventCount } = now.opened
  const { setAside } = recovery
  const torn =
    setAside === undefined
      ? 'nothing to set aside'
      : `${count(setAside.sizeBytes, 'torn byte')} set aside in ${setAside.path}`
  return [
    line(
      `process ${now.pid} found it ${colors.bold(recovery.verdict)}: last event ` +
        `${recovery.lastSeq}, ${torn}, open after ${milliseconds(recovery.elapsedMs)}`,
    ),
    line(survivalOf(before.lastAcknowledgedSeq, recovery.lastSeq - before.lastAcknowledgedSeq)),
    ...replayLines(now),
    line(`${registered} packages were registered already, so ${eventCount} events are left to log`),
  ]
}

function replayLines({ opened: { snapshotSeq, replayed } }: WriterOutcome): string[] {
  if (snapshotSeq === 0) return [line(`without a snapshot, it replayed all ${replayed} events`)]
  const spared = colors.green(`${count(snapshotSeq, 'event')} it did not have to replay`)
  return [
    line(`it restored the snapshot of event ${snapshotSeq}, and replayed ${replayed}: ${spared}`),
  ]
}

/** What a writer did to keep the journal short. */
export function snapshotLines({ snapshots, droppedRecords, freedBytes }: WriterOutcome): string[] {
  const dropped =
    droppedRecords === 0
      ? 'no whole file of the journal could go yet'
      : `compaction dropped ${count(droppedRecords, 'event')} of the journal, ${bytes(freedBytes)}`
  return [line(`it took ${count(snapshots, 'snapshot')}; ${dropped}`)]
}

function survivalOf(acknowledged: number, extra: number): string {
  if (extra < 0) return colors.red(`✘ ${-extra} of ${acknowledged} acknowledged events are LOST`)
  const more = extra > 0 ? `, and ${extra} whose acknowledgement the kill cut short` : ''
  return `all ${acknowledged} acknowledged events are there${more}`
}

/** What durability cost a writer. */
export function costLines({ done, elapsedMs }: WriterOutcome): string[] {
  if (done?.stats.syncLatency === undefined) return []
  const { syncs, meanRecordsPerCommit, syncLatency } = done.stats
  const each = `${meanRecordsPerCommit.toFixed(1)} events each`
  const latency = `median ${milliseconds(syncLatency.p50Ms)}`
  return [
    line(colors.dim(`${count(syncs, 'sync')} to the disk, ${each}, ${latency}`) + took(elapsedMs)),
  ]
}

export function proofLines(proof: Proof, scanned: string): string[] {
  const rows = [
    ['snapshot and journal', count(proof.componentCount, 'package'), digest(proof.journalDigest)],
    [scanned, count(proof.scannedCount, 'package'), digest(proof.scanDigest)],
  ]
  const verdict = proof.holds
    ? colors.green('✔ equal: nothing lost, nothing doubled')
    : colors.red('✘ NOT EQUAL: the journal tells another story than the scan')
  const read = proof.eventCount - proof.snapshotSeq
  const time = colors.dim(
    `  ${read} of ${count(proof.eventCount, 'event')} folded, in ${milliseconds(proof.foldMs)}`,
  )
  return [...table(['', '', 'sha-256'], rows).slice(1), line(verdict + time)]
}

function took(elapsedMs: number): string {
  return colors.dim(`  ${milliseconds(elapsedMs)}`)
}

function digest(hex: string): string {
  return `sha256 ${hex.slice(0, 16)}…`
}

export function laterLines(
  { bumped, removed }: LaterScan,
  before: Component | undefined,
  { elapsedMs }: WriterOutcome,
): string[] {
  const updated = `${before?.name} ${before?.version} → ${bumped?.version}`
  return [
    line(colors.dim('an overlay in memory, as a later day might bring it; no file was changed')),
    line(`${colors.yellow('Updated')}  ${printable(updated)}${took(elapsedMs)}`),
    ...(removed === undefined
      ? []
      : [line(`${colors.red('Removed')}  ${printable(`${removed.name} ${removed.version}`)}`)]),
  ]
}

export async function journalLines(
  inspection: Inspection,
  snapshots: readonly SnapshotFile[],
  width: number,
): Promise<string[]> {
  const path = inspection.segments.at(-1)?.path ?? ''
  const lines = (await readFile(path, 'utf8')).split('\n')
  const seal = lines.find((one) => /\t[ \t]{32}$/.test(one))?.slice(-36) ?? ''
  const visible = seal.replaceAll('\t', '→').replaceAll(' ', '·')
  return [
    line(
      `the last ${count(inspection.records, 'event')} in ${count(inspection.segments.length, 'file')} of JSON lines, ${bytes(inspection.sizeBytes)}`,
    ),
    ...snapshots.map((one) => line(`${basename(one.path)}, ${bytes(one.sizeBytes)}`)),
    '',
    line(colors.dim('$ cat journal.jsonl')),
    ...lines.slice(0, 5).map((one) => line(printable(one.trimEnd(), width - 6))),
    line(colors.dim('…')),
    '',
    line(
      colors.dim(
        'the end of a line with its white space made visible: the checksum of all before it',
      ),
    ),
    line(`…${visible}`),
  ]
}
