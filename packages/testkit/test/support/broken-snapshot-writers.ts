import type { CreateOptions, CreatedSnapshot, SnapshotFile } from '@mini-rs/minisnap'
import { type BrokenStore, FaithfulStore, aWhile } from './faithful-snapshot-store.js'

class NumbersFromOne extends FaithfulStore {
  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    return this.inner.create(state, seq === 0 ? 1 : seq, options)
  }
}

class RoundsNumbers extends FaithfulStore {
  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    return this.inner.create(state, Math.min(Math.max(0, Math.trunc(seq) || 0), 9e15), options)
  }
}

class LosesZero extends FaithfulStore {
  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    return this.inner.create(state === 0 ? null : state, seq, options)
  }
}

class TakesJsonOfEverything extends FaithfulStore {
  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    let text: string | undefined
    try {
      text = JSON.stringify(state)
    } catch {
      return this.inner.create(state, seq, options) // a bigint
    }
    return this.inner.create(JSON.parse(text ?? 'null'), seq, options)
  }
}

class StoresFunctionsAsNull extends FaithfulStore {
  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    return this.inner.create(typeof state === 'function' ? null : state, seq, options)
  }
}

class RefusesWithoutAName extends FaithfulStore {
  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    return this.inner.create(state, seq, options).catch((error: { code?: unknown }) => {
      throw error.code === 'STATE_NOT_SERIALIZABLE' ? new Error('no') : error
    })
  }
}

class CutsLargeStates extends FaithfulStore {
  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    const isLarge = typeof state === 'object' && Object.keys(state ?? {}).length > 500
    const cut = (): unknown => Object.fromEntries(Object.entries(state ?? {}).slice(0, 500))
    return this.inner.create(isLarge ? cut() : state, seq, options)
  }
}

class NeverReplaces extends FaithfulStore {
  override async create(
    state: unknown,
    seq: number,
    options?: CreateOptions,
  ): Promise<CreatedSnapshot> {
    const there = await this.inner.tryRestore({ atOrBefore: seq }).catch(() => undefined)
    if (there?.seq !== seq) return this.inner.create(state, seq, options)
    return { ...there.info, elapsedMs: 0, longestSliceMs: 0, pruned: [], pruneFailure: undefined }
  }
}

class LeavesWhatIsThereDamaged extends FaithfulStore {
  override async create(
    state: unknown,
    seq: number,
    options?: CreateOptions,
  ): Promise<CreatedSnapshot> {
    const isDamaged = (await this.inner.verify()).some(
      (one) => one.seq === seq && one.status === 'damaged',
    )
    const created = await this.inner.create(state, seq, options)
    if (isDamaged) this.inner.damage(seq)
    return created
  }
}

class TakesTheStateLate extends FaithfulStore {
  override async create(
    state: unknown,
    seq: number,
    options?: CreateOptions,
  ): Promise<CreatedSnapshot> {
    await aWhile()
    return this.inner.create(state, seq, options)
  }
}

class TouchesTheState extends FaithfulStore {
  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    if (typeof state === 'object' && state !== null && 'deep' in state) {
      Object.assign(state, { savedAs: seq })
      delete (state as Record<string, unknown>)['savedAs']
    }
    return this.inner.create(state, seq, options)
  }
}

class ForgetsNotes extends FaithfulStore {
  override create(
    state: unknown,
    seq: number,
    { notes: _, ...options }: CreateOptions = {},
  ): Promise<CreatedSnapshot> {
    return this.inner.create(state, seq, options)
  }
}

class KeepsNotesOfBefore extends FaithfulStore {
  #notes: CreateOptions['notes']

  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    this.#notes = options?.notes ?? this.#notes
    const noted = this.#notes === undefined ? {} : { notes: this.#notes }
    return this.inner.create(state, seq, { ...options, ...noted })
  }
}

class TakesNotesLate extends FaithfulStore {
  override async create(
    state: unknown,
    seq: number,
    options?: CreateOptions,
  ): Promise<CreatedSnapshot> {
    if (options?.notes !== undefined && 'list' in options.notes) await aWhile()
    return this.inner.create(state, seq, options)
  }
}

class TakesJsonOfNotes extends FaithfulStore {
  override create(
    state: unknown,
    seq: number,
    { notes, ...options }: CreateOptions = {},
  ): Promise<CreatedSnapshot> {
    if (notes === undefined) return this.inner.create(state, seq, options)
    const copy = JSON.parse(
      JSON.stringify(notes, (_, value: unknown) => (typeof value === 'bigint' ? 0 : value)),
    ) as Readonly<Record<string, unknown>>
    return this.inner.create(state, seq, { ...options, notes: copy })
  }
}

class SaysNothing extends FaithfulStore {
  override create(
    state: unknown,
    seq: number,
    { onProgress: _, ...options }: CreateOptions = {},
  ): Promise<CreatedSnapshot> {
    return this.inner.create(state, seq, options)
  }
}

class PrunesOneMore extends FaithfulStore {
  override async create(
    state: unknown,
    seq: number,
    options?: CreateOptions,
  ): Promise<CreatedSnapshot> {
    const created = await this.inner.create(state, seq, options)
    const pruned = await this.inner.connect({ keep: Math.max(1, this.keep - 1) }).prune()
    return { ...created, pruned: [...created.pruned, ...pruned] }
  }
}

class PrunesNothing extends FaithfulStore {
  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    return this.inner.connect({ keep: 1000 }).create(state, seq, options)
  }
}

class HidesWhatItPruned extends FaithfulStore {
  override async create(
    state: unknown,
    seq: number,
    options?: CreateOptions,
  ): Promise<CreatedSnapshot> {
    return { ...(await this.inner.create(state, seq, options)), pruned: [] }
  }
}

class CountsDamagedOnes extends FaithfulStore {
  override async create(
    state: unknown,
    seq: number,
    options?: CreateOptions,
  ): Promise<CreatedSnapshot> {
    const created = await this.inner.create(state, seq, options)
    const wholeCount = (await this.inner.verify())
      .slice(0, this.keep)
      .filter(({ status }) => status === 'whole').length
    const pruned = await this.inner.connect({ keep: Math.max(1, wholeCount) }).prune()
    return { ...created, pruned: [...created.pruned, ...pruned] }
  }
}

class PrunesWhatItCreated extends FaithfulStore {
  override async create(
    state: unknown,
    seq: number,
    options?: CreateOptions,
  ): Promise<CreatedSnapshot> {
    const created = await this.inner.create(state, seq, options)
    await this.inner.prune()
    return created
  }
}

class ForgetsTheBeginning extends FaithfulStore {
  override async list(): Promise<SnapshotFile[]> {
    const all = await this.inner.list()
    return all.length > this.keep ? all.filter(({ seq }) => seq > 0) : all
  }
}

class PrunesFirst extends FaithfulStore {
  override async create(
    state: unknown,
    seq: number,
    options?: CreateOptions,
  ): Promise<CreatedSnapshot> {
    const pruned = await this.inner.connect({ keep: 1 }).prune()
    const created = await this.inner.create(state, seq, options)
    return { ...created, pruned: [...pruned, ...created.pruned] }
  }
}

/** Stores that break a promise about creating, and the check that has to notice. */
export const brokenSnapshotWriters: readonly BrokenStore[] = [
  [ForgetsTheBeginning, /never prunes one of record 0/],
  [NumbersFromOne, /takes number 0/],
  [RoundsNumbers, /a number that is none/],
  [LosesZero, /equal states of every JSON type/],
  [TakesJsonOfEverything, /as it was, or refuses it by name/],
  [StoresFunctionsAsNull, /what nothing can carry/],
  [RefusesWithoutAName, /what nothing can carry/],
  [CutsLargeStates, /many pieces/],
  [NeverReplaces, /replaces a snapshot/],
  [LeavesWhatIsThereDamaged, /whole again/],
  [TakesTheStateLate, /taken at once/],
  [TouchesTheState, /that is frozen/],
  [ForgetsNotes, /keeps notes beside/],
  [KeepsNotesOfBefore, /has none where none/],
  [TakesNotesLate, /takes the notes as they are/],
  [TakesJsonOfNotes, /notes that are no JSON/],
  [SaysNothing, /how far it has come/],
  [PrunesOneMore, /keeps the newest, as many/],
  [PrunesNothing, /keeps the newest, as many/],
  [HidesWhatItPruned, /names what it has pruned/],
  [CountsDamagedOnes, /does not count a damaged one/],
  [PrunesWhatItCreated, /never prunes what it has just created/],
  [PrunesFirst, /as it was when a create fails/],
]
