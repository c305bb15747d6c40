import { type Engine, type StateRecovery, StateManager, defineState } from '@mini-rs/ministate'
import { type Change, type Entry, entriesOf, idOf } from './changes.js'

/** How the entries of a state lie. */
export type Shape = 'flat' | 'nested' | 'map'

/** A state of some shape, opened. */
export interface OpenShapedState {
  readonly recovery: StateRecovery
  set(change: Change): Promise<number>
  /** The values of all entries, in order. */
  values(): Promise<number[]>
  /** Reads `state` so many times: only with `engine: 'immutable'`. */
  readState(times: number): void
  close(): Promise<void>
}

/** Opens a state of a shape with so many entries. */
export type OpenShape = (folder: string, engine: Engine) => Promise<OpenShapedState>

/** The state of a shape, with one mutation: `{"set":{"id":…,"value":…}}`. */
export function shapedState(shape: Shape, size: number): OpenShape {
  switch (shape) {
    case 'flat':
      return stateOf<{ entries: Record<string, Entry> }>(
        size,
        { entries: Object.fromEntries(entriesOf(size)) },
        ({ entries }, id) => entries[id],
      )
    case 'nested':
      return stateOf<{ buckets: Record<string, Record<string, Entry>> }>(
        size,
        { buckets: inBuckets(size) },
        ({ buckets }, id) => buckets[bucketOf(id)]?.[id],
      )
    case 'map':
      return stateOf<{ entries: Map<string, Entry> }>(
        size,
        { entries: new Map(entriesOf(size)) },
        ({ entries }, id) => entries.get(id),
      )
  }
}

/** A hundred buckets: of 100 entries each, where there are 10,000. */
function bucketOf(id: string): string {
  return id.slice(-2)
}

function inBuckets(size: number): Record<string, Record<string, Entry>> {
  const buckets: Record<string, Record<string, Entry>> = {}
  for (const [id, entry] of entriesOf(size)) (buckets[bucketOf(id)] ??= {})[id] = entry
  return buckets
}

function stateOf<S extends object>(
  size: number,
  initial: S,
  entryIn: (state: S, id: string) => Entry | undefined,
): OpenShape {
  const definition = defineState({
    initial,
    mutations: (m) => ({
      set: m((state, { id, value }: Change) => {
        const entry = entryIn(state, id)
        if (entry === undefined) throw new Error(`no entry ${id}`)
        entry.value = value
      }),
    }),
  })
  const ids = Array.from({ length: size }, (_, index) => idOf(index))
  return async (folder, engine) => {
    // With `engine: 'inPlace'` there is no `state`, in the types; here both are one.
    const manager = await StateManager.open(folder, definition, {
      engine: engine as 'immutable',
    })
    return {
      recovery: manager.recovery,
      set: (change) => manager.apply({ set: change }),
      values: () =>
        manager.read((state) => ids.map((id) => entryIn(state as S, id)?.value ?? Number.NaN)),
      readState: (times) => readState(manager, times),
      close: () => manager.close(),
    }
  }
}

function readState(manager: { readonly state: unknown }, times: number): void {
  const first = manager.state
  for (let n = 0; n < times; n++) {
    if (manager.state !== first) throw new Error('the state has changed though nobody changed it')
  }
}
