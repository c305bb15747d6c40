import type { CreateOptions, CreatedSnapshot } from '@mini-rs/minisnap'
import { type BrokenStore, FaithfulStore, aWhile } from './faithful-snapshot-store.js'

class LeavesAPart extends FaithfulStore {
  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    return this.inner.create(state, seq, options).catch(async (error: unknown) => {
      if (Number.isSafeInteger(seq) && seq >= 0) await this.inner.create('a part', seq)
      throw error
    })
  }
}

class LeavesAPartAtTheEnd extends FaithfulStore {
  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    return this.inner.create(state, seq, options).catch(async (error: unknown) => {
      const isThere = (await this.inner.list()).some((one) => one.seq === seq)
      if (isThere) await this.inner.create('a part', seq)
      throw error
    })
  }
}

class FailsForEver extends FaithfulStore {
  #failure: Promise<CreatedSnapshot> | undefined

  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    if (this.#failure !== undefined) return this.#failure
    const creating = this.inner.create(state, seq, options)
    creating.catch(() => {
      this.#failure = creating
    })
    return creating
  }
}

class FailsWhenPruningFails extends FaithfulStore {
  override async create(
    state: unknown,
    seq: number,
    options?: CreateOptions,
  ): Promise<CreatedSnapshot> {
    const created = await this.inner.create(state, seq, options)
    if (created.pruneFailure !== undefined) throw created.pruneFailure
    return created
  }
}

/** A log that is always there. */
const ANY_LOG = { durableSeq: Number.MAX_SAFE_INTEGER, flush: async () => {} }

class FlushesAfterwards extends FaithfulStore {
  override async create(
    state: unknown,
    seq: number,
    { log, ...options }: CreateOptions = {},
  ): Promise<CreatedSnapshot> {
    const created = await this.inner.create(state, seq, options)
    await log?.flush()
    return created
  }
}

class AsksItsLogBeforeTheFlush extends FaithfulStore {
  override create(
    state: unknown,
    seq: number,
    { log = ANY_LOG, ...options }: CreateOptions = {},
  ): Promise<CreatedSnapshot> {
    const { durableSeq } = log
    const frozen = { durableSeq, flush: () => log.flush() }
    return this.inner.create(state, seq, { ...options, log: frozen })
  }
}

class RunsAheadOfItsLog extends FaithfulStore {
  override create(
    state: unknown,
    seq: number,
    { log, ...options }: CreateOptions = {},
  ): Promise<CreatedSnapshot> {
    const flush = async (): Promise<void> => log?.flush()
    return this.inner.create(state, seq, { ...options, log: { ...ANY_LOG, flush } })
  }
}

class IgnoresAFlushThatFails extends FaithfulStore {
  override create(
    state: unknown,
    seq: number,
    { log, ...options }: CreateOptions = {},
  ): Promise<CreatedSnapshot> {
    if (log === undefined) return this.inner.create(state, seq, options)
    const flush = (): Promise<void> => log.flush().catch(() => {})
    const lenient = {
      flush,
      get durableSeq() {
        return log.durableSeq
      },
    }
    return this.inner.create(state, seq, { ...options, log: lenient })
  }
}

class IgnoresItsSignal extends FaithfulStore {
  override create(
    state: unknown,
    seq: number,
    { signal: _, ...options }: CreateOptions = {},
  ): Promise<CreatedSnapshot> {
    return this.inner.create(state, seq, options)
  }
}

class LooksAtItsSignalOnlyAtFirst extends FaithfulStore {
  override async create(
    state: unknown,
    seq: number,
    { signal, ...options }: CreateOptions = {},
  ): Promise<CreatedSnapshot> {
    signal?.throwIfAborted()
    return this.inner.create(state, seq, options)
  }
}

class RejectsWithAnErrorOfItsOwn extends FaithfulStore {
  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    return this.inner.create(state, seq, options).catch((error: unknown) => {
      throw options?.signal?.aborted === true ? new Error('aborted') : error
    })
  }
}

class HearsItsSignalTooLate extends FaithfulStore {
  override async create(
    state: unknown,
    seq: number,
    options: CreateOptions = {},
  ): Promise<CreatedSnapshot> {
    const created = await this.inner.create(state, seq, options)
    options.signal?.addEventListener('abort', () => this.inner.damage(seq))
    return created
  }
}

class CreatesOneAtATime extends FaithfulStore {
  #running: Promise<CreatedSnapshot> | undefined

  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    this.#running ??= this.inner.create(state, seq, options).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }
}

class MixesWhatIsCreatedAtOnce extends FaithfulStore {
  #state: unknown

  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    this.#state ??= state
    return this.inner.create(this.#state, seq, options).finally(() => {
      this.#state = undefined
    })
  }
}

class FailsTogether extends FaithfulStore {
  #lastCreate: Promise<unknown> = Promise.resolve()

  override create(state: unknown, seq: number, options?: CreateOptions): Promise<CreatedSnapshot> {
    const creating = this.#lastCreate.then(() => this.inner.create(state, seq, options))
    this.#lastCreate = creating
    creating.catch(async () => {
      await aWhile()
      this.#lastCreate = Promise.resolve()
    })
    return creating
  }
}

/** Stores that break a promise about creates that fail, give up or are several at once, and the check that has to notice. */
export const brokenSnapshotFailures: readonly BrokenStore[] = [
  [LeavesAPart, /as it was when a create fails/],
  [LeavesAPartAtTheEnd, /fails at its last step/],
  [FailsForEver, /and goes on/],
  [FailsWhenPruningFails, /could not be removed/],
  [FlushesAfterwards, /flushes its log before/],
  [AsksItsLogBeforeTheFlush, /flushes its log before/],
  [RunsAheadOfItsLog, /LOG_BEHIND/],
  [IgnoresAFlushThatFails, /cannot be flushed/],
  [IgnoresItsSignal, /that was there before it/],
  [LooksAtItsSignalOnlyAtFirst, /while it writes/],
  [LooksAtItsSignalOnlyAtFirst, /while its log is flushed/],
  [RejectsWithAnErrorOfItsOwn, /that was there before it/],
  [HearsItsSignalTooLate, /when it is there/],
  [CreatesOneAtATime, /creates many at once/],
  [MixesWhatIsCreatedAtOnce, /the same number is created/],
  [FailsTogether, /creates the others when one/],
]
