import { crc32 } from '@mini-rs/ministore/seal'
import type { Clock } from '@mini-rs/ministore'
import type { RestoredSnapshot, SkippedSnapshot, SnapshotStore } from '@mini-rs/minisnap'
import type { CompiledDefinition } from '../definition/compiled.js'
import { codeOf } from '../errors.js'
import { applyRecord } from '../replay/apply-record.js'
import { skippedRecordsOf } from '../replay/load.js'
import type { RecordSource } from '../replay/record-source.js'
import { findSkips, replayFailed } from '../replay/replay-failure.js'
import { copyOut } from '../tree/copy.js'
import { firstDifference } from '../tree/difference.js'
import { StateTree, adoptState } from '../tree/state-tree.js'

/** A record whose recipe made something else of it the second time. */
export interface NondeterministicRecord {
  readonly seq: number
  readonly mutation: string
  /** The segment and the 1-based line; undefined where the log is no file. */
  readonly path: string | undefined
  readonly line: number | undefined
}

/** How the newest snapshot stands to the log. */
export interface SnapshotVerdict {
  /** `unreachable`: the log does not begin early enough to make its state again. */
  readonly status: 'equal' | 'differs' | 'unreachable' | 'none'
  readonly seq: number | undefined
  /** Where the snapshot and the replay differ first, `$` being the state. */
  readonly differsAt: string | undefined
}

/** What {@link StateManager.verify} found. */
export interface StateVerification {
  /** Whether nothing is wrong. */
  readonly isSound: boolean
  /** Records that were replayed, each twice. */
  readonly records: number
  /** The first record whose replays differ: its recipe depends on more than state and payload. */
  readonly nondeterministic: NondeterministicRecord | undefined
  readonly snapshot: SnapshotVerdict
  /** Snapshots that are damaged. */
  readonly damagedSnapshots: readonly SkippedSnapshot[]
}

/** What {@link verifyState} reads. */
export interface VerifyParts<S extends object> {
  readonly initial: S
  readonly definition: CompiledDefinition
  readonly source: RecordSource
  readonly snapshots: SnapshotStore<S>
  readonly clock: Clock
}

/** How many records the second replay applies before it shares its state, as a manager does. */
const RECORDS_PER_VERSION = 256

/** Replays everything twice, once in place and once version by version, and compares. Writes nothing. */
export async function verifyState<S extends object>(
  parts: VerifyParts<S>,
): Promise<StateVerification> {
  const { snapshots, source, clock } = parts
  const newest = await tryRestoreNewest(snapshots)
  const base = await oldestBase(parts)
  const run = { ...parts, base, newest: newest.restored }
  const first = await replay(run, false)
  // A recipe that reads the clock gives itself away only when it has moved on.
  await clock.wait(5, new AbortController().signal)
  const second = await replay(run, true)
  const at = first.prints.findIndex((print, index) => print !== second.prints[index])
  const nondeterministic = at === -1 ? undefined : await placeOf(source, first, at)
  const snapshot = verdictOf(newest.restored, first)
  const isSound =
    nondeterministic === undefined && snapshot.status !== 'differs' && newest.skipped.length === 0
  const records = first.prints.length
  return { isSound, records, nondeterministic, snapshot, damagedSnapshots: newest.skipped }
}

interface Base {
  readonly state: object
  readonly seq: number
  readonly leftOut: readonly number[]
}

/** What replay begins with: nothing, or the oldest snapshot that the log goes on from. */
async function oldestBase<S extends object>({
  initial,
  snapshots,
  source,
}: VerifyParts<S>): Promise<Base> {
  const fromNothing: Base = { state: adoptState(initial), seq: 0, leftOut: [] }
  const dropped = await droppedThrough(source)
  for (const { seq } of (await snapshots.list()).toReversed()) {
    if (seq < dropped) continue
    // Where the log is whole, only a snapshot before its first record is where it began: a fork has one.
    if (dropped === 0 && seq > 0) break
    const restored = await snapshots.tryRestore({ atOrBefore: seq })
    if (restored?.seq !== seq) continue
    return { state: restored.state, seq, leftOut: skippedRecordsOf(restored.info.notes) }
  }
  return fromNothing
}

/** The last record that is gone. The log is asked for its first one: where all are gone, no record could tell. */
async function droppedThrough(source: RecordSource): Promise<number> {
  const bounds = source.bounds()
  if (bounds !== undefined) return bounds.droppedThroughSeq
  try {
    for await (const { firstSeq } of source.batches({ from: 1 })) return firstSeq - 1
    return 0
  } catch (error) {
    if (codeOf(error) !== 'SEQ_DROPPED') throw error
    const { firstSeq = 1 } = error as { readonly firstSeq?: number }
    return firstSeq - 1
  }
}

async function tryRestoreNewest<S>(
  snapshots: SnapshotStore<S>,
): Promise<{ restored: RestoredSnapshot<S> | undefined; skipped: readonly SkippedSnapshot[] }> {
  try {
    const restored = await snapshots.tryRestore()
    return { restored, skipped: restored?.skipped ?? [] }
  } catch (error) {
    const { skipped } = error as { readonly skipped?: readonly SkippedSnapshot[] }
    if (skipped === undefined) throw error
    return { restored: undefined, skipped }
  }
}

interface Replayed {
  /** One a record: of what its recipe wrote and returned. */
  readonly prints: number[]
  readonly seqs: number[]
  readonly names: string[]
  /** Where the newest snapshot differs from the state at its record; undefined while that was not reached. */
  readonly atSnapshot: { readonly differsAt: string | undefined } | undefined
}

async function replay<S extends object>(
  parts: VerifyParts<S> & { readonly base: Base; readonly newest: RestoredSnapshot<S> | undefined },
  isShared: boolean,
): Promise<Replayed> {
  const { definition, source, base, newest } = parts
  const tree = new StateTree<object>(copyOut(base.state, (value) => value))
  const skips = new Set([
    ...(await findSkips(definition, source, base.seq + 1)).keys(),
    ...base.leftOut,
  ])
  const [prints, seqs, names]: [number[], number[], string[]] = [[], [], []]
  let atSnapshot = newest && compareAt(newest, base.seq, tree)
  for await (const { firstSeq, records } of source.batches({ from: base.seq + 1 })) {
    for (const [index, record] of records.entries()) {
      const seq = firstSeq + index
      if (!skips.has(seq)) {
        const printed = await applyAndPrint(tree, parts, record, seq)
        if (printed !== undefined) {
          prints.push(printed.print)
          seqs.push(seq)
          names.push(printed.name)
        }
      }
      if (newest !== undefined) atSnapshot ??= compareAt(newest, seq, tree)
      if (isShared && seq % RECORDS_PER_VERSION === 0) tree.publish()
    }
  }
  return { prints, seqs, names, atSnapshot }
}

function compareAt(
  newest: RestoredSnapshot<object>,
  seq: number,
  tree: StateTree<object>,
): Replayed['atSnapshot'] {
  return seq === newest.seq ? { differsAt: firstDifference(newest.state, tree.state) } : undefined
}

async function applyAndPrint(
  tree: StateTree<object>,
  { definition, source }: Pick<VerifyParts<object>, 'definition' | 'source'>,
  record: unknown,
  seq: number,
): Promise<{ print: number; name: string } | undefined> {
  let sum = 0
  const add = (path: string, value: unknown): void => {
    sum = crc32(Buffer.from(`${path}=${textOf(value)}\n`), sum)
  }
  try {
    const parsed = definition.parse(record)
    if (parsed.kind !== 'mutation') return undefined
    add('result', applyRecord(tree, parsed, source.gapless ? seq : undefined, add))
    return { print: sum, name: parsed.name }
  } catch (error) {
    throw await replayFailed(source, seq, record, error)
  }
}

/** Two values have the same text when no recipe could tell them apart. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (inner instanceof Map) return ['Map', ...inner.entries()]
    if (inner instanceof Set) return ['Set', ...inner]
    return typeof inner === 'bigint' ? ['bigint', String(inner)] : inner
  })
}

async function placeOf(
  source: RecordSource,
  { seqs, names }: Replayed,
  at: number,
): Promise<NondeterministicRecord> {
  const seq = seqs[at] ?? 0
  const place = await source.locate(seq)
  return { seq, mutation: names[at] ?? '', path: place?.path, line: place?.line }
}

function verdictOf(
  newest: RestoredSnapshot<object> | undefined,
  { atSnapshot }: Replayed,
): SnapshotVerdict {
  if (newest === undefined) return { status: 'none', seq: undefined, differsAt: undefined }
  const { seq } = newest
  if (atSnapshot === undefined) return { status: 'unreachable', seq, differsAt: undefined }
  const { differsAt } = atSnapshot
  return { status: differsAt === undefined ? 'equal' : 'differs', seq, differsAt }
}
