import { type OptionNames, assertKnownOptions } from '@mini-rs/ministore'
import type { CompiledDefinition } from '../definition/compiled.js'
import { codeOf } from '../errors.js'
import type { Published } from '../observe/published.js'
import { assertCount } from '../options.js'
import type { RecordSource } from '../replay/record-source.js'
import { type HistoryEntry, historyEntry } from './time-travel.js'

/** What {@link StateManager.changes} yields. `reset`: the state did not go on from the one before; look at it as a whole. */
export type Change<M> =
  | ({ readonly kind: 'mutation' } & HistoryEntry<M>)
  | { readonly kind: 'reset'; readonly seq: number }

/** What {@link changesOf} reads from. */
export interface ChangesParts {
  readonly source: RecordSource
  readonly definition: CompiledDefinition
  readonly published: Published<object>
  readonly skips: ReadonlyMap<number, string>
  /** Whether another process writes: then dropped records are a reset, not an error. */
  readonly isFollower: boolean
  /** Whether the log is written by others, of whom the state learns only when it asks. */
  readonly isShared: boolean
  readonly catchUp: () => Promise<void>
  /** How often the state was loaded anew. */
  readonly resetCount: () => number
  /** Whether the manager is closed, which ends the iteration. */
  readonly isClosed: () => boolean
  /** Ends it where the log itself stays open. */
  readonly ended: AbortSignal | undefined
}

/** What a closed log, and a closed state, say. */
const CLOSED: ReadonlySet<string | undefined> = new Set(['STORE_CLOSED', 'STATE_CLOSED'])

/** Options of {@link changesOf}. */
interface ChangesOptions {
  readonly from?: number
  readonly signal?: AbortSignal
}

const OPTIONS: OptionNames<ChangesOptions> = { from: true, signal: true }

/** Mutations as they become durable, from `from` on; each when the state reflects it. @throws TypeError, RangeError */
export function changesOf<M>(
  parts: ChangesParts,
  options: ChangesOptions,
): AsyncGenerator<Change<M>, void> {
  assertKnownOptions('options', options, OPTIONS)
  if (options.from !== undefined) assertCount('from', options.from)
  return changesFrom<M>(parts, options)
}

async function* changesFrom<M>(
  parts: ChangesParts,
  { from, signal: given }: ChangesOptions,
): AsyncGenerator<Change<M>, void> {
  const { published, isFollower, ended } = parts
  const signal =
    given !== undefined && ended !== undefined ? AbortSignal.any([given, ended]) : (given ?? ended)
  const isOver = (): boolean => signal?.aborted === true
  let next = from ?? published.seq + 1
  while (!isOver()) {
    try {
      for await (const change of untilReset<M>(parts, next, signal)) {
        yield change
        next = change.seq + 1
      }
      return
    } catch (error) {
      if (parts.isClosed() && CLOSED.has(codeOf(error))) return
      if (!isFollower || codeOf(error) !== 'SEQ_DROPPED') throw error
      const { firstSeq = next + 1 } = error as { readonly firstSeq?: number }
      await published.reached(firstSeq - 1)
      yield { kind: 'reset', seq: published.seq }
      next = published.seq + 1
    }
  }
}

async function* untilReset<M>(
  { source, definition, published, skips, resetCount, isShared, catchUp }: ChangesParts,
  from: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Change<M>, void> {
  let resets = resetCount()
  let shownSeq = 0
  for await (const item of source.follow({ from, ...(signal !== undefined && { signal }) })) {
    if (item.kind !== 'record') continue
    await (isShared ? catchUp() : published.reached(item.seq))
    if (resetCount() !== resets) {
      resets = resetCount()
      shownSeq = published.seq
      yield { kind: 'reset', seq: shownSeq }
    }
    if (item.seq <= shownSeq || skips.has(item.seq)) continue
    const parsed = definition.parse(item.record)
    if (parsed.kind === 'mutation') yield { kind: 'mutation', ...historyEntry<M>(item.seq, parsed) }
  }
}
