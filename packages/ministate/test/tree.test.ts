import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { freezeTree } from '../src/tree/freeze.js'
import { StateTree, adoptState } from '../src/tree/state-tree.js'
import { undoAll } from '../src/tree/session.js'

type Any = any // eslint-disable-line

function change(tree: StateTree<Any>, recipe: (state: Any) => void) {
  const session = tree.begin()
  try {
    recipe(session.root)
  } catch (error) {
    session.rollBack()
    throw error
  }
  return session.end()
}

describe('smoke', () => {
  for (const mode of ['private', 'published'] as const) {
    it(`works ${mode}`, () => {
      const initial = {
        n: 0,
        items: { a: { v: 1 } } as Any,
        list: [{ x: 1 }, { x: 2 }],
        map: new Map([['k', { y: 1 }]]),
        set: new Set([1, 2]),
        when: new Date(5),
      }
      const tree = new StateTree<Any>(adoptState(initial))
      if (mode === 'published') freezeTree(tree.publish())
      const before = tree.state
      const undo = change(tree, (s) => {
        s.n++
        s.items.b = s.items.a
        s.items.a.v = 9
        s.list.push(s.list[0])
        s.list[0].x = 7
        s.list.splice(1, 1)
        s.map.get('k').y = 3
        s.map.set('z', { y: 0 })
        s.map.delete('k')
        s.set.add(3)
        s.set.delete(1)
        const p = { q: 1 }
        s.items.p = p
        s.last = p
        s.last.q = 2
        delete s.items.a
      })
      const expected = {
        n: 1,
        items: { b: { v: 1 }, p: { q: 1 } },
        list: [{ x: 7 }, { x: 1 }],
        map: new Map([['z', { y: 0 }]]),
        set: new Set([2, 3]),
        when: new Date(5),
        last: { q: 2 },
      }
      expect(tree.state).toEqual(expected)
      if (mode === 'published') expect(before).toEqual(initial)
      undoAll(undo)
      expect(tree.state).toEqual(initial)
      if (mode === 'published') expect(tree.state).toBe(before)
      expect(Object.keys(tree.state.items)).toEqual(['a'])
    })
  }
  it('speed', () => {
    for (const N of [100, 10000, 100000])
      for (const mode of ['private', 'epochs', 'published'] as const) {
        const s: Any = { items: {}, n: 0 }
        for (let i = 0; i < N; i++) s.items['k' + i] = { v: i, n: 'x' }
        const tree = new StateTree<Any>(adoptState(s))
        if (mode !== 'private') tree.publish()
        const M = mode === 'published' ? Math.max(20, 2e6 / N / 10) : 100000
        const t = performance.now()
        for (let i = 0; i < M; i++) {
          change(tree, (d) => {
            d.items['k' + (i % N)].v = i
            d.n++
          })
          if (mode === 'published' || (mode === 'epochs' && i % 500 === 499)) tree.publish()
        }
        console.log(N, mode, (((performance.now() - t) / M) * 1000).toFixed(2), 'us/op')
      }
  })
  void fc
  void isDeepStrictEqual
})
