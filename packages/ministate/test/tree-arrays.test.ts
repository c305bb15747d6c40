// oxlint-disable unicorn/no-array-sort, unicorn/no-array-reverse, unicorn/no-array-fill-with-reference-type, unicorn/no-useless-spread -- what changes an array is what is tested here
import { describe, expect, it } from 'vitest'
import { ENGINES, type Step, afterRecipes } from './support/states.js'

interface Item {
  id: number
}
interface Lists {
  numbers: number[]
  items: Item[]
}

const initial = (): Lists => ({
  numbers: [3, 1, 2],
  items: [{ id: 3 }, { id: 1 }, { id: 2 }],
})

/** What every one of them does to a plain array is what it has to do to a draft: also its answer. */
const SAME_AS_PLAIN: Readonly<Record<string, (lists: Lists) => unknown>> = {
  push: ({ numbers, items }) => [numbers.push(4, 5), items.push({ id: 4 })],
  'push of nothing': ({ numbers }) => numbers.push(),
  pop: ({ numbers, items }) => [numbers.pop(), items.pop()?.id],
  'pop of an empty one': ({ numbers }) => [numbers.splice(0).length, numbers.pop()],
  shift: ({ numbers, items }) => [numbers.shift(), items.shift()?.id],
  'shift of an empty one': ({ numbers }) => [numbers.splice(0).length, numbers.shift()],
  unshift: ({ numbers, items }) => [numbers.unshift(8, 9), items.unshift({ id: 8 }, { id: 9 })],
  'splice in the middle': ({ items }) =>
    items.splice(1, 1, { id: 7 }, { id: 8 }).map(({ id }) => id),
  'splice from the end': ({ numbers }) => numbers.splice(-2, 1),
  'splice to the end': ({ numbers }) => numbers.splice(1),
  'splice with a count beyond the end': ({ numbers }) => numbers.splice(2, 99, 5),
  'splice with a negative count': ({ numbers }) => numbers.splice(1, -5, 6),
  'splice from beyond the end': ({ numbers }) => numbers.splice(50, 1, 6),
  'splice from before the beginning': ({ numbers }) => numbers.splice(-50, 1),
  'sort by text': ({ numbers }) => [numbers.push(10), [...numbers.sort()]],
  'sort by a function': ({ items, numbers }) => [
    items.sort((a, b) => a.id - b.id).map(({ id }) => id),
    [...numbers.sort((a, b) => b - a)],
  ],
  reverse: ({ items }) => items.reverse().map(({ id }) => id),
  fill: ({ numbers }) => [...numbers.fill(7, 1)],
  'fill from the end': ({ numbers }) => [...numbers.fill(7, -2, -1)],
  'fill with an object': ({ items }) => items.fill({ id: 9 }).map(({ id }) => id),
  copyWithin: ({ numbers }) => [...numbers.copyWithin(0, 1)],
  'copyWithin from the end': ({ items }) => items.copyWithin(-1, 0, 1).map(({ id }) => id),
  'an index': ({ numbers, items }) => [(numbers[1] = 9), (items[0] = { id: 5 }).id],
  'the index behind the last': ({ numbers }) => (numbers[numbers.length] = 9),
  'a shorter length': ({ numbers, items }) => [(numbers.length = 1), (items.length = 0)],
  'the same length': ({ numbers }) => (numbers.length = 3),
  'a swap': ({ numbers, items }) => {
    ;[numbers[0], numbers[2]] = [numbers[2] as number, numbers[0] as number]
    ;[items[0], items[2]] = [items[2] as Item, items[0] as Item]
  },
  'changes in items that were found': ({ items }) => {
    const found = items.find(({ id }) => id === 1)
    if (found !== undefined) found.id = 11
    for (const item of items) item.id *= 2
    items.forEach((item, index) => (item.id += index))
    return items.map(({ id }) => id)
  },
  'methods that only read': ({ numbers, items }) => [
    numbers.at(-1),
    numbers.concat([4], 5),
    numbers.join('-'),
    numbers.slice(1),
    numbers.toSorted(),
    numbers.toSpliced(0, 1),
    numbers.with(0, 9),
    numbers.reduce((sum, n) => sum + n, 0),
    [...numbers.entries()],
    [...items.keys()],
    items.findLastIndex(({ id }) => id < 3),
    items.flatMap(({ id }) => [id, id]),
    items.filter(({ id }) => id > 1).map(({ id }) => id),
    Array.isArray(items),
    JSON.stringify(items),
    Object.keys(numbers),
    0 in numbers,
    3 in numbers,
  ],
  'filter and assign': (lists) => {
    lists.items = lists.items.filter(({ id }) => id !== 1)
    lists.numbers = [...lists.numbers, 4]
  },
}

describe.each(ENGINES)('an array of a draft with engine %s', (engine) => {
  it.each(Object.entries(SAME_AS_PLAIN))('takes %s as an array does', async (_, change) => {
    const plain = initial()
    const expectedAnswer = toPlain(change(plain))
    let answer: unknown
    const recipe: Step<Lists> = (draft) => {
      answer = toPlain(change(draft))
    }
    const state = await afterRecipes(engine, initial(), recipe)
    expect(state).toEqual(plain)
    expect(answer).toEqual(expectedAnswer)
  })

  it('takes more items at once than a call has arguments', async () => {
    const many = Array.from({ length: 200_000 }, (_, index) => index)
    const state = await afterRecipes(
      engine,
      { numbers: [1, 2, 3] },
      ({ numbers }) => numbers.splice(1, 1, ...many.slice(0, 50_000)),
      (draft) => (draft.numbers = many),
      ({ numbers }) => (numbers.length = 100),
    )
    expect(state.numbers).toEqual(many.slice(0, 100))
  })

  it('answers what it has removed, which may be changed and put elsewhere', async () => {
    const state = await afterRecipes(engine, initial(), ({ items }) => {
      const [removed] = items.splice(0, 1)
      if (removed === undefined) throw new Error('nothing was removed')
      removed.id = 30
      items.push(removed)
    })
    expect(state.items).toEqual([{ id: 1 }, { id: 2 }, { id: 30 }])
  })

  it('follows an item whose index has changed', async () => {
    const state = await afterRecipes(engine, initial(), ({ items }) => {
      const last = items[2]
      items.unshift({ id: 0 })
      items.sort((a, b) => a.id - b.id)
      if (last !== undefined) last.id = 22
    })
    expect(state.items).toEqual([{ id: 0 }, { id: 1 }, { id: 22 }, { id: 3 }])
  })

  it('holds arrays in arrays', async () => {
    const state = await afterRecipes(
      engine,
      { grid: [[1, 2], [3, 4], []] as number[][] },
      (draft) => {
        draft.grid[0]?.push(9)
        draft.grid[2]?.unshift(5)
        draft.grid.reverse()
        draft.grid.at(-1)?.splice(0, 1)
      },
    )
    expect(state.grid).toEqual([[5], [3, 4], [2, 9]])
  })
})

function toPlain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown)
}
