import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Inspection } from '@mini-rs/ministore'
import type { Immutable, StateVerification } from '@mini-rs/ministate'
import type { SnapshotFile } from '@mini-rs/minisnap'
import colors from 'picocolors'
import { alignRight, bar, bytes, count, line, milliseconds, printable, table } from './layout.js'
import type { Sighting } from './messages.js'
import type { LaterScan, Proof } from './proof.js'
import { disabledOnes, inSeveralVersions, mostWanted } from './queries.js'
import type { Component, Registry } from './registry.js'
import type { ScanResult } from './scan.js'
import type { Finished } from './watcher-process.js'
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
  const verdict = opened.recovery.log?.verdict ?? ''
  return [line(`process ${pid} opened the state: ${colors.bold(verdict)}`)]
}

/** A line for what the watcher sees, as it sees it; undefined where there would be too many. */
export function sightingLine(
  pid: number | undefined,
  { seq, what, label, packageCount }: Sighting,
  every: number,
): string | undefined {
  if (what === 'Register' && seq !== 1 && seq % every !== 0) return undefined
  const event = what === 'reset' ? 'what it had not read was dropped: it takes the snapshot' : label
  const packages = count(packageCount, 'package')
  return line(
    colors.magenta(`watcher ${pid ?? ''} │ `) +
      `${String(seq).padStart(4)}  ${what.padEnd(8)}  ${printable(event, 44).padEnd(44)}  ` +
      colors.dim(packages),
  )
}

export function killLines({ opened, acknowledged, signal, elapsedMs }: WriterOutcome): string[] {
  return [
    line(
      `it was killed with ${colors.red(String(signal))} when ${acknowledged} of ` +
        `${count(opened.mutationCount, 'mutation')} had been acknowledged${took(elapsedMs)}`,
    ),
  ]
}

/** How a writer found what the one before it had left. */
export function recoveryLines(before: WriterOutcome, now: WriterOutcome): string[] {
  const { recovery, registered, mutationCount, lastSeq } = now.opened
  const { verdict = '', setAside } = recovery.log ?? {}
  const torn =
    setAside === undefined
      ? 'nothing to set aside'
      : `${count(setAside.sizeBytes, 'torn byte')} set aside in ${setAside.path}`
  return [
    line(
      `process ${now.pid} found it ${colors.bold(verdict)}: last mutation ` +
        `${lastSeq}, ${torn}, open after ${milliseconds(recovery.elapsedMs)}`,
    ),
    line(survivalOf(before.lastAcknowledgedSeq, lastSeq - before.lastAcknowledgedSeq)),
    ...replayLines(now),
    line(
      `${count(registered, 'package')} registered already, so ` +
        `${count(mutationCount, 'mutation')} left to log`,
    ),
  ]
}

function replayLines({ opened: { recovery } }: WriterOutcome): string[] {
  const { snapshot, replayedRecords: replayed } = recovery
  if (snapshot === undefined) {
    return [line(`without a snapshot, it replayed all ${replayed} mutations`)]
  }
  const spared = colors.green(`${count(snapshot.seq, 'mutation')} spared`)
  return [
    line(
      `it restored the snapshot of mutation ${snapshot.seq}, and replayed ${replayed}: ${spared}`,
    ),
  ]
}

/** What a writer did to keep the journal short. */
export function snapshotLines({ snapshots, droppedRecords, freedBytes }: WriterOutcome): string[] {
  const dropped =
    droppedRecords === 0
      ? 'no whole file of the journal could go yet'
      : `compaction dropped ${count(droppedRecords, 'mutation')} of the journal, ${bytes(freedBytes)}`
  return [line(`it took ${count(snapshots, 'snapshot')}; ${dropped}`)]
}

function survivalOf(acknowledged: number, extra: number): string {
  if (extra < 0) return colors.red(`✘ ${-extra} of ${acknowledged} acknowledged mutations are LOST`)
  const more = extra > 0 ? `, and ${extra} whose acknowledgement the kill cut short` : ''
  return `all ${acknowledged} acknowledged mutations are there${more}`
}

/** What durability cost a writer. */
export function costLines({ done, elapsedMs }: WriterOutcome): string[] {
  if (done?.stats?.syncLatency === undefined) return []
  const { syncs, meanRecordsPerCommit, syncLatency } = done.stats
  const each = `${meanRecordsPerCommit.toFixed(1)} mutations each`
  const latency = `median ${milliseconds(syncLatency.p50Ms)}`
  return [
    line(colors.dim(`${count(syncs, 'sync')} to the disk, ${each}, ${latency}`) + took(elapsedMs)),
  ]
}

export function proofLines(proof: Proof, scanned: string): string[] {
  const read = proof.mutationCount - proof.snapshotSeq
  const time = colors.dim(
    `  ${read} of ${count(proof.mutationCount, 'mutation')} replayed, in ${milliseconds(proof.openMs)}`,
  )
  return [
    ...comparison(
      ['snapshot and journal', proof.componentCount, proof.stateDigest],
      [scanned, proof.scannedCount, proof.scanDigest],
    ),
    line(
      verdictOf(proof.holds, 'nothing lost, nothing doubled', 'the journal tells another story') +
        time,
    ),
  ]
}

type Side = readonly [what: string, packages: number, digest: string]

function comparison(...sides: readonly Side[]): string[] {
  const rows = sides.map(([what, packages, hex]) => [what, count(packages, 'package'), digest(hex)])
  return table(['', '', 'sha-256'], rows).slice(1)
}

function verdictOf(holds: boolean, good: string, bad: string): string {
  return holds ? colors.green(`✔ equal: ${good}`) : colors.red(`✘ NOT EQUAL: ${bad}`)
}

export function watcherLines(
  pid: number | undefined,
  finished: Finished,
  proof: Proof,
  holds: boolean,
): string[] {
  const { sightingCount, packageCount, digest: seen } = finished
  const much = count(sightingCount, 'mutation')
  return [
    line(`process ${pid} was there all the time: ${much} by four writers, two of them killed`),
    ...comparison(
      ['the watcher', packageCount, seen],
      ['snapshot and journal', proof.componentCount, proof.stateDigest],
    ),
    line(verdictOf(holds, 'it saw what is there, and wrote nothing', 'it saw something else')),
  ]
}

export function queryLines(state: Immutable<Registry>): string[] {
  const wanted = mostWanted(state, 5)
  const figures = alignRight(['dependents', ...wanted.map(({ count: many }) => String(many))])
  const several = inSeveralVersions(state)
  const shown = several
    .slice(0, 3)
    .map(({ name, versions }) => printable(`${name} (${versions.join(', ')})`, 60))
  return [
    ...(wanted.length === 0
      ? [line('no package depends on another')]
      : table(
          ['most wanted', figures[0] ?? ''],
          wanted.map(({ name }, row) => [printable(name, 40), figures[row + 1] ?? '']),
        )),
    '',
    line(
      `${count(several.length, 'package')} in more than one version${shown.length > 0 ? ':' : ''}`,
    ),
    ...shown.map((one) => line(`  ${one}`)),
    line(
      `disabled: ${disabledOnes(state)
        .map((one) => printable(labelOf(one), 60))
        .join(', ')}`,
    ),
  ]
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
  disabled: Component | undefined,
  { elapsedMs }: WriterOutcome,
): string[] {
  const updated = `${before?.name} ${before?.version} → ${bumped?.version}`
  return [
    line(colors.dim('an overlay in memory, as a later day might bring it; no file was changed')),
    changeLine(colors.yellow('Update'), updated) + took(elapsedMs),
    ...(removed === undefined ? [] : [changeLine(colors.red('Remove'), labelOf(removed))]),
    ...(disabled === undefined
      ? []
      : [
          changeLine(
            colors.blue('Enable'),
            `${labelOf(disabled)}: false, and no scan changes that`,
          ),
        ]),
  ]
}

function changeLine(what: string, text: string): string {
  return line(`${what}  ${printable(text)}`)
}

function labelOf({ name, version }: Pick<Component, 'name' | 'version'>): string {
  return `${name} ${version}`
}

export async function journalLines(
  inspection: Inspection,
  snapshots: readonly SnapshotFile[],
  verification: StateVerification,
  width: number,
): Promise<string[]> {
  const path = inspection.segments.at(-1)?.path ?? ''
  const lines = (await readFile(path, 'utf8')).split('\n')
  const seal = lines.find((one) => /\t[ \t]{32}$/.test(one))?.slice(-36) ?? ''
  const visible = seal.replaceAll('\t', '→').replaceAll(' ', '·')
  return [
    line(
      `the last ${count(inspection.records, 'mutation')} in ${count(inspection.segments.length, 'file')} of JSON lines, ${bytes(inspection.sizeBytes)}`,
    ),
    ...snapshots.map((one) => line(`${basename(one.path)}, ${bytes(one.sizeBytes)}`)),
    line(verificationOf(verification)),
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

function verificationOf({ isSound, records, snapshot }: StateVerification): string {
  const replayed = `${count(records, 'mutation')} replayed twice`
  return isSound
    ? colors.green(`✔ sound: ${replayed}, the newest snapshot is ${snapshot.status}`)
    : colors.red(`✘ NOT SOUND: ${replayed}, the newest snapshot is ${snapshot.status}`)
}
