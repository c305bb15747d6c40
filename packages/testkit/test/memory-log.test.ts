import type { AppendedRange } from '@mini-rs/ministore'
import { type ErrorShape, MemoryLog, logConformance } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { collect } from './support/collect.js'
import { memorySubject } from './support/memory-subject.js'

/** `SEED` where it is set. Printed, so that a failure names it. */
function seedOfRun(name: string): number {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
  console.log(`${name}: SEED=${seed}`)
  return seed
}

const ownSeed = seedOfRun('MemoryLog')
for (const seed of [1, 2, 3, ownSeed]) {
  logConformance(`MemoryLog with seed ${seed}`, () => memorySubject(seed))
}

describe('MemoryLog, as hard on its callers as a cluster', () => {
  it('skips numbers between commits, never within one', async () => {
    const log = MemoryLog.cluster<number>({ seed: 1 }).connect()
    const ranges: AppendedRange[] = []
    for (let n = 0; n < 50; n++) ranges.push(await log.appendMany([n, n, n]))
    expect(ranges.every(({ first, last }) => last === first + 2)).toBe(true)
    expect(ranges.some(({ first }, index) => first !== (ranges[index - 1]?.last ?? 0) + 1)).toBe(
      true,
    )
  })

  it('gives the same numbers for the same seed', async () => {
    const numbersOf = async (seed: number): Promise<number[]> => {
      const log = MemoryLog.cluster<number>({ seed }).connect()
      return Promise.all(Array.from({ length: 20 }, (_, n) => log.append(n)))
    }
    expect(await numbersOf(ownSeed)).toEqual(await numbersOf(ownSeed))
    expect(await numbersOf(1)).not.toEqual(await numbersOf(2))
  })

  it('does not know of what others append until it asks', async () => {
    const cluster = MemoryLog.cluster<string>()
    const [log, other] = [cluster.connect(), cluster.connect()]
    const seq = await other.append('theirs')
    expect(log.lastSeq).toBe(0)
    expect(await log.read(seq)).toBe('theirs')
    expect(log.lastSeq).toBe(seq)
  })

  it('lets a rival in right before the next append, where that is scripted', async () => {
    const log = MemoryLog.cluster<string>().connect()
    log.failNext({ kind: 'rival', record: 'rival' })
    await expect(log.append('mine', { expectedSeq: 0 })).rejects.toMatchObject({
      code: 'WRONG_EXPECTED_SEQ',
      outcome: 'absent',
    })
    log.failNext({ kind: 'rival', record: 'another' })
    await log.append('mine')
    const records = (await collect(log.entries())).map(({ record }) => record)
    expect(records).toEqual(['rival', 'another', 'mine'])
  })

  it('holds each record once when writers repeat what failed under random faults', async () => {
    const faults = { unknownOneIn: 4, unavailableOneIn: 5 }
    const cluster = MemoryLog.cluster<string>({ seed: ownSeed, ...faults })
    const codes = new Set<unknown>()
    const writing = ['a', 'b', 'c'].map(async (writer) => {
      const log = cluster.connect()
      for (let n = 0; n < 100; n++) {
        const id = `${writer}${n}`
        for (let isThere = false; !isThere;) {
          isThere = await log.appendOnce(id, { id }).then(
            () => true,
            ({ code }: ErrorShape) => !codes.add(code),
          )
        }
      }
    })
    await Promise.all(writing)
    const records = (await collect(cluster.connect().entries())).map(({ record }) => record)
    expect(records).toHaveLength(300)
    expect(new Set(records).size).toBe(300)
    expect([...codes].toSorted()).toEqual(['OUTCOME_UNKNOWN', 'UNAVAILABLE'])
  })
})
