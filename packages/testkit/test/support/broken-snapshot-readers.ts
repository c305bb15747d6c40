import type {
  CheckedSnapshot,
  CreateOptions,
  CreatedSnapshot,
  RestoreOptions,
  RestoredSnapshot,
  SnapshotFile,
} from '@mini-rs/minisnap'
import { SnapshotError } from '@mini-rs/testkit'
import { type BrokenStore, FaithfulStore, type Found, aWhile } from './faithful-snapshot-store.js'

class InventsAState extends FaithfulStore {
  override async tryRestore(options?: RestoreOptions): Promise<Found> {
    const found = await this.inner.tryRestore(options)
    const info = { seq: 0, path: '', sizeBytes: 0, version: 1, createdAt: undefined }
    const invented = { ...info, isVerified: false, notes: undefined }
    return found ?? { state: {}, seq: 0, info: invented, skipped: [] }
  }
}

class TakesTheOldest extends FaithfulStore {
  override async tryRestore(options?: RestoreOptions): Promise<Found> {
    const oldest = (await this.inner.list()).at(-1)
    return this.inner.tryRestore({ atOrBefore: oldest?.seq ?? 0, ...options })
  }
}

class IgnoresTheNumber extends FaithfulStore {
  override tryRestore({ atOrBefore: _, ...options }: RestoreOptions = {}): Promise<Found> {
    return this.inner.tryRestore(options)
  }
}

class WantsTheVeryNumber extends FaithfulStore {
  override async tryRestore(options: RestoreOptions = {}): Promise<Found> {
    const found = await this.inner.tryRestore(options)
    const { atOrBefore = found?.seq } = options
    return found?.seq === atOrBefore ? found : undefined
  }

  override async restore(options?: RestoreOptions): Promise<RestoredSnapshot<unknown>> {
    const found = await this.tryRestore(options)
    return found ?? Promise.reject(new SnapshotError('SNAPSHOT_NOT_FOUND', 'none'))
  }
}

class SharesWhatItGives extends FaithfulStore {
  readonly #states = new Map<number, unknown>()

  override async create(
    state: unknown,
    seq: number,
    options?: CreateOptions,
  ): Promise<CreatedSnapshot> {
    this.#states.delete(seq)
    return this.inner.create(state, seq, options)
  }

  override async tryRestore(options?: RestoreOptions): Promise<Found> {
    const found = await this.inner.tryRestore(options)
    if (found === undefined) return undefined
    if (!this.#states.has(found.seq)) this.#states.set(found.seq, found.state)
    return { ...found, state: this.#states.get(found.seq) }
  }
}

class KeepsTheStateItself extends FaithfulStore {
  readonly #states = new Map<number, unknown>()

  override async create(
    state: unknown,
    seq: number,
    options: CreateOptions = {},
  ): Promise<CreatedSnapshot> {
    const created = await this.inner.create(state, seq, options)
    if (options.mode !== 'atOnce') this.#states.set(seq, state)
    return created
  }

  override async tryRestore(options?: RestoreOptions): Promise<Found> {
    const found = await this.inner.tryRestore(options)
    if (found === undefined || !this.#states.has(found.seq)) return found
    return { ...found, state: structuredClone(this.#states.get(found.seq)) }
  }
}

class SharesNotes extends FaithfulStore {
  readonly #notes = new Map<string, RestoredSnapshot<unknown>['info']['notes']>()

  override async tryRestore(options?: RestoreOptions): Promise<Found> {
    const found = await this.inner.tryRestore(options)
    if (found === undefined) return undefined
    const key = `${found.seq} ${found.info.createdAt}`
    if (!this.#notes.has(key)) this.#notes.set(key, found.info.notes)
    return { ...found, info: { ...found.info, notes: this.#notes.get(key) } }
  }
}

class IgnoresItsSignalWhenReading extends FaithfulStore {
  override tryRestore({ signal: _, ...options }: RestoreOptions = {}): Promise<Found> {
    return this.inner.tryRestore(options)
  }
}

class SaysNothingWhenReading extends FaithfulStore {
  override tryRestore({ onProgress: _, ...options }: RestoreOptions = {}): Promise<Found> {
    return this.inner.tryRestore(options)
  }
}

class TrustsWhatIsDamaged extends FaithfulStore {
  readonly #created = new Map<number, RestoredSnapshot<unknown>>()

  override async create(
    state: unknown,
    seq: number,
    options?: CreateOptions,
  ): Promise<CreatedSnapshot> {
    const created = await this.inner.create(state, seq, options)
    const found = await this.inner.tryRestore({ atOrBefore: seq }).catch(() => undefined)
    if (found?.seq === seq) this.#created.set(seq, found)
    return created
  }

  override async tryRestore(options: RestoreOptions = {}): Promise<Found> {
    const { atOrBefore = Number.MAX_SAFE_INTEGER } = options
    const newest = (await this.inner.list()).find(({ seq }) => seq <= atOrBefore)
    const damaged = await this.inner.verify(newest?.seq).catch(() => [])
    const created = newest && this.#created.get(newest.seq)
    if (damaged[0]?.status === 'damaged' && created !== undefined) return structuredClone(created)
    return this.inner.tryRestore(options)
  }
}

class StopsAtADamagedOne extends FaithfulStore {
  override async tryRestore(options?: RestoreOptions): Promise<Found> {
    const found = await this.inner.tryRestore(options)
    if (found === undefined || found.skipped.length === 0) return found
    throw new SnapshotError('SNAPSHOT_CORRUPT', 'the newest is damaged', found.skipped)
  }
}

class HidesWhatItSkipped extends FaithfulStore {
  override async tryRestore(options?: RestoreOptions): Promise<Found> {
    const found = await this.inner.tryRestore(options)
    return found && { ...found, skipped: [] }
  }
}

class NamesTheSkippedBackwards extends FaithfulStore {
  override async tryRestore(options?: RestoreOptions): Promise<Found> {
    const found = await this.inner.tryRestore(options)
    return found && { ...found, skipped: found.skipped.toReversed() }
  }
}

class NamesEveryDamagedOne extends FaithfulStore {
  override async tryRestore(options?: RestoreOptions): Promise<Found> {
    const found = await this.inner.tryRestore(options)
    if (found === undefined) return undefined
    const checked = await this.inner.verify()
    const damaged = checked.filter(({ status }) => status === 'damaged')
    const skipped = damaged.map(({ path, seq }) => ({ path, seq, reason: 'damaged' }))
    return { ...found, skipped }
  }
}

class TakesDamagedForNone extends FaithfulStore {
  override tryRestore(options?: RestoreOptions): Promise<Found> {
    return this.inner.tryRestore(options).catch((error: { code?: unknown }) => {
      if (error.code === 'SNAPSHOT_CORRUPT') return undefined
      throw error
    })
  }
}

class KnowsOnlyItsOwn extends FaithfulStore {
  readonly #own = new Set<number>()

  override async create(
    state: unknown,
    seq: number,
    options?: CreateOptions,
  ): Promise<CreatedSnapshot> {
    const created = await this.inner.create(state, seq, options)
    this.#own.add(seq)
    return created
  }

  override async tryRestore(options?: RestoreOptions): Promise<Found> {
    const found = await this.inner.tryRestore(options)
    return found !== undefined && this.#own.has(found.seq) ? found : undefined
  }

  override async list(): Promise<SnapshotFile[]> {
    return (await this.inner.list()).filter(({ seq }) => this.#own.has(seq))
  }
}

class RemembersTheNewest extends FaithfulStore {
  #newest: RestoredSnapshot<unknown> | undefined

  override async create(
    state: unknown,
    seq: number,
    options?: CreateOptions,
  ): Promise<CreatedSnapshot> {
    const created = await this.inner.create(state, seq, options)
    this.#newest = undefined
    return created
  }

  override async tryRestore(options: RestoreOptions = {}): Promise<Found> {
    if (Object.keys(options).length > 0) return this.inner.tryRestore(options)
    this.#newest ??= await this.inner.tryRestore()
    return structuredClone(this.#newest)
  }
}

class LosesWhatIsPrunedMeanwhile extends FaithfulStore {
  override async tryRestore(options: RestoreOptions = {}): Promise<Found> {
    const { atOrBefore = Number.MAX_SAFE_INTEGER } = options
    const newest = (await this.inner.list()).find(({ seq }) => seq <= atOrBefore)
    await aWhile()
    if (newest === undefined) return this.inner.tryRestore(options)
    const isThere = (await this.inner.list()).some(({ seq }) => seq === newest.seq)
    if (!isThere) throw new Error(`${newest.path} is gone`)
    return this.inner.tryRestore({ ...options, atOrBefore: newest.seq })
  }
}

class ListsTheOldestFirst extends FaithfulStore {
  override async list(): Promise<SnapshotFile[]> {
    return (await this.inner.list()).toReversed()
  }
}

class MeasuresByEye extends FaithfulStore {
  override async list(): Promise<SnapshotFile[]> {
    const files = await this.inner.list()
    return files.map(({ seq, path, sizeBytes }) => ({ seq, path, sizeBytes: sizeBytes + 1 }))
  }
}

class ListsOnlyWhatIsWhole extends FaithfulStore {
  override async list(): Promise<SnapshotFile[]> {
    const whole = (await this.inner.verify()).filter(({ status }) => status === 'whole')
    return whole.map(({ seq, path, sizeBytes }) => ({ seq, path, sizeBytes }))
  }
}

class CallsAllWhole extends FaithfulStore {
  override async verify(wanted?: number): Promise<CheckedSnapshot[]> {
    const checked = await this.inner.verify(wanted)
    return checked.map(({ seq, path, sizeBytes }) => {
      return { seq, path, sizeBytes, status: 'whole', reason: undefined }
    })
  }
}

class VerifiesEverything extends FaithfulStore {
  override verify(): Promise<CheckedSnapshot[]> {
    return this.inner.verify()
  }
}

class VerifiesWhatIsNotThere extends FaithfulStore {
  override async verify(seq?: number): Promise<CheckedSnapshot[]> {
    return (await this.inner.verify()).filter((one) => seq === undefined || one.seq === seq)
  }
}

class RemovesWhatItFindsDamaged extends FaithfulStore {
  readonly #hidden = new Set<number>()

  override async list(): Promise<SnapshotFile[]> {
    return (await this.inner.list()).filter(({ seq }) => !this.#hidden.has(seq))
  }

  override async verify(seq?: number): Promise<CheckedSnapshot[]> {
    const checked = await this.inner.verify(seq)
    for (const one of checked) if (one.status === 'damaged') this.#hidden.add(one.seq)
    return checked
  }
}

class PrunesOnlyBehindACreate extends FaithfulStore {
  override async prune(): Promise<string[]> {
    return []
  }
}

class PrunesAllButTheNewest extends FaithfulStore {
  override prune(): Promise<string[]> {
    return this.inner.connect({ keep: 1 }).prune()
  }
}

class PrunesWhatIsDamaged extends FaithfulStore {
  override async prune(): Promise<string[]> {
    const checked = await this.inner.verify()
    const damaged = checked.filter(({ status }) => status === 'damaged').map(({ path }) => path)
    return [...damaged, ...(await this.inner.prune())]
  }
}

/** Stores that break a promise about what is there, and the check that has to notice. */
export const brokenSnapshotReaders: readonly BrokenStore[] = [
  [InventsAState, /is empty at first/],
  [TakesTheOldest, /the newest state with its number/],
  [IgnoresTheNumber, /the newest at or before/],
  [WantsTheVeryNumber, /the newest at or before/],
  [SharesWhatItGives, /shares no object/],
  [KeepsTheStateItself, /shares no object/],
  [SharesNotes, /shares them with nobody/],
  [IgnoresItsSignalWhenReading, /gives up restoring/],
  [SaysNothingWhenReading, /how far it has come/],
  [TrustsWhatIsDamaged, /passes over damaged ones/],
  [StopsAtADamagedOne, /passes over damaged ones/],
  [HidesWhatItSkipped, /passes over damaged ones/],
  [NamesTheSkippedBackwards, /with a reason, newest first/],
  [NamesEveryDamagedOne, /names no damaged one that is newer/],
  [NamesEveryDamagedOne, /does not look at damaged ones/],
  [TakesDamagedForNone, /rejects when all are damaged/],
  [KnowsOnlyItsOwn, /opened again/],
  [KnowsOnlyItsOwn, /another writer has created/],
  [RemembersTheNewest, /another writer has created/],
  [KnowsOnlyItsOwn, /two writers/],
  [LosesWhatIsPrunedMeanwhile, /older ones pruned beside it/],
  [ListsTheOldestFirst, /lists the newest first/],
  [MeasuresByEye, /says the same of a snapshot/],
  [ListsOnlyWhatIsWhole, /rejects when all are damaged/],
  [CallsAllWhole, /which are damaged and why/],
  [VerifiesEverything, /verifies all that is there/],
  [VerifiesWhatIsNotThere, /verifies all that is there/],
  [RemovesWhatItFindsDamaged, /changes nothing by it/],
  [PrunesOnlyBehindACreate, /when it is asked to/],
  [PrunesAllButTheNewest, /when it is asked to/],
  [PrunesWhatIsDamaged, /while too few are whole/],
]
