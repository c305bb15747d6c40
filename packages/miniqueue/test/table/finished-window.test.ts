import { Random, seedOfRun } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import { type FinishedId, FinishedWindow } from '../../src/table/finished-window.js'
import { type IdHash, hashOfId } from '../../src/table/job-table.js'

const HASH = hashOfId('q', 'a')

describe('the window of ids that have ended', () => {
  it('finds an id at its age, and not past it', () => {
    const window = new FinishedWindow({ ageMs: 100, count: 10 })
    window.add({ hash: HASH, of: 1, endedMs: 1_000 })
    expect(window.find(HASH, 1_100)).toEqual({ hash: HASH, of: 1, endedMs: 1_000 })
    expect(window.find(HASH, 1_101)).toBeUndefined()
    expect(window.find(hashOfId('q', 'b'), 1_000)).toBeUndefined()
    expect(window.find(hashOfId('other', 'a'), 1_000)).toBeUndefined()
  })

  it('holds as many as it should, and lets the oldest go for one more', () => {
    const window = new FinishedWindow({ ageMs: 100, count: 2 })
    const hashes = ['a', 'b', 'c'].map((id) => hashOfId('q', id))
    hashes.forEach((hash, index) => window.add({ hash, of: index + 1, endedMs: 0 }))
    expect(hashes.map((hash) => window.find(hash, 0)?.of)).toEqual([undefined, 2, 3])
    expect([...window].map(({ of }) => of)).toEqual([2, 3])
  })

  it('holds none where none are wanted', () => {
    const window = new FinishedWindow({ ageMs: 100, count: 0 })
    window.add({ hash: HASH, of: 1, endedMs: 0 })
    expect(window.find(HASH, 0)).toBeUndefined()
    expect(window.size).toBe(0)
  })

  it('gives the newest of those that have had an id', () => {
    const window = new FinishedWindow({ ageMs: 100, count: 10 })
    for (const of of [1, 2, 3]) window.add({ hash: HASH, of, endedMs: of })
    expect(window.find(HASH, 3)?.of).toBe(3)
  })

  it('is what a list is, at random, hashes that share their first word too', () => {
    const random = new Random(seedOfRun('finished window'))
    for (const count of [1, 3, 50]) {
      const window = new FinishedWindow({ ageMs: 40, count })
      let list: FinishedId[] = []
      let nowMs = 0
      for (let of = 1; of <= 3_000; of++) {
        nowMs += random.int(3)
        const hash: IdHash = [random.int(4), random.int(4), 0, 0]
        window.add({ hash, of, endedMs: nowMs })
        list = [...list, { hash, of, endedMs: nowMs }].slice(-count)
        list = list.filter(({ endedMs }) => endedMs >= nowMs - 40)
        const wanted: IdHash = [random.int(4), random.int(4), 0, 0]
        const found = list.findLast((one) => one.hash.every((word, at) => word === wanted[at]))
        expect(window.find(wanted, nowMs)?.of).toBe(found?.of)
        expect(window.size).toBe(list.length)
      }
      expect([...window]).toEqual(list)
    }
  })
})
