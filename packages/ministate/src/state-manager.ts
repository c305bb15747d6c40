import { assertKnownOptions, type StoreStats } from '@mini-rs/ministore'
import type { CompactReport, CreatedSnapshot } from '@mini-rs/minisnap'
import type { Admitted } from './definition/admitted.js'
import type { StateDefinition } from './definition/define-state.js'
import type { Immutable } from './definition/immutable.js'
import type { AnyResult, MutationCalls, MutationInputs } from './definition/mutation-types.js'
import { Lifecycle } from './lifecycle.js'
import {
  batchUnsupported,
  engineUnsupported,
  idUnsupported,
  readOnly,
  reentrant,
  stateClosed,
} from './manager-errors.js'
import type { AppliedAll, ApplyOptions, StateStats, StateStatus } from './manager-types.js'
import { select } from './observe/select.js'
import {
  type OpenState,
  type StateRecovery,
  type Writing,
  checkedSettings,
  openState,
  snapshotsOf,
  verifyDirectory,
} from './open-state.js'
import { type StateManagerOptions, assertApplyOptions, assertCount } from './options.js'
import { type Change, changesOf } from './read/changes.js'
import { type DryRun, dryRun } from './read/dry-run.js'
import { FORK_OPTIONS, forkState } from './read/fork.js'
import { type HistoryEntry, historyOf, stateAt } from './read/time-travel.js'
import type { StateVerification } from './read/verify-state.js'
import { freezeTree } from './tree/freeze.js'
import { copyOut } from './tree/copy.js'
import { unwrapDraft } from './tree/draft-node.js'
import { lastOf, required } from './write/requests.js'
import type { Outcome, Request } from './write/writer.js'

/** A {@link StateManager} whose state is changed in place: it is read by `read`. */
export type InPlaceStateManager<S extends object, M> = Omit<
  StateManager<S, M>,
  'state' | 'snapshot' | 'getSnapshot' | 'select'
>

const NO_OPTIONS: ApplyOptions = Object.freeze({})

/**
 * A state in memory whose every change is in the log, on the disk, before anyone can see it.
 *
 * One process at a time changes it; any number read beside it, with `readOnly`.
 */
export class StateManager<S extends object, M> {
  /** One function a mutation: resolves, when it is durable, to its number and to what the recipe returned. */
  readonly do: MutationCalls<M>
  /** What opening it found and did. */
  readonly recovery: StateRecovery
  /** The folder of the state. */
  readonly stateDir: string
  readonly #open: OpenState<S>
  readonly #lifecycle: Lifecycle<S>

  private constructor(dir: string, open: OpenState<S>) {
    this.stateDir = dir
    this.#open = open
    this.recovery = open.recovery
    this.do = this.#calls()
    this.#lifecycle = new Lifecycle(open)
  }

  /**
   * Opens a state: the newest whole snapshot, and the log's tail on top of it. Creates the folder where it is
   * missing. When the promise resolves, all that the state holds is on the disk.
   *
   * @throws {@link MiniStateError} `REPLAY_FAILED`, `HISTORY_GAP`, `SNAPSHOT_AHEAD`; what ministore and
   * minisnap throw: `JOURNAL_LOCKED`, `JOURNAL_CORRUPT`, `SNAPSHOT_TOO_NEW`, `MIGRATION_FAILED`, …
   */
  static open<S extends object, M>(
    dir: string,
    definition: StateDefinition<S, M>,
    options: StateManagerOptions & { readonly engine: 'inPlace' },
  ): Promise<InPlaceStateManager<S, M>>
  static open<S extends object, M>(
    dir: string,
    definition: StateDefinition<S, M>,
    options?: StateManagerOptions & { readonly engine?: 'immutable' },
  ): Promise<StateManager<S, M>>
  static async open<S extends object, M>(
    dir: string,
    definition: StateDefinition<S, M>,
    options: StateManagerOptions = {},
  ): Promise<StateManager<S, M>> {
    const settings = checkedSettings(dir, definition, options)
    return new StateManager<S, M>(dir, await openState(dir, definition, settings))
  }

  /**
   * Replays the whole log twice and compares: finds recipes that depend on more than state and payload, and
   * a newest snapshot that is not what the log says. Takes no lock and writes nothing.
   *
   * @throws {@link MiniStateError} `REPLAY_FAILED`; what ministore and minisnap throw
   */
  static async verify<S extends object, M>(
    dir: string,
    definition: StateDefinition<S, M>,
    options: StateManagerOptions = {},
  ): Promise<StateVerification> {
    return verifyDirectory(dir, definition, checkedSettings(dir, definition, options))
  }

  /** The durable state: the same object until the next commit. @throws {@link MiniStateError} `ENGINE_UNSUPPORTED` */
  get state(): Immutable<S> {
    this.#assertImmutable('state')
    return this.#open.published.state as Immutable<S>
  }

  /** The durable state; the same reference as `state`. @throws {@link MiniStateError} `ENGINE_UNSUPPORTED` */
  snapshot(): Immutable<S> {
    return this.state
  }

  /** `state` for React's `useSyncExternalStore`, with `subscribe`. */
  readonly getSnapshot: () => Immutable<S> = () => this.state

  /** Calls `listener` after every commit, until the answered function is called. */
  readonly subscribe: (listener: () => void) => () => void = (listener) => {
    if (typeof listener !== 'function') throw new TypeError('listener must be a function')
    return this.#open.published.subscribe(listener)
  }

  /** The last record that the state reflects; 0 for none. */
  sequence(): number {
    return this.#open.published.seq
  }

  /** The journal; undefined for another log. */
  get journalPath(): string | undefined {
    return this.#open.source.path
  }

  /** Where the state is in its life. */
  get status(): StateStatus {
    return this.#lifecycle.status
  }

  /** The first error that left the log unknown, or stopped the following. */
  get failure(): unknown {
    return this.#lifecycle.failure
  }

  /** Figures of this state. */
  stats(): StateStats {
    const { writing } = this.#open
    const log =
      writing?.ownsLog === true ? (writing.log as { stats?: () => StoreStats }) : undefined
    return {
      status: this.status,
      pending: writing?.writer.pendingCount ?? 0,
      snapshots: writing?.snapshotter.stats,
      log: log?.stats?.(),
    }
  }

  /**
   * Runs a mutation and logs it. Resolves to its sequence number when it is on the disk and visible.
   *
   * @throws {@link MiniStateError} `MUTATION_INVALID`, `PAYLOAD_INVALID`, `PAYLOAD_NOT_SERIALIZABLE`, `REJECTED`,
   * `RECIPE_FAILED`, `INVARIANT_VIOLATED`, `WRONG_EXPECTED_SEQ`, `ID_UNSUPPORTED`: nothing was logged;
   * `COMMIT_FAILED`: see `outcome`; `STATE_FAILED`, `STATE_CLOSED`, `READ_ONLY`; inside of a recipe `REENTRANT`, thrown at once
   */
  apply(
    mutation: MutationInputs<M>[keyof M & string],
    options: ApplyOptions = NO_OPTIONS,
  ): Promise<number> {
    return this.#submit(
      () => this.#request([this.#open.definition.admit(mutation)], options),
      lastOf,
    )
  }

  /**
   * Runs mutations one after the other and logs them as one commit: all or none. The invariant is checked
   * once, at the end. An empty array is a RangeError; otherwise as {@link StateManager.apply}.
   *
   * @throws {@link MiniStateError} `BATCH_UNSUPPORTED` where the log cannot append so many at once
   */
  applyAll(
    mutations: readonly MutationInputs<M>[keyof M & string][],
    options: Pick<ApplyOptions, 'expectedSeq'> = {},
  ): Promise<AppliedAll<AnyResult<M>>> {
    return this.#submit(
      () => this.#request(this.#admitAll(mutations), options),
      (outcome) => {
        const { first, last, results } = required(outcome)
        return { first, last, results: results as AnyResult<M>[] }
      },
    )
  }

  /**
   * Decides on the newest state, also on what is not durable yet, and applies what it decides. On a shared
   * log it decides again when others were faster. Resolves to the sequence number; to undefined when `decide`
   * answers undefined, and what it saw is durable. `decide` is synchronous and does not change the state.
   */
  update(
    decide: (state: Immutable<S>) => MutationInputs<M>[keyof M & string] | undefined,
  ): Promise<number | undefined> {
    if (typeof decide !== 'function')
      return Promise.reject(new TypeError('decide must be a function'))
    const mutations = (state: S): readonly Admitted[] | undefined => {
      const mutation = decide(state as Immutable<S>)
      return mutation === undefined ? undefined : [this.#open.definition.admit(mutation)]
    }
    return this.#submit(
      () => ({ mutations }),
      (outcome) => outcome?.last,
    )
  }

  /** What a mutation would do to the durable state. Nothing is logged, and the state stays as it is. */
  dryRun(mutation: MutationInputs<M>[keyof M & string]): Promise<DryRun<S, AnyResult<M>>> {
    if (this.#open.tree.isInUse) throw reentrant()
    return dryRun(this.#open, () => this.#open.definition.admit(mutation))
  }

  /**
   * Calls `look` with the newest state, at once, and resolves to a copy of what it answers when that state
   * is durable. The state is only lent: `look` must neither change nor keep it.
   */
  read<T>(look: (state: Immutable<S>) => T): Promise<T> {
    const { writing, tree, settings } = this.#open
    // A recipe may yet be taken back, with what would be seen here.
    if (tree.isInUse) throw reentrant()
    if (typeof look !== 'function') return Promise.reject(new TypeError('look must be a function'))
    const lookAt = look as (state: S) => T
    if (writing !== undefined) return writing.writer.read(lookAt)
    return Promise.resolve().then(() =>
      tree.look(settings.freeze, (state) => copyOut(lookAt(state), unwrapDraft)),
    )
  }

  /**
   * Calls `onChange` when what `selector` picks from the state is another than before, until the answered
   * function is called.
   */
  select<T>(
    selector: (state: Immutable<S>) => T,
    onChange: (selected: T, previous: T) => void,
    options: { readonly equal?: (a: T, b: T) => boolean } = {},
  ): () => void {
    this.#assertImmutable('select')
    return select(this, selector, onChange, options)
  }

  /**
   * Mutations as they become durable, each when `state` reflects it: from `from` on, else from now on, until
   * the signal, or `close`. A follower yields `reset` where it could not go on from record to record.
   *
   * @throws ministore's `SEQ_DROPPED` for what the log does not hold any more, as `from`, or because whoever takes
   * the changes is slower than the compaction: `snapshots.keepFrom` keeps what is not taken yet
   */
  changes(
    options: { readonly from?: number; readonly signal?: AbortSignal } = {},
  ): AsyncIterable<Change<M>> {
    return changesOf<M>({ ...this.#open, ...this.#lifecycle.forChanges() }, options)
  }

  /** The mutations that the log holds, oldest first, without those that are left out. Both ends inclusive. */
  history(
    range: { readonly from?: number; readonly to?: number; readonly signal?: AbortSignal } = {},
  ): AsyncIterable<HistoryEntry<M>> {
    const { source, definition, skips } = this.#open
    return historyOf<M>(source, definition, skips, range)
  }

  /**
   * The state as it was after record `seq`, made anew from a snapshot and the log.
   *
   * @throws {@link MiniStateError} `SEQ_DROPPED` where the log was compacted; RangeError for a number that is
   * not there yet, or inside of a commit, which is all or nothing
   */
  async at(seq: number): Promise<Immutable<S>> {
    assertCount('seq', seq, 0)
    const now = this.sequence()
    if (seq > now) throw new RangeError(`record ${seq} is not there yet: the last is ${now}`)
    const { loadOptions, skips, settings } = this.#open
    const state = await stateAt(seq, { ...loadOptions, skips })
    if (settings.freeze) freezeTree(state)
    return state as Immutable<S>
  }

  /**
   * Makes a new state in another folder, which begins with this one, as it was after record `at`, or as it is.
   * Its numbers begin at 1. On the disk when it resolves.
   *
   * @throws {@link MiniStateError} `FORK_TARGET_EXISTS`, and what {@link StateManager.at} throws
   */
  async fork(dir: string, options: { readonly at?: number } = {}): Promise<void> {
    assertKnownOptions('options', options, FORK_OPTIONS)
    const { at = this.sequence() } = options
    const { options: definition, settings } = this.#open
    const target = snapshotsOf(dir, definition, { ...settings, snapshotStore: undefined })
    await forkState(dir, (await this.at(at)) as S, target, settings)
  }

  /**
   * Writes a snapshot of the durable state. Mutations go on meanwhile; with `engine: 'inPlace'` they wait.
   * Drops nothing of the log: see {@link StateManager.compact}.
   *
   * @throws {@link MiniStateError} `READ_ONLY`, `STATE_CLOSED`; what minisnap throws
   */
  createSnapshot(options: { readonly signal?: AbortSignal } = {}): Promise<CreatedSnapshot> {
    return this.#whenWritable(({ snapshotter }) => snapshotter.create(options))
  }

  /** Drops what the log need not keep, for `keep` whole snapshots hold it. @throws as `createSnapshot` */
  compact(): Promise<CompactReport> {
    return this.#whenWritable(({ snapshotter }) => snapshotter.compact())
  }

  /**
   * Resolves when the state reflects what the log held when it was called: on a shared log, and beside a
   * writer, what others have appended; else what was applied here.
   */
  refresh(): Promise<void> {
    return this.#lifecycle.refresh()
  }

  /**
   * Takes no more mutations, settles those that wait, writes a last snapshot where the policy asks for it,
   * and closes the log. Idempotent.
   */
  close(): Promise<void> {
    return this.#lifecycle.close()
  }

  /** {@link StateManager.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #calls(): MutationCalls<M> {
    const { definition } = this.#open
    const calls: Record<string, unknown> = {}
    for (const name of definition.names) {
      calls[name] = (...args: unknown[]): Promise<unknown> =>
        this.#submit(
          () => ({ mutations: [definition.admitCall(name, args)] }),
          (outcome) => ({ seq: required(outcome).last, result: required(outcome).results[0] }),
        )
    }
    return Object.freeze(calls) as MutationCalls<M>
  }

  /** What a caller did wrong is a rejection, but for a call from inside of a recipe, which cannot wait for it. */
  #submit<T>(make: () => Request<S>, answer: (outcome: Outcome | undefined) => T): Promise<T> {
    if (this.#open.tree.isInUse) throw reentrant()
    try {
      return this.#writable().writer.submit(make(), answer)
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  #whenWritable<T>(call: (writing: Writing<S>) => Promise<T>): Promise<T> {
    try {
      return call(this.#writable())
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  #writable(): Writing<S> {
    const { writing } = this.#open
    if (!this.#lifecycle.isOpen) throw stateClosed()
    if (writing === undefined) throw readOnly(this.stateDir)
    return writing
  }

  #request(mutations: readonly Admitted[], options: ApplyOptions): Request<S> {
    assertApplyOptions(options)
    const { expectedSeq, id } = options
    if (id !== undefined && this.#open.writing?.log.appendOnce === undefined) throw idUnsupported()
    return { mutations, expectedSeq, id }
  }

  #admitAll(mutations: readonly MutationInputs<M>[keyof M & string][]): readonly Admitted[] {
    if (!Array.isArray(mutations)) throw new TypeError('mutations must be an array')
    if (mutations.length === 0) throw new RangeError('mutations must not be empty')
    const most = this.#open.writing?.log.limits.maxBatchRecords ?? 1
    if (mutations.length > most) throw batchUnsupported(mutations.length, most)
    return mutations.map((mutation) => this.#open.definition.admit(mutation))
  }

  #assertImmutable(what: string): void {
    if (this.#open.settings.engine === 'immutable') return
    throw engineUnsupported(what)
  }
}
