import type { RestoredSnapshot, SkippedSnapshot, SnapshotStore } from '@mini-rs/minisnap'
import type { CompiledDefinition, Skip } from '../definition/compiled.js'
import { MiniStateError, codeOf } from '../errors.js'
import type { Session } from '../tree/session.js'
import { StateTree, adoptState } from '../tree/state-tree.js'
import { runRecipe } from '../write/run-mutations.js'
import type { RecordSource } from './record-source.js'
import { findSkips, replayFailed } from './replay-failure.js'

/** What a state is made of. */
export interface LoadOptions<S extends object> {
  readonly initial: S
  readonly definition: CompiledDefinition
  readonly source: RecordSource
  readonly snapshots: SnapshotStore<S>
  /** The last record to apply. Default: all. */
  readonly to?: number
  /** Leaves out records that cannot be applied; the caller has to log that. */
  readonly skipsFailures: boolean
  /** Records that are to be left out, where it is known before. */
  readonly skips?: ReadonlyMap<number, string>
  /** Told of each record of the tail. */
  readonly onRecord?: ((record: unknown) => void) | undefined
}

/** A state, and where it comes from. */
export interface Loaded<S extends object> {
  readonly tree: StateTree<S>
  /** The last record that it reflects; 0 for none. */
  readonly seq: number
  readonly snapshot: RestoredSnapshot<S>['info'] | undefined
  /** Newer files that do not count as snapshots. */
  readonly skippedSnapshots: readonly SkippedSnapshot[]
  readonly replayedRecords: number
  /** All records that are left out, with the reasons. */
  readonly skips: ReadonlyMap<number, string>
  /** Of them, those that no record of the log says yet. */
  readonly newSkips: readonly Skip[]
}

/** What a replay begins with. */
interface Base<S extends object> {
  readonly tree: StateTree<S>
  readonly seq: number
  readonly snapshot: RestoredSnapshot<S>['info'] | undefined
  readonly skippedSnapshots: readonly SkippedSnapshot[]
  /** The newest file before any was read, whole or not. */
  readonly newestSeq: number
}

/** A record was applied that has to be left out: the replay begins again, with what is known now. */
class MustBeginAgain extends Error {}

/**
 * The newest whole snapshot, and the log's tail on top of it. Nothing is written.
 *
 * @throws {@link MiniStateError} `REPLAY_FAILED`, `HISTORY_GAP`, `SNAPSHOT_AHEAD`; what the log and the
 * snapshots throw
 */
export async function loadState<S extends object>(options: LoadOptions<S>): Promise<Loaded<S>> {
  const skips = new Map(options.skips)
  const newSkips: Skip[] = []
  for (;;) {
    const base = await restoreBase(options, skips)
    try {
      const replayed = await replayTail(base, options, { skips, newSkips })
      return { ...base, ...replayed, skips, newSkips }
    } catch (error) {
      if (!(error instanceof MustBeginAgain)) throw error
    }
  }
}

/** The newest snapshot that left out what has to be left out; else the initial state. */
async function restoreBase<S extends object>(
  { initial, source, snapshots, to = Number.MAX_SAFE_INTEGER }: LoadOptions<S>,
  skips: ReadonlyMap<number, string>,
): Promise<Base<S>> {
  const skippedSnapshots: SkippedSnapshot[] = []
  const newestSeq = (await snapshots.list())[0]?.seq ?? -1
  for (let atOrBefore = to; atOrBefore >= 0;) {
    const { restored, damaged } = await tryRestore(snapshots, source, atOrBefore)
    skippedSnapshots.push(...damaged)
    if (restored === undefined) break
    const { state, seq, info } = restored
    const leftOut = new Set(skippedRecordsOf(info.notes))
    const applied = [...skips.keys()].filter((one) => one <= seq && !leftOut.has(one))
    if (applied.length === 0) {
      assertNotAhead(source, seq)
      return { tree: new StateTree(state), seq, snapshot: info, skippedSnapshots, newestSeq }
    }
    atOrBefore = Math.min(...applied) - 1
  }
  return {
    tree: new StateTree(adoptState(initial)),
    seq: 0,
    snapshot: undefined,
    skippedSnapshots,
    newestSeq,
  }
}

/** Damaged snapshots stop nobody whose log is whole. */
async function tryRestore<S extends object>(
  snapshots: SnapshotStore<S>,
  source: RecordSource,
  atOrBefore: number,
): Promise<{ restored: RestoredSnapshot<S> | undefined; damaged: readonly SkippedSnapshot[] }> {
  try {
    const restored = await snapshots.tryRestore({ atOrBefore })
    return { restored, damaged: restored?.skipped ?? [] }
  } catch (error) {
    if (codeOf(error) !== 'SNAPSHOT_CORRUPT') throw error
    const dropped = source.bounds()?.droppedThroughSeq ?? 0
    if (dropped > 0) throw historyGap(source, 0, dropped, error)
    const { skipped = [] } = error as { readonly skipped?: readonly SkippedSnapshot[] }
    const beginning = skipped.find(({ seq }) => seq === 0)
    if (beginning !== undefined) throw beginningGone(beginning, error)
    return { restored: undefined, damaged: skipped }
  }
}

/** Records that a snapshot's state leaves out. */
export function skippedRecordsOf(notes: Readonly<Record<string, unknown>> | undefined): number[] {
  const skipped = notes?.['skipped']
  return Array.isArray(skipped) ? skipped.filter((seq) => Number.isSafeInteger(seq)) : []
}

function assertNotAhead(source: RecordSource, seq: number): void {
  const bounds = source.bounds()
  if (bounds === undefined || seq <= Math.max(bounds.lastSeq, bounds.droppedThroughSeq)) return
  throw new MiniStateError(
    'SNAPSHOT_AHEAD',
    `the newest snapshot reflects record ${seq}, and the log ends at ${bounds.lastSeq}: they do not belong together, or the log was replaced. Bring back the log, or move the snapshot away`,
    { seq, lastSeq: bounds.lastSeq, path: source.path },
  )
}

function historyGap(
  source: RecordSource,
  haveSeq: number,
  droppedThroughSeq: number,
  cause?: unknown,
): MiniStateError {
  const have =
    haveSeq === 0
      ? 'there is no whole snapshot'
      : `the newest whole snapshot reflects record ${haveSeq}`
  return new MiniStateError(
    'HISTORY_GAP',
    `records ${haveSeq + 1} to ${droppedThroughSeq} are gone from the log, and ${have}: the state cannot be made again. Bring back a snapshot of record ${droppedThroughSeq} or newer`,
    { firstSeq: haveSeq + 1, lastSeq: droppedThroughSeq, path: source.path, cause },
  )
}

/** A fork begins with a snapshot of record 0; to begin with the initial state instead would be silently wrong. */
function beginningGone({ path, reason }: SkippedSnapshot, cause: unknown): MiniStateError {
  return new MiniStateError(
    'HISTORY_GAP',
    `${path}, the state that this log began with, is damaged (${reason}), and there is no newer whole snapshot. Bring it back, or fork again; only if this state is no fork, move the file away`,
    { firstSeq: 0, lastSeq: 0, path, cause },
  )
}

interface KnownSkips {
  readonly skips: Map<number, string>
  readonly newSkips: Skip[]
}

async function replayTail<S extends object>(
  base: Base<S>,
  options: LoadOptions<S>,
  known: KnownSkips,
): Promise<{ seq: number; replayedRecords: number }> {
  const { tree, seq: baseSeq, snapshot } = base
  const { source, to } = options
  const dropped = source.bounds()?.droppedThroughSeq ?? 0
  if (dropped > baseSeq) throw historyGap(source, baseSeq, dropped)
  const leftOut = new Set(skippedRecordsOf(snapshot?.notes))
  for (const seq of leftOut) if (!known.skips.has(seq)) known.skips.set(seq, 'as its snapshot says')
  const tail = new TailReplay(tree, options, known)
  let seq = baseSeq
  const range = to === undefined ? { from: baseSeq + 1 } : { from: baseSeq + 1, to }
  try {
    for await (const { firstSeq, records } of source.batches(range)) {
      for (let index = 0; index < records.length; index++) {
        seq = firstSeq + index
        if (tail.apply(records[index], seq)) continue
        await tail.handleFailure(records[index], seq)
      }
      tail.pause()
    }
  } catch (error) {
    throw codeOf(error) === 'SEQ_DROPPED' ? await droppedError(options, base, error) : error
  }
  return { seq, replayedRecords: tail.appliedRecords }
}

/** Records were dropped under a reader's hands: by a writer that has made a newer snapshot before, or long ago. */
async function droppedError<S extends object>(
  { source, snapshots }: LoadOptions<S>,
  { seq: haveSeq, newestSeq }: Base<S>,
  error: unknown,
): Promise<Error> {
  const [newest] = await snapshots.list()
  if (newest !== undefined && newest.seq > newestSeq) return new MustBeginAgain()
  const { firstSeq = haveSeq + 2 } = error as { readonly firstSeq?: number }
  return historyGap(source, haveSeq, firstSeq - 1, error)
}

/** The replay of a tail: what can be applied, and what cannot. */
class TailReplay<S extends object> {
  readonly #tree: StateTree<S>
  readonly #options: LoadOptions<S>
  readonly #known: KnownSkips
  appliedRecords = 0
  // Whether the rest of the log was searched for records that say what to leave out.
  #hasLookedAhead = false
  #failure: unknown
  // One for many records. Over before anything else can run.
  #session: Session | undefined

  constructor(tree: StateTree<S>, options: LoadOptions<S>, known: KnownSkips) {
    this.#tree = tree
    this.#options = options
    this.#known = known
  }

  /** False where it fails; then {@link TailReplay.handleFailure} decides. */
  apply(record: unknown, seq: number): boolean {
    const { definition, source, onRecord } = this.#options
    onRecord?.(record)
    if (this.#known.skips.size > 0 && this.#known.skips.has(seq)) return true
    try {
      const parsed = definition.parse(record)
      if (parsed.kind === 'skip') this.#skip(parsed)
      else {
        const session = (this.#session ??= this.#tree.begin())
        runRecipe(session, parsed.recipe, parsed.payload, source.gapless ? seq : undefined)
        session.next()
        this.appliedRecords++
      }
      return true
    } catch (error) {
      this.#session?.rollBack()
      this.#session = undefined
      if (error instanceof MustBeginAgain) throw error
      this.#failure = error
      return false
    }
  }

  /** Something else runs now. */
  pause(): void {
    this.#session?.end()
    this.#session = undefined
  }

  /** Leaves the record out where the log, or the caller, says so. @throws {@link MiniStateError} `REPLAY_FAILED` */
  async handleFailure(record: unknown, seq: number): Promise<void> {
    const { source, skipsFailures, to } = this.#options
    const { skips, newSkips } = this.#known
    if (!this.#hasLookedAhead) await this.#lookAhead(seq)
    if (skips.has(seq)) return
    const failure = await replayFailed(source, seq, record, this.#failure)
    if (!skipsFailures || to !== undefined) throw failure
    skips.set(seq, failure.message)
    newSkips.push({ seq, reason: failure.message })
  }

  async #lookAhead(seq: number): Promise<void> {
    this.#hasLookedAhead = true
    const { definition, source } = this.#options
    let isLate = false
    for (const [one, reason] of await findSkips(definition, source, seq + 1)) {
      isLate ||= one < seq && !this.#known.skips.has(one)
      this.#known.skips.set(one, reason)
    }
    if (isLate) throw new MustBeginAgain()
  }

  #skip({ seq, reason }: Skip): void {
    if (this.#known.skips.has(seq)) return
    this.#known.skips.set(seq, reason)
    throw new MustBeginAgain()
  }
}
