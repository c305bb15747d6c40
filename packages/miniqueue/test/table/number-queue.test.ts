import { Random, seedOfRun } from '@mini-rs/testkit/vitest'
import { expect, test } from 'vitest'
import { NumberQueue } from '../../src/table/number-queue.js'

test('a queue of numbers is what a list is, at random', () => {
  const random = new Random(seedOfRun('number queue'))
  const queue = new NumberQueue()
  let list: number[] = []
  for (let step = 0; step < 20_000; step++) {
    const number = random.int(40)
    const action = random.int(4)
    if (action < 2) {
      queue.add(number)
      if (!list.includes(number)) list.push(number)
    } else if (action === 2) {
      expect(queue.delete(number)).toBe(list.includes(number))
      list = list.filter((other) => other !== number)
    } else {
      const first = queue.first()
      expect(first).toBe(list[0])
      if (first !== undefined && random.int(2) === 0) {
        queue.delete(first)
        list.shift()
      }
    }
    expect([queue.size, queue.has(number)]).toEqual([list.length, list.includes(number)])
    if (step % 100 === 0) expect([...queue]).toEqual(list)
  }
})
