// Checked by the type checker, under every TypeScript that is supported; nothing here runs.
import {
  type AppliedAll,
  type Change,
  type Done,
  type DryRun,
  type HistoryEntry,
  type Immutable,
  type ImmutableDate,
  type InPlaceStateManager,
  type ManagerOf,
  type MutationInputs,
  type MutationOf,
  type StateManager as Manager,
  type StateOf,
  StateManager,
  defineState,
} from '@mini-rs/ministate'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [differs: never]

/** Fails to compile where the value has another type than B. */
declare function typeOf<A>(value: A): { is<B>(...differs: Same<A, B>): void }

type AccountId = string & { readonly __brand: 'AccountId' }

interface Item {
  id: string
  tags: string[]
  due?: Date
}

interface Shop {
  value: number
  owner: AccountId
  items: Map<string, Item>
  seen: Set<string>
  log: Item[]
  opened: Date
  key: Uint8Array
  place: [x: number, y: number]
  status: { kind: 'open'; since: Date } | { kind: 'closed' }
  extra: unknown
}

declare const empty: Shop

const shop = defineState({
  initial: empty,
  mutations: (m) => ({
    inc: m((state, by: number) => {
      state.value += by
      return state.value
    }),
    reset: m((state) => {
      state.value = 0
    }),
    add: m(
      z.object({ id: z.string(), tags: z.array(z.string()).default([]) }),
      (state, payload) => {
        typeOf(payload).is<{ id: string; tags: string[] }>()
        const outcome = state.items.has(payload.id) ? 'there' : 'added'
        state.items.set(payload.id, payload)
        return outcome
      },
    ),
    rename: m(v.object({ from: v.string(), to: v.string() }), (state, payload, context) => {
      typeOf(payload).is<{ from: string; to: string }>()
      typeOf(state).is<Shop>()
      typeOf(context.seq).is<number>()
      if (!state.items.has(payload.from)) context.reject('UNKNOWN_ITEM')
    }),
    pick: m(type({ id: 'string', count: 'number' }), (_state, payload) => {
      typeOf(payload).is<{ id: string; count: number }>()
      return { picked: payload.count }
    }),
    archive: m((state, item: Item) => void state.log.push(item)),
    move: m((state, [x, y]: [number, number]) => {
      state.place = [x, y]
    }),
    rank: m(z.coerce.number().default(1), (state, rank) => {
      state.value = rank
    }),
    anything: m(z.any(), (state, value) => {
      state.extra = value
    }),
    restore: m((state, old: Item | null) => {
      if (old !== null) state.log.push(old)
    }),
    score: m((state, { score }: { score: number }) => void (state.value += score), {
      version: 2,
      upcast: { 1: (points: number) => ({ score: points }) },
    }),
  }),
})

declare const manager: Manager<StateOf<typeof shop>, typeof shop.mutations>

export async function everyMutationIsCalledByItsName(): Promise<void> {
  typeOf(await StateManager.open('shop', shop)).is<typeof manager>()
  typeOf(manager.do.inc).is<(payload: number) => Promise<Done<number>>>()
  typeOf(manager.do.reset).is<() => Promise<Done<void>>>()
  typeOf((await manager.do.add({ id: 'a' })).result).is<'there' | 'added'>()
  typeOf(manager.do.rename).is<(payload: { from: string; to: string }) => Promise<Done<void>>>()
  typeOf((await manager.do.pick({ id: 'a', count: 1 })).result).is<{ picked: number }>()
  await manager.do.restore(null)
  await manager.do.move([1, 2])
  // A schema may make a payload of none.
  await manager.do.rank('17')
  await manager.do.rank()
  await manager.apply('rank')
  await manager.do.anything({ at: 'all' })
  // What is in the state may be given back, though it is read-only there: payloads are copied.
  const [first] = manager.state.log
  if (first !== undefined) await manager.do.archive(first)
  await manager.do.move(manager.state.place)
  // @ts-expect-error a number is needed
  await manager.do.inc('1')
  // @ts-expect-error a payload is needed
  await manager.do.inc()
  // @ts-expect-error there is no payload
  await manager.do.reset(1)
  // @ts-expect-error there is no such mutation
  await manager.do.increment(1)
  // @ts-expect-error one is missing
  await manager.do.rename({ from: 'a' })
  // @ts-expect-error one is too many
  await manager.do.rename({ from: 'a', to: 'b', force: true })
  // @ts-expect-error a tuple has its length
  await manager.do.move([1, 2, 3])
}

export async function aMutationIsOneName(): Promise<void> {
  typeOf(await manager.apply({ inc: 1 }, { expectedSeq: 7, id: 'once' })).is<number>()
  await manager.apply('reset')
  await manager.apply({ reset: null })
  await manager.apply({ add: { id: 'a', tags: ['b'] } })
  await manager.apply({ restore: null })
  typeOf(await counters.applyAll(['reset', { inc: 1 }])).is<AppliedAll<number | void>>()
  // @ts-expect-error a number is needed
  await manager.apply({ inc: '1' })
  // @ts-expect-error there is no such mutation
  await manager.apply({ increment: 1 })
  // @ts-expect-error there is no such mutation
  await manager.apply('increment')
  // @ts-expect-error it needs a payload
  await manager.apply('inc')
  // @ts-expect-error two are none
  await manager.apply({ inc: 1, reset: null })
  // @ts-expect-error none is none
  await manager.apply({})
  // @ts-expect-error it has no payload
  await manager.apply({ reset: 1 })
  // @ts-expect-error one is missing
  await manager.apply({ pick: { id: 'a' } })
  // @ts-expect-error one is too many
  await manager.apply({ pick: { id: 'a', count: 1, force: true } })
  // @ts-expect-error there is no such option
  await manager.apply('reset', { seq: 7 })
  // @ts-expect-error an array is needed
  await manager.applyAll('reset')
  // @ts-expect-error each of them is checked
  await manager.applyAll(['reset', { inc: '1' }])
}

const counter = defineState({
  initial: { value: 0 },
  mutations: (m) => ({
    inc: m((state, by: number) => (state.value += by)),
    reset: m((state) => {
      state.value = 0
    }),
  }),
})
type Counter = typeof counter.mutations
declare const counters: Manager<{ value: number }, Counter>

export async function aDefinitionNamesItsManagers(): Promise<void> {
  const one: ManagerOf<typeof counter> = await StateManager.open('state', counter)
  typeOf(one).is<StateManager<{ value: number }, Counter>>()
  typeOf(await one.apply('reset')).is<number>()
  const other: ManagerOf<typeof counter, 'inPlace'> = await StateManager.open('state', counter, {
    engine: 'inPlace',
  })
  typeOf(other).is<InPlaceStateManager<{ value: number }, Counter>>()
  // @ts-expect-error it has no state
  void other.state
}

export function mutationsHaveATypeOfTheirOwn(): void {
  typeOf<StateOf<typeof counter>>({ value: 0 }).is<{ value: number }>()
  typeOf<MutationOf<typeof counter>>('reset').is<
    | 'reset'
    | { readonly inc: number; readonly reset?: never }
    | { readonly reset: null; readonly inc?: never }
  >()
  typeOf<MutationInputs<Counter>['inc']>({ inc: 1 }).is<{
    readonly inc: number
    readonly reset?: never
  }>()
}

export async function readersSeeWhatWasApplied(): Promise<void> {
  for await (const change of counters.changes({ from: 1 })) {
    typeOf(change).is<Change<Counter>>()
    if (change.kind === 'reset') continue
    if (change.name === 'inc') {
      typeOf(change.payload).is<number>()
      typeOf(change.mutation.inc).is<number>()
    } else {
      typeOf(change.name).is<'reset'>()
      typeOf(change.payload).is<null | undefined>()
    }
    // @ts-expect-error there is no such mutation
    if (change.name === 'increment') continue
    typeOf(change.mutation).is<MutationOf<typeof counter>>()
    if (change.mutation !== 'reset' && change.mutation.inc !== undefined) {
      typeOf(change.mutation.inc).is<number>()
    }
  }
  for await (const entry of manager.history({ to: 9 })) {
    typeOf(entry).is<HistoryEntry<typeof shop.mutations>>()
    const { mutation } = entry
    if (entry.name === 'add') typeOf(entry.payload.tags).is<string[]>()
    // What the schema has made of it, not what was given.
    if (typeof mutation === 'object' && mutation.add) typeOf(mutation.add.tags).is<string[]>()
    // @ts-expect-error there is no such mutation
    if (typeof mutation === 'object') void mutation.increment
  }
  const run = await counters.dryRun({ inc: 1 })
  typeOf(run).is<DryRun<{ value: number }, number | void>>()
  if (run.ok) typeOf(run.state?.value).is<number | undefined>()
  else typeOf(run.rejection.code).is<typeof run.rejection.code>()
  typeOf(await counters.at(3)).is<{ readonly value: number }>()
  // @ts-expect-error a number is needed
  await counters.dryRun({ inc: '1' })
}

export async function updateDecidesOnAReadOnlyState(): Promise<void> {
  typeOf(
    await counters.update((state) => (state.value > 3 ? { inc: -state.value } : undefined)),
  ).is<number | undefined>()
  typeOf(await counters.read((state) => state.value)).is<number>()
  counters.select(
    (state) => state.value,
    (selected, previous) => typeOf(selected - previous).is<number>(),
  )
  // @ts-expect-error only a mutation changes the state
  await counters.update((state) => void (state.value = 1))
  // @ts-expect-error what is decided is checked
  await counters.update(() => ({ inc: '1' }))
  // @ts-expect-error a decision is synchronous
  await counters.update(async () => 'reset')
  // @ts-expect-error only a mutation changes the state
  await counters.read((state) => (state.value = 1))
}

export function theStateIsReadOnly(): void {
  const { state } = manager
  typeOf(state).is<Immutable<Shop>>()
  typeOf(manager.getSnapshot()).is<typeof state>()
  typeOf(manager.snapshot()).is<typeof state>()
  typeOf(state.owner).is<AccountId>()
  typeOf(state.extra).is<unknown>()
  typeOf(state.opened).is<ImmutableDate>()
  typeOf(state.place).is<readonly [x: number, y: number]>()
  typeOf(state.seen).is<ReadonlySet<string>>()
  // @ts-expect-error a property
  state.value = 1
  // @ts-expect-error the state as a whole
  manager.state = state
  // @ts-expect-error a member of an array
  state.log[0] = { id: 'a', tags: [] }
  // @ts-expect-error another one
  state.log.push({ id: 'a', tags: [] })
  // @ts-expect-error an array in an object in an array
  state.log[0]?.tags.push('a')
  // @ts-expect-error a Map
  state.items.set('a', { id: 'a', tags: [] })
  // @ts-expect-error in an object of a Map
  for (const item of state.items.values()) item.id = 'b'
  // @ts-expect-error a Set
  state.seen.add('a')
  // @ts-expect-error a Date
  state.opened.setHours(1)
  // @ts-expect-error a byte
  state.key[0] = 1
  // @ts-expect-error all bytes
  state.key.fill(0)
  // @ts-expect-error a tuple
  state.place[0] = 1
  // @ts-expect-error in a union
  if (state.status.kind === 'open') state.status.since.setTime(1)
}

export function readOnlyValuesAreStillWhatTheyAre(): void {
  const { state } = manager
  typeOf(new Intl.DateTimeFormat().format(state.opened)).is<string>()
  typeOf(new TextDecoder().decode(state.key)).is<string>()
  const date: Date = state.opened
  const bytes: Uint8Array = state.key
  // One helper for recipes, which have the state itself, and for readers.
  const total = (of: Immutable<Shop>): number => of.value + of.log.length
  total(empty)
  total(state)
  void [date, bytes]
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export function immutableOfEveryKind(): void {
  typeOf<Immutable<unknown>>(0).is<unknown>()
  typeOf<Immutable<AccountId | null>>(null).is<AccountId | null>()
  typeOf<Immutable<Map<string, string[]>>>(new Map()).is<ReadonlyMap<string, readonly string[]>>()
  typeOf<Immutable<Set<{ a: 1 }>>>(new Set()).is<ReadonlySet<{ readonly a: 1 }>>()
  typeOf<Immutable<[a: number, b?: string[]]>>([1]).is<
    readonly [a: number, b?: readonly string[]]
  >()
  typeOf<Immutable<{ a?: bigint }[]>>([]).is<readonly { readonly a?: bigint }[]>()
  const list: readonly Immutable<Json>[] = [1, { a: [null] }]
  const tree: Immutable<{ readonly all: Json[] }> = { all: list }
  // @ts-expect-error all the way down
  tree.all.push(1)
  defineState({
    initial: { json: null as Json },
    mutations: (m) => ({ set: m((state, json: Json) => void (state.json = json)) }),
  })
}

export async function inPlaceStatesAreReadByRead(): Promise<void> {
  const inPlace = await StateManager.open('counter', counter, { engine: 'inPlace' })
  typeOf(inPlace).is<InPlaceStateManager<{ value: number }, Counter>>()
  typeOf(await inPlace.read((state) => state.value)).is<number>()
  await inPlace.do.inc(1)
  // @ts-expect-error there is only the newest state, which may not be durable
  void inPlace.state
  // @ts-expect-error likewise
  inPlace.snapshot()
  // @ts-expect-error likewise
  inPlace.getSnapshot()
  // @ts-expect-error likewise
  inPlace.select(Boolean, () => {})
  // @ts-expect-error a number is needed
  await inPlace.apply({ inc: '1' })
  // @ts-expect-error there are two engines
  await StateManager.open('counter', counter, { engine: 'fast' })
  // @ts-expect-error no half-open states
  new StateManager('counter', counter)
}

export function whatARecipeMustNotBe(): void {
  defineState({
    initial: { value: 0 },
    mutations: (m) => ({
      // @ts-expect-error a recipe is synchronous
      a: m(async (state, by: number) => void (state.value += by)),
      // @ts-expect-error also where it is not always a promise
      b: m((state) => (state.value > 0 ? Promise.resolve(1) : 2)),
      // @ts-expect-error with a schema as well
      c: m(z.number(), async (state, by) => void (state.value += by)),
      // @ts-expect-error a payload may not be undefined
      d: m((state, by?: number) => void (state.value += by ?? 1)),
      // @ts-expect-error among other things
      e: m((state, by: unknown) => void (state.value += Number(by))),
      // @ts-expect-error nor what a schema makes of it
      f: m(z.number().optional(), (state, by) => void (state.value += by ?? 1)),
      // @ts-expect-error there is no such property
      g: m((state) => void state.count++),
      // @ts-expect-error a payload is annotated, or there is none
      h: m((state, by) => void (state.value += by)),
    }),
  })
  const initial = { value: 0 }
  // @ts-expect-error m is needed
  defineState({ initial, mutations: () => ({ a: (s: { value: number }) => void s.value++ }) })
  // @ts-expect-error a state is an object
  defineState({ initial: 0, mutations: () => ({}) })
  // @ts-expect-error an invariant only looks
  defineState({ initial, mutations: () => ({}), invariant: (s) => void s.value++ })
}

export function howVersionsAreUsed(): void {
  const made = { initial: { value: 0 }, version: 2, mutations: () => ({}) }
  defineState({ ...made, migrate: { 1: (old: { count: number }) => ({ value: old.count }) } })
  defineState({ ...made, schema: z.object({ value: z.number() }) })
  // @ts-expect-error a schema of another state
  defineState({ ...made, schema: z.object({ value: z.string() }) })
  // @ts-expect-error a step is a function
  defineState({ ...made, migrate: { 1: { value: 0 } } })
  // @ts-expect-error a version is a number
  defineState({ ...made, version: '2' })
  defineState({
    initial: { value: 0 },
    mutations: (m) => ({
      // @ts-expect-error a second version has a step from the first
      a: m((state, by: number) => void (state.value += by), { version: 2 }),
      // @ts-expect-error a step is a step to a version
      b: m((state, by: number) => void (state.value += by), { upcast: { 1: Number } }),
      // @ts-expect-error a step is a function
      c: m((state, by: number) => void (state.value += by), { version: 2, upcast: { 1: 1 } }),
      // @ts-expect-error a step is synchronous
      d: m((state) => void state.value++, { version: 2, upcast: { 1: async (old: 1) => old } }),
    }),
  })
}
