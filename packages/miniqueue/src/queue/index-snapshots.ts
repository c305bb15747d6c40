import { MiniSnapError, SnapStore } from '@mini-rs/minisnap'
import type { FileSystem } from '@mini-rs/ministore/fs'
import type { Ledger } from '../ledger/ledger.js'
import type { Core } from './core.js'
import { indexPath } from './places.js'

/** Of the shape of what is in a snapshot. */
const VERSION = 1
/** Beyond so many jobs an index is only made when nothing runs any more: it holds the event loop. */
const MOST_JOBS_WHILE_OPEN = 200_000
/** A journal that has grown by so much, and by as many records as there are jobs, gets a new index. */
const LEAST_RECORDS = 100_000

interface IndexState {
  readonly ledger: unknown
}

/**
 * The index of a journal, so that opening reads only what came since. Nothing depends on it: without it, or
 * when it is damaged, the journal is read from its beginning.
 */
export class IndexSnapshots {
  readonly #store: SnapStore<IndexState>
  #seq = 0
  #making: Promise<void> | undefined

  constructor(directory: string, fileSystem: FileSystem) {
    this.#store = new SnapStore(indexPath(directory), {
      fileSystem,
      version: VERSION,
      keep: 1,
      pretty: false,
    })
  }

  /** Fills an empty ledger. Resolves to the last record that it then reflects; 0 when there is nothing that fits the journal. */
  async restore(
    makeLedger: () => Ledger,
    log: { readonly lastSeq: number; readonly droppedThroughSeq: number },
  ): Promise<{ readonly ledger: Ledger; readonly seq: number }> {
    const found = await this.#find()
    if (found !== undefined && found.seq <= log.lastSeq && found.seq >= log.droppedThroughSeq) {
      try {
        const ledger = makeLedger()
        ledger.fromSnapshot(found.state.ledger)
        this.#seq = found.seq
        return { ledger, seq: found.seq }
      } catch (error) {
        // It verifies, and yet it is none of ours: the journal knows better.
        if (!(error instanceof TypeError)) throw error
      }
    }
    return { ledger: makeLedger(), seq: 0 }
  }

  /** While queues are open: when the journal has grown enough. Never fails: the journal is enough. */
  async makeWhenDue(core: Core, appliedSeq: number): Promise<void> {
    const { count } = core.ledger.jobs.table
    if (count > MOST_JOBS_WHILE_OPEN || !this.#isDue(appliedSeq, count)) return
    this.#making ??= this.#make(core, appliedSeq).finally(() => {
      this.#making = undefined
    })
    await this.#making
  }

  /** When nothing changes any more. */
  async makeAtTheEnd(core: Core, appliedSeq: number): Promise<void> {
    await this.#making
    const { count } = core.ledger.jobs.table
    // A short tail is read as fast as an index.
    if (appliedSeq - this.#seq > Math.max(1_000, count / 10)) await this.#make(core, appliedSeq)
  }

  #isDue(appliedSeq: number, jobs: number): boolean {
    return appliedSeq - this.#seq >= Math.max(LEAST_RECORDS, jobs)
  }

  async #make({ ledger, log }: Core, seq: number): Promise<void> {
    try {
      await this.#store.create({ ledger: ledger.toSnapshot() }, seq, { log })
      this.#seq = seq
    } catch (error) {
      // An index is a convenience: a full disk, or a journal that has failed, is told elsewhere.
      if (!MiniSnapError.is(error)) throw error
    }
  }

  async #find(): Promise<{ readonly state: IndexState; readonly seq: number } | undefined> {
    try {
      return await this.#store.tryRestore()
    } catch (error) {
      if (MiniSnapError.is(error)) return undefined
      throw error
    }
  }
}
