import { Random, seedOfRun } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import { Column } from '../../src/table/columns.js'
import { SlotHeap } from '../../src/table/slot-heap.js'
import { SlotQueue } from '../../src/table/slot-queue.js'
import { SlotTable, hashOfNumber } from '../../src/table/slot-table.js'

describe('a column', () => {
  it('is 0 where nothing was set, on pages that are there and on others', () => {
    const column = new Column(Float64Array)
    column.set(40_000, 7.5)
    expect([column.get(0), column.get(40_000), column.get(39_999), column.get(1e6)]).toEqual([
      0, 7.5, 0, 0,
    ])
  })

  it('takes no memory for pages of zeros', () => {
    const column = new Column(Uint32Array)
    column.set(1_000_000, 0)
    expect(column.sizeBytes).toBe(0)
    column.set(1_000_000, 1)
    expect(column.sizeBytes).toBe(4 * 16_384)
    column.set(1_000_000, 0)
    expect(column.get(1_000_000)).toBe(0)
  })

  it('keeps what it is given on both sides of a page’s end', () => {
    const column = new Column(Uint8Array)
    for (const index of [16_383, 16_384, 32_767, 32_768]) column.set(index, index % 251)
    for (const index of [16_383, 16_384, 32_767, 32_768]) {
      expect(column.get(index)).toBe(index % 251)
    }
  })
})

describe('a table of slots', () => {
  it('finds what a Map finds, through additions and removals at random, colliding hashes too', () => {
    const random = new Random(seedOfRun('slot table'))
    const keys = new Map<number, number>()
    // Few different hashes, so that runs of cells are long and closed up often.
    const hashOf = (slot: number): number => hashOfNumber((keys.get(slot) ?? 0) % 97)
    const table = new SlotTable(hashOf)
    const isThere = (key: number): number | undefined =>
      table.find(hashOfNumber(key % 97), (slot) => keys.get(slot) === key)
    for (let step = 0; step < 20_000; step++) {
      const slot = random.int(600)
      const key = 10_000 + slot
      if (keys.has(slot)) {
        expect(isThere(key)).toBe(slot)
        table.remove(slot)
        keys.delete(slot)
        expect(isThere(key)).toBeUndefined()
      } else {
        keys.set(slot, key)
        table.add(slot)
      }
      expect(table.size).toBe(keys.size)
    }
    for (const [slot, key] of keys) expect(isThere(key)).toBe(slot)
  })

  it('takes a removal of what it does not hold for none', () => {
    const table = new SlotTable(hashOfNumber)
    table.add(1)
    table.remove(2)
    expect(table.size).toBe(1)
  })

  it('spreads numbers that follow each other', () => {
    const shards = new Map<number, number>()
    for (let seq = 1; seq <= 6_400; seq++) {
      const shard = hashOfNumber(seq) & 63
      shards.set(shard, (shards.get(shard) ?? 0) + 1)
    }
    expect(shards.size).toBe(64)
    expect(Math.max(...shards.values())).toBeLessThan(160)
    expect(hashOfNumber(2 ** 40)).not.toBe(hashOfNumber(0))
  })
})

describe('a heap of slots', () => {
  it('gives what a sorted list gives, with removals from its middle', () => {
    const random = new Random(seedOfRun('slot heap'))
    const key = new Map<number, number>()
    const isBefore = (a: number, b: number): boolean => {
      const difference = (key.get(a) ?? 0) - (key.get(b) ?? 0)
      return difference === 0 ? a < b : difference < 0
    }
    const heap = new SlotHeap(new Column(Uint32Array), isBefore)
    let list: number[] = []
    for (let step = 0; step < 5_000; step++) {
      const slot = random.int(400)
      if (heap.has(slot)) {
        heap.remove(slot)
        list = list.filter((one) => one !== slot)
      } else if (random.int(3) === 0) {
        expect(heap.pop()).toBe(list.shift())
      } else {
        key.set(slot, random.int(50))
        heap.push(slot)
        list = [...list, slot].toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
      }
      expect(heap.peek()).toBe(list[0])
      expect(heap.size).toBe(list.length)
    }
    expect([...heap].toSorted()).toEqual(list.toSorted())
  })

  it('knows which of two heaps of a table a slot is in', () => {
    const positions = new Column(Uint32Array)
    const isBefore = (a: number, b: number): boolean => a < b
    const [one, other] = [new SlotHeap(positions, isBefore), new SlotHeap(positions, isBefore)]
    one.push(5)
    other.push(6)
    expect([one.has(5), other.has(5), one.has(6), other.has(6)]).toEqual([true, false, false, true])
    expect(one.pop()).toBe(5)
    expect(one.has(5)).toBe(false)
    expect(one.pop()).toBeUndefined()
  })
})

describe('a queue of slots', () => {
  it.each([
    ['as they come', 0],
    ['mostly as they come', 20],
    ['in any order', 1_000_000],
  ])(
    'gives what a sorted list gives, through additions and removals at random: %s',
    (_, spread) => {
      const random = new Random(seedOfRun('slot queue'))
      const keys: number[] = []
      const queue = new SlotQueue(
        new Column(Uint32Array),
        (a, b) => (keys[a] ?? 0) < (keys[b] ?? 0),
      )
      const there = new Set<number>()
      const first = (): number | undefined =>
        [...there].toSorted((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0))[0]
      const free = Array.from({ length: 60 }, (_slot, slot) => slot)
      for (let step = 0; step < 60_000; step++) {
        const what = random.int(5)
        const [some] = there
        if (what < 3 && free.length > 0) {
          const slot = free.pop() ?? 0
          keys[slot] = step + random.int(spread + 1) + slot / 100
          queue.push(slot)
          there.add(slot)
        } else if (what === 3 && some !== undefined) {
          queue.remove(some)
          there.delete(some)
          free.push(some)
          expect(queue.has(some)).toBe(false)
        } else {
          const wanted = first()
          expect(queue.peek()).toBe(wanted)
          expect(queue.pop()).toBe(wanted)
          if (wanted === undefined) continue
          there.delete(wanted)
          free.push(wanted)
        }
        expect(queue.size).toBe(there.size)
        if (some !== undefined) expect(queue.has(some)).toBe(there.has(some))
      }
    },
  )

  it('is empty when all are taken, over many pages', () => {
    const queue = new SlotQueue(new Column(Uint32Array), (a, b) => a < b)
    for (let slot = 0; slot < 100_000; slot++) queue.push(slot)
    for (let slot = 0; slot < 99_999; slot++) expect(queue.pop()).toBe(slot)
    expect([queue.size, queue.peek()]).toEqual([1, 99_999])
    queue.remove(99_999)
    expect([queue.size, queue.peek(), queue.pop()]).toEqual([0, undefined, undefined])
  })
})
