import { assertKnownOptions, type LogRange, type OptionNames } from '@mini-rs/ministore'
import type { CompiledDefinition, ParsedRecord } from '../definition/compiled.js'
import type { AppliedMutations, AppliedPayload } from '../definition/mutation-types.js'
import { MiniStateError, codeOf } from '../errors.js'
import { type LoadOptions, loadState } from '../replay/load.js'
import type { RecordSource } from '../replay/record-source.js'

const RANGE: OptionNames<LogRange> = { from: true, to: true, signal: true }

/** One mutation that was applied: of which `name`, and so with which `payload`. */
export type HistoryEntry<M> = {
  readonly [K in keyof M & string]: {
    readonly seq: number
    readonly name: K
    /** What the schema made of it. */
    readonly payload: AppliedPayload<M[K]>
    /** Both, as a caller would give it to `apply`. */
    readonly mutation: AppliedMutations<M>[K]
  }
}[keyof M & string]

/** A record as readers get it; its payload is nobody else's. */
export function historyEntry<M>(
  seq: number,
  { name, payload, hasPayload }: Extract<ParsedRecord, { kind: 'mutation' }>,
): HistoryEntry<M> {
  const mutation = hasPayload ? { [name]: payload } : name
  return { seq, name, payload, mutation } as unknown as HistoryEntry<M>
}

/** The state as it was after record `seq`. @throws {@link MiniStateError} `SEQ_DROPPED`, RangeError */
export async function stateAt<S extends object>(seq: number, options: LoadOptions<S>): Promise<S> {
  try {
    const { tree, snapshot } = await loadState({ ...options, to: seq })
    if (seq > 0 && snapshot?.seq !== seq) await assertCommitEnd(options.source, seq)
    return tree.state
  } catch (error) {
    if (codeOf(error) !== 'HISTORY_GAP') throw error
    throw new MiniStateError(
      'SEQ_DROPPED',
      `the state after record ${seq} cannot be made again: the log was compacted, and no snapshot is as old. Ask for a newer one`,
      { seq, cause: error },
    )
  }
}

/** Inside a commit there was never a state. @throws RangeError that names the commit's ends */
async function assertCommitEnd(source: RecordSource, seq: number): Promise<void> {
  for await (const entry of source.entries({ from: seq })) {
    if (entry.seq > seq || entry.commitEnd) return
    break
  }
  const [first, last] = await commitAround(source, seq)
  throw new RangeError(
    `record ${seq} is inside of a commit, from ${first} to ${last}, which is all or nothing: there is a state after ${last}, and one after ${first - 1}`,
  )
}

async function commitAround(
  source: RecordSource,
  seq: number,
): Promise<[first: number, last: number]> {
  let first = (source.bounds()?.droppedThroughSeq ?? 0) + 1
  for await (const entry of source.entries({})) {
    if (!entry.commitEnd) continue
    if (entry.seq >= seq) return [first, entry.seq]
    first = entry.seq + 1
  }
  return [first, seq]
}

/** The mutations of a range, oldest first, without those that are left out. */
export function historyOf<M>(
  source: RecordSource,
  definition: CompiledDefinition,
  skips: ReadonlyMap<number, string>,
  range: LogRange,
): AsyncGenerator<HistoryEntry<M>, void> {
  assertKnownOptions('range', range, RANGE)
  return entriesOf(source, definition, skips, range)
}

async function* entriesOf<M>(
  source: RecordSource,
  definition: CompiledDefinition,
  skips: ReadonlyMap<number, string>,
  range: LogRange,
): AsyncGenerator<HistoryEntry<M>, void> {
  for await (const { seq, record } of source.entries(range)) {
    if (skips.has(seq)) continue
    const parsed = definition.parse(record)
    if (parsed.kind === 'mutation') yield historyEntry<M>(seq, parsed)
  }
}
