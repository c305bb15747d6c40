import { type Engine, type StateRecovery, StateManager, defineState } from '@mini-rs/ministate'
import { type Change, type Entry, entriesOf, idOf, indexOfId } from './changes.js'

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

/** Objects of a shape, and nothing around them. */
export interface ShapedObjects {
  set(change: Change): void
  /** The values of all entries, in order. */
  values(): number[]
}

/** How entries lie in objects: what there is at first, and where an entry is. */
interface Layout<S extends object> {
  readonly initial: S
  readonly entryIn: (state: S, id: string) => Entry | undefined
}

/** The state of a shape, with one mutation: `{"set":{"id":…,"value":…}}`. */
export function shapedState(shape: Shape, size: number): OpenShape {
  return withLayout(shape, size, (layout) => stateOf(size, layout))
}

/** The same entries without a state. */
export function shapedObjects(shape: Shape, size: number): ShapedObjects {
  return withLayout(shape, size, (layout) => objectsOf(size, layout))
}

function withLayout<T>(
  shape: Shape,
  size: number,
  use: <S extends object>(layout: Layout<S>) => T,
): T {
  switch (shape) {
    case 'flat': {
      const initial = { entries: Object.fromEntries(entriesOf(size)) }
      return use({ initial, entryIn: ({ entries }, id) => entries[id] })
    }
    case 'nested':
      return use({
        initial: { shelves: onShelves(size) },
        entryIn: ({ shelves }, id) => {
          const [shelf, box] = placeOf(id)
          return shelves[shelf]?.[box]?.[id]
        },
      })
    case 'map': {
      const initial = { entries: new Map(entriesOf(size)) }
      return use({ initial, entryIn: ({ entries }, id) => entries.get(id) })
    }
  }
}

/** Entries in boxes on shelves: of 10,000, none of the three levels has more than 22. */
type Shelves = Record<string, Record<string, Record<string, Entry>>>

const SHELVES = 22

function placeOf(id: string): [shelf: string, box: string] {
  const index = indexOfId(id)
  return [`shelf-${index % SHELVES}`, `box-${Math.floor(index / SHELVES) % SHELVES}`]
}

function onShelves(size: number): Shelves {
  const shelves: Shelves = {}
  for (const [id, entry] of entriesOf(size)) {
    const [shelf, box] = placeOf(id)
    ;((shelves[shelf] ??= {})[box] ??= {})[id] = entry
  }
  return shelves
}

function objectsOf<S extends object>(size: number, { initial, entryIn }: Layout<S>): ShapedObjects {
  return {
    set: (change) => setIn(entryIn(initial, change.id), change),
    values: () => idsOf(size).map((id) => entryIn(initial, id)?.value ?? Number.NaN),
  }
}

function setIn(entry: Entry | undefined, { id, value }: Change): void {
  if (entry === undefined) throw new Error(`no entry ${id}`)
  entry.value = value
}

function idsOf(size: number): string[] {
  return Array.from({ length: size }, (_, index) => idOf(index))
}

function stateOf<S extends object>(size: number, { initial, entryIn }: Layout<S>): OpenShape {
  const definition = defineState({
    initial,
    mutations: (m) => ({
      set: m((state, change: Change) => setIn(entryIn(state, change.id), change)),
    }),
  })
  const ids = idsOf(size)
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
