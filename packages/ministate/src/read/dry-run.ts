import type { Admitted } from '../definition/admitted.js'
import type { CompiledDefinition } from '../definition/compiled.js'
import type { Immutable } from '../definition/immutable.js'
import { MiniStateError } from '../errors.js'
import type { Published } from '../observe/published.js'
import type { RecordSource } from '../replay/record-source.js'
import { freezeTree } from '../tree/freeze.js'
import { undoAll } from '../tree/session.js'
import { StateTree } from '../tree/state-tree.js'
import { type RunOptions, runMutations } from '../write/run-mutations.js'
import type { Writer } from '../write/writer.js'

/** What a mutation would do. */
export type DryRun<S, R> =
  | {
      readonly ok: true
      /** The state that it would make; undefined with `engine: 'inPlace'`, which has only one. */
      readonly state: Immutable<S> | undefined
      readonly result: R
    }
  | { readonly ok: false; readonly rejection: MiniStateError }

/** What a dry run works on. */
export interface DryRunParts<S extends object> {
  readonly definition: CompiledDefinition
  readonly source: RecordSource
  readonly tree: StateTree<S>
  readonly published: Published<S>
  readonly invariant: ((state: S) => boolean | string | void) | undefined
  readonly settings: { readonly engine: 'immutable' | 'inPlace'; readonly freeze: boolean }
  readonly writing: { readonly writer: Writer<S> } | undefined
}

/** Runs a mutation on the durable state, and leaves that as it is. In place: on the newest, answered when that is durable. */
export async function dryRun<S extends object, R>(
  parts: DryRunParts<S>,
  admit: () => Admitted,
): Promise<DryRun<S, R>> {
  const { settings, tree, writing } = parts
  if (settings.engine === 'immutable') return tree.look(false, () => onDurable<S, R>(parts, admit))
  let outcome: DryRun<S, R> | undefined
  const run = (): void => {
    outcome = inPlace<S, R>(parts, admit, (writing?.writer.headSeq ?? parts.published.seq) + 1)
  }
  if (writing === undefined) run()
  else await writing.writer.read(run)
  return outcome as DryRun<S, R>
}

function onDurable<S extends object, R>(
  parts: DryRunParts<S>,
  admit: () => Admitted,
): DryRun<S, R> {
  const { published, settings } = parts
  const tree = new StateTree(published.state)
  tree.publish()
  return attempt(() => {
    const { results } = runMutations([admit()], optionsOf(parts, tree, published.seq + 1))
    if (settings.freeze) freezeTree(tree.state)
    return { ok: true, state: tree.state as Immutable<S>, result: results[0] as R }
  })
}

function inPlace<S extends object, R>(
  parts: DryRunParts<S>,
  admit: () => Admitted,
  firstSeq: number,
): DryRun<S, R> {
  return attempt(() => {
    const { results, undo } = runMutations([admit()], optionsOf(parts, parts.tree, firstSeq))
    undoAll(undo)
    return { ok: true, state: undefined, result: results[0] as R }
  })
}

function optionsOf<S extends object>(
  { invariant, settings, source }: DryRunParts<S>,
  tree: StateTree<S>,
  seq: number,
): RunOptions<S> {
  const firstSeq = source.gapless ? seq : undefined
  return { tree, firstSeq, invariant, isGuarded: settings.freeze }
}

function attempt<S, R>(run: () => DryRun<S, R>): DryRun<S, R> {
  try {
    return run()
  } catch (error) {
    if (MiniStateError.is(error)) return { ok: false, rejection: error }
    throw error
  }
}
