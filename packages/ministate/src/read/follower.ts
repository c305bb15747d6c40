import type { Entry } from '@mini-rs/ministore'
import type { CompiledDefinition, ParsedRecord } from '../definition/compiled.js'
import { codeOf } from '../errors.js'
import type { Published } from '../observe/published.js'
import type { Loaded } from '../replay/load.js'
import type { RecordSource } from '../replay/record-source.js'
import { findSkips, replayFailed } from '../replay/replay-failure.js'
import type { StateTree } from '../tree/state-tree.js'
import { runRecipe } from '../write/run-mutations.js'

/** What a {@link Follower} works with. */
export interface FollowerParts<S extends object> {
  readonly definition: CompiledDefinition
  readonly source: RecordSource
  readonly tree: StateTree<S>
  readonly published: Published<S>
  /** Makes what the tree holds a state that readers may have. */
  readonly show: () => S
  /** The state anew, from the newest snapshot on. */
  readonly load: () => Promise<Loaded<S>>
  readonly skips: Map<number, string>
  /** Told when the state did not go on from the one before. */
  readonly onReset: (seq: number) => void
  readonly onRecord: (record: unknown) => void
}

type AnyEntry = Pick<Entry<unknown>, 'seq' | 'record' | 'commitEnd'>

/** Keeps a state up with a log that others write, commit by commit. */
export class Follower<S extends object> {
  readonly #parts: FollowerParts<S>
  // Of a commit that has not been read whole.
  #commit: AnyEntry[] = []

  constructor(parts: FollowerParts<S>) {
    this.#parts = parts
  }

  /** Applies what the log holds behind the published state; answers the last record of it. */
  async readOn(): Promise<number> {
    const { source, published } = this.#parts
    this.#commit = []
    try {
      for await (const entry of source.entries({ from: published.seq + 1 })) await this.#take(entry)
    } catch (error) {
      if (codeOf(error) !== 'SEQ_DROPPED') throw error
      await this.#reload()
      return this.readOn()
    }
    return published.seq
  }

  /** Applies everything that the log will hold, until the signal. */
  async follow(signal: AbortSignal): Promise<void> {
    const { source, published } = this.#parts
    while (!signal.aborted) {
      this.#commit = []
      try {
        for await (const item of source.follow({ from: published.seq + 1, signal })) {
          if (item.kind === 'record' && (await this.#take(item)) === 'reloaded') break
        }
      } catch (error) {
        if (codeOf(error) !== 'SEQ_DROPPED') throw error
        await this.#reload()
      }
    }
  }

  async #take(entry: AnyEntry): Promise<'reloaded' | undefined> {
    if (entry.seq <= this.#parts.published.seq) return undefined // a reload has it already
    this.#commit.push(entry)
    if (!entry.commitEnd) return undefined
    const commit = this.#commit
    this.#commit = []
    const mutations = await this.#parse(commit)
    if (mutations === 'reload' || (await this.#apply(mutations)) === 'reload') {
      await this.#reload()
      return 'reloaded'
    }
    const { published, show, onRecord } = this.#parts
    for (const { record } of commit) onRecord(record)
    published.set(show(), entry.seq)
    return undefined
  }

  /** `'reload'`: a record that was applied, or one that cannot be applied, has to be left out. */
  async #parse(
    commit: readonly AnyEntry[],
  ): Promise<{ readonly entry: AnyEntry; readonly parsed: ParsedRecord }[] | 'reload'> {
    const { definition, skips } = this.#parts
    const all: { entry: AnyEntry; parsed: ParsedRecord }[] = []
    for (const entry of commit) {
      const skip = definition.trySkip(entry.record)
      if (skip !== undefined && !skips.has(skip.seq)) return 'reload'
      if (skip !== undefined || skips.has(entry.seq)) continue
      try {
        all.push({ entry, parsed: definition.parse(entry.record) })
      } catch (error) {
        return this.#failed(entry, error)
      }
    }
    return all
  }

  /** All of a commit, or nothing of it. `'reload'`: a record that cannot be applied has to be left out. */
  async #apply(
    mutations: readonly { readonly entry: AnyEntry; readonly parsed: ParsedRecord }[],
  ): Promise<'reload' | undefined> {
    const { tree, source } = this.#parts
    const session = tree.begin()
    let at = 0
    try {
      for (; at < mutations.length; at++) {
        const { entry, parsed } = mutations[at] as (typeof mutations)[number]
        if (parsed.kind !== 'mutation') continue
        runRecipe(session, parsed.recipe, parsed.payload, source.gapless ? entry.seq : undefined)
      }
      session.end()
      return undefined
    } catch (error) {
      session.rollBack()
      const { entry } = mutations[at] as (typeof mutations)[number]
      return this.#failed(entry, error)
    }
  }

  /** What cannot be applied may be left out by a record that stands later. @throws {@link MiniStateError} `REPLAY_FAILED` */
  async #failed({ seq, record }: AnyEntry, cause: unknown): Promise<'reload'> {
    const { definition, source } = this.#parts
    const later = await findSkips(definition, source, seq + 1)
    if (later.has(seq)) return 'reload'
    throw await replayFailed(source, seq, record, cause)
  }

  async #reload(): Promise<void> {
    const { load, tree, published, show, skips, onReset } = this.#parts
    const loaded = await load()
    tree.reset(loaded.tree.state)
    for (const [seq, reason] of loaded.skips) skips.set(seq, reason)
    published.set(show(), loaded.seq)
    onReset(loaded.seq)
  }
}
