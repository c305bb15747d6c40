import type { RecipeContext } from '@mini-rs/ministate'
import type { Choices } from '@mini-rs/testkit'
import {
  type Fields,
  childrenOf,
  isCollection,
  isFields,
  keysOf,
  valueAt,
  valuesOf,
  walk,
  weight,
} from './places.js'

/** The state that random recipes work on. */
export interface ProgramState {
  /** The id of every mutation that was applied, in order: who sees a state knows what it was decided on. */
  applied: number[]
  count: number
  data: Fields
}

/** Steps that change the tree, or get hold of parts of it. */
const COMMON_STEPS = [
  'take',
  'child',
  'peek',
  'put',
  'putTwice',
  'bump',
  'bumpHeld',
  'bumpAll',
  'remove',
  'clear',
  'move',
  'swap',
  'push',
  'unshift',
  'pop',
  'shift',
  'splice',
  'sort',
  'reverse',
  'fill',
  'copyWithin',
  'spread',
  'make',
  'assignMany',
  'look',
  'count',
  'answer',
  'seq',
] as const

/** Steps that end a recipe, mostly. */
const RARE_STEPS = ['reject', 'fail', 'weird'] as const

/** Steps that put in no more than the payload has. */
const SMALL_STEPS: readonly StepName[] = [
  'put',
  'bump',
  'bumpAll',
  'remove',
  'clear',
  'push',
  'sort',
  'reverse',
  'count',
  'reject',
  'fail',
]

/** The steps that there are. */
export type StepName = (typeof COMMON_STEPS)[number] | (typeof RARE_STEPS)[number] | 'wipe'

/** One step of a random recipe: what to do, and three numbers that say where, whatever the state looks like. */
export type Step = readonly [name: StepName, a: number, b: number, c: number]

/** A random recipe, as it stands in the log. */
export interface Program {
  readonly id: number
  /** Objects that steps can put into the state, at several places, and change before and after. */
  readonly values: readonly unknown[]
  readonly steps: readonly Step[]
}

/** What is different between a recipe's draft and plain objects that stand for it. */
export interface Hands {
  /** What an assignment into `target` stores. */
  keep(target: object, value: unknown): unknown
  /** Sets a property; `undefined` deletes it. */
  setField(target: Fields, key: string, value: unknown): void
  /** A place where the state refuses what follows. */
  refusal(target: object): void
}

/** A recipe assigns as everybody does; the state does the rest. */
export const RECIPE_HANDS: Hands = {
  keep: (_target, value) => value,
  setField: (target, key, value) => {
    target[key] = value
  },
  refusal: () => {},
}

const STATE_KEYS = ['k0', 'k1', 'n', '7', '3', '__proto__', 'constructor', 'length', 'k2', '']
const MAP_KEYS = ['k0', 'k1', 2, 3n, true, null, '', -0]

/** Runs a random recipe on a draft, or on plain objects that stand for it. Answers what it returns. */
export function runProgram(
  state: ProgramState,
  { id, values, steps }: Program,
  hands: Hands,
  context: Pick<RecipeContext, 'reject' | 'seq'>,
): unknown {
  state.applied.push(id)
  const run: Run = { state, hands, context, held: [...values], result: undefined }
  for (const [name, a, b, c] of steps) STEPS[name](run, a, b, c)
  return run.result
}

/** A recipe under way. */
interface Run {
  readonly state: ProgramState
  readonly hands: Hands
  readonly context: Pick<RecipeContext, 'reject' | 'seq'>
  /** What steps have got hold of. */
  readonly held: unknown[]
  result: unknown
}

type StepFunction = (run: Run, a: number, b: number, c: number) => void

/** Every step. Each does something sensible, or nothing, with whatever it finds. */
const STEPS: Readonly<Record<StepName, StepFunction>> = {
  take: (run, a) => void run.held.push(walk(run.state.data, a)),
  child: (run, a, b) => void run.held.push(walk(collectionAt(run, a), b)),
  peek: (run, a, b) => {
    const target = collectionAt(run, a)
    const values = valuesOf(target)
    run.held.push(values[b % Math.max(values.length, 1)])
  },
  put: (run, a, b, c) => put(run, a, b, heldAt(run, c)),
  putTwice: (run, a, b, c) => {
    put(run, a, b, heldAt(run, c))
    put(run, b, a, heldAt(run, c))
    bump(run, heldAt(run, c))
  },
  bump: (run, a) => bump(run, collectionAt(run, a)),
  bumpHeld: (run, a) => bump(run, heldAt(run, a)),
  bumpAll: (run, a) => {
    for (const child of childrenOf(collectionAt(run, a))) bump(run, child)
  },
  remove: (run, a, b) => remove(run, collectionAt(run, a), b),
  clear: (run, a, b) => {
    const target = collectionAt(run, a)
    if (target instanceof Map || target instanceof Set) target.clear()
    else if (Array.isArray(target)) target.length = b % (target.length + 1)
    else run.hands.setField(target as Fields, 'n', undefined)
  },
  move: (run, a, b, c) => {
    const [from, to] = [collectionAt(run, a), collectionAt(run, b)]
    const keys = [...keysOf(from)]
    const key = keys[c % Math.max(keys.length, 1)]
    if (key === undefined || from instanceof Set) return
    put(run, b, c, valueAt(from, key), to)
    remove(run, from, c)
  },
  swap: (run, a, b, c) => {
    const target = collectionAt(run, a)
    const keys = [...keysOf(target)]
    const [i, j] = [keys[b % Math.max(keys.length, 1)], keys[c % Math.max(keys.length, 1)]]
    if (i === undefined || j === undefined || target instanceof Set) return
    const [x, y] = [valueAt(target, i), valueAt(target, j)]
    assign(run, target, i, y)
    assign(run, target, j, x)
  },
  push: (run, a, b, c) => onArray(run, a, (items) => items.push(...kept(run, items, b, c))),
  unshift: (run, a, b, c) => onArray(run, a, (items) => items.unshift(...kept(run, items, b, c))),
  pop: (run, a) => onArray(run, a, (items) => items.pop()),
  shift: (run, a) => onArray(run, a, (items) => items.shift()),
  splice: (run, a, b, c) =>
    onArray(run, a, (items) => items.splice(b % 4, c % 3, ...kept(run, items, b, c))),
  // In place: that is what a recipe does.
  sort: (run, a, b) =>
    onArray(run, a, (items) =>
      // oxlint-disable-next-line unicorn/no-array-sort
      items.sort((x, y) => (b % 2 === 0 ? 1 : -1) * (weight(x) - weight(y))),
    ),
  // oxlint-disable-next-line unicorn/no-array-reverse
  reverse: (run, a) => onArray(run, a, (items) => items.reverse()),
  fill: (run, a, b, c) =>
    onArray(run, a, (items) => {
      const value = heldAt(run, c)
      const to = Math.min(items.length, (b % 3) + 2)
      if (run.hands === RECIPE_HANDS) items.fill(value, b % 3, to)
      else for (let at = b % 3; at < to; at++) items[at] = run.hands.keep(items, value)
    }),
  copyWithin: (run, a, b, c) =>
    onArray(run, a, (items) => {
      if (run.hands === RECIPE_HANDS) return items.copyWithin(b % 3, c % 3)
      const moved = items.slice(c % 3).slice(0, Math.max(0, items.length - (b % 3)))
      const copies = moved.map((item) => run.hands.keep(items, item))
      copies.forEach((copy, index) => (items[(b % 3) + index] = copy))
      return items
    }),
  spread: (run, a, b, c) => {
    const target = collectionAt(run, a)
    if (Array.isArray(target)) run.held.push(target.filter((_, index) => index !== b % 3))
    else if (target instanceof Map) run.held.push(new Map(target))
    else if (target instanceof Set) run.held.push(new Set(target))
    else run.held.push({ ...target, n: b, v: heldAt(run, c) })
  },
  make: (run, a, b, c) => void run.held.push(made(run, a, b, heldAt(run, c))),
  assignMany: (run, a, b, c) => {
    const target = collectionAt(run, a)
    if (!isFields(target)) return
    const { hands } = run
    const values = { n: b, k3: heldAt(run, c) ?? null }
    if (hands === RECIPE_HANDS) Object.assign(target, values)
    else for (const [key, value] of Object.entries(values)) hands.setField(target, key, value)
  },
  look: (run, a, b, c) => {
    run.state.count += look(run, collectionAt(run, a), b, heldAt(run, c)) % 2
  },
  count: (run, a) => {
    run.state.count += (a % 5) - 1
  },
  answer: (run, a) => {
    run.result = heldAt(run, a)
  },
  seq: (run) => {
    run.state.data['seq'] = run.context.seq
  },
  reject: (run, a) => {
    if (run.state.count % 2 === a % 2) run.context.reject('NO', JSON.stringify(run.state.applied))
  },
  fail: (run, a) => {
    if (run.state.count % 3 === a % 3) throw new Error(JSON.stringify(run.state.applied))
  },
  wipe: ({ state, hands }) => {
    state.count = 0
    hands.setField(state as unknown as Fields, 'data', { n: 0, list: [] })
  },
  weird: (run, a, b) => weird(run, a, walk(run.state.data, b)),
}

/** A program of two steps that cannot make a state large, whatever it finds. */
export function chooseSmallProgram(choices: Choices, id: number): Program {
  const steps = Array.from({ length: 2 }, (): Step => {
    const name = SMALL_STEPS[choices.choose(SMALL_STEPS.length)]
    return [name ?? 'count', choices.choose(100), choices.choose(12), choices.choose(8)]
  })
  return { id, values: [chooseValue(choices)], steps }
}

/** A program from choices: a few values, a few steps. */
export function chooseProgram(choices: Choices, id: number, mostSteps = 5): Program {
  const values = Array.from({ length: 1 + choices.choose(2) }, () => chooseValue(choices))
  const steps = Array.from({ length: 1 + choices.choose(mostSteps) }, (): Step => {
    const names = choices.choose(12) === 11 ? RARE_STEPS : COMMON_STEPS
    const name = names[choices.choose(names.length)]
    return [name ?? 'count', choices.choose(100), choices.choose(12), choices.choose(8)]
  })
  return { id, values, steps }
}

function chooseValue(choices: Choices): unknown {
  const n = choices.choose(4)
  const values: unknown[] = [
    { n },
    { n, tags: ['x', { n: 1 }] },
    [n, [{ n }]],
    { deep: { er: { n } }, 7: n, 3: null },
    [],
    'text',
    n,
    null,
  ]
  return values[choices.choose(values.length)]
}

/** A collection: one that was got hold of before, or one of the state. */
function collectionAt(run: Run, a: number): object {
  const held = heldAt(run, a >> 1)
  if (a % 2 === 1 && isCollection(held)) return held
  return walk(run.state.data, a)
}

/** Whatever was got hold of; the newest is 0. */
function heldAt({ held }: Run, index: number): unknown {
  return held.at(-1 - (index % Math.max(held.length, 1)))
}

function put(run: Run, a: number, b: number, value: unknown, target = collectionAt(run, a)): void {
  if (Array.isArray(target)) return assign(run, target, b % (target.length + 1), value)
  if (target instanceof Map) return assign(run, target, MAP_KEYS[b % MAP_KEYS.length], value)
  if (target instanceof Set) {
    if (!target.has(value)) target.add(run.hands.keep(target, value))
    return
  }
  // Only a draft and what stands for it take every key for a property.
  const keys = a % 2 === 1 ? STATE_KEYS.slice(0, 5) : STATE_KEYS
  assign(run, target, keys[b % keys.length], value)
}

function assign(run: Run, target: object, key: unknown, value: unknown): void {
  const { hands } = run
  if (target instanceof Map) target.set(key, hands.keep(target, value))
  else if (Array.isArray(target)) target[Number(key)] = hands.keep(target, value)
  else hands.setField(target as Fields, String(key), value)
}

function bump(run: Run, target: unknown): void {
  if (!isCollection(target)) return
  const key = Array.isArray(target) ? 0 : 'n'
  if (target instanceof Set || (Array.isArray(target) && target.length === 0)) return
  const before = valueAt(target, key)
  assign(run, target, key, typeof before === 'number' ? before + 1 : 1)
}

function remove(run: Run, target: object, b: number): void {
  const keys = [...keysOf(target)]
  const key = keys[b % Math.max(keys.length, 1)]
  if (keys.length === 0) return
  if (Array.isArray(target)) run.held.push(target.splice(Number(key), 1)[0])
  else if (target instanceof Map || target instanceof Set) target.delete(key)
  else delete (target as Fields)[String(key)]
}

function onArray(run: Run, a: number, act: (items: unknown[]) => unknown): void {
  const target = collectionAt(run, a)
  if (!Array.isArray(target)) return
  const answer = act(target)
  if (typeof answer === 'object') run.held.push(answer)
}

/** What is added to an array: one thing, or the same thing twice. */
function kept(run: Run, items: unknown[], b: number, c: number): unknown[] {
  const value = heldAt(run, c)
  return Array.from({ length: 1 + (b % 2) }, () => run.hands.keep(items, value))
}

function made(run: Run, a: number, b: number, value: unknown): unknown {
  switch (a % 7) {
    case 0:
      return new Map<unknown, unknown>([
        ['k0', value],
        [b, { n: b }],
      ])
    case 1:
      return new Set<unknown>([b, value, { n: b }])
    case 2:
      return new Date(b)
    case 3:
      return BigInt(b)
    case 4:
      return new Uint8Array([b, 2])
    case 5:
      return { value, again: value }
    default:
      return walk(run.state.data, b)
  }
}

/** A number that can be seen in a collection. */
function look(run: Run, target: object, b: number, value: unknown): number {
  if (Array.isArray(target)) {
    const items = target as unknown[]
    const numbers = [
      items.indexOf(value),
      items.includes(items[0]) ? 1 : 0,
      items.findIndex((item) => weight(item) > 1),
      items.flat().length,
      items.slice(1).map(weight).length,
    ]
    return numbers[b % numbers.length] ?? 0
  }
  if (target instanceof Map || target instanceof Set) return target.has(value) ? 1 : target.size
  const isThere = 'n' in target || Object.hasOwn(target, 'k0')
  return isThere ? Object.entries(target).length : JSON.stringify(Object.keys(target)).length
}

/** What a state refuses, or changes. */
function weird(run: Run, a: number, target: object): void {
  const cycle: Fields = {}
  cycle['self'] = cycle
  const values = [Number.NaN, Infinity, () => 1, Symbol('no'), '\ud800', cycle, new Map([[{}, 1]])]
  const value = values[a % (values.length + 2)]
  if (value !== undefined) {
    put(run, 0, 0, { a: [value] }, target)
    return
  }
  run.held.push(-0)
  if (!Array.isArray(target)) return
  run.hands.refusal(target)
  target[target.length + 1] = 1
}
