import { Random, seedOfRun } from '@mini-rs/testkit/vitest'
import { beforeEach, describe, expect, it } from 'vitest'
import { JobTable, hashOfId } from '../../src/table/job-table.js'
import { ReadySet } from '../../src/table/ready-set.js'

let table: JobTable
let ready: ReadySet
let seq: number

beforeEach(() => {
  table = new JobTable()
  ready = new ReadySet(table)
  seq = 0
})

function job(of: { dueMs?: number; priority?: number; group?: string }): number {
  const { dueMs = 0, priority = 0, group } = of
  const slot = table.add(++seq, 0, undefined)
  const state = { attempt: 0, failures: 0, crashes: 0, delayMs: 0 }
  table.store(slot, { ...state, status: 'waiting', dueMs })
  table.setPriority(slot, priority)
  if (group !== undefined) Object.assign(table.extraToChange(slot), { group, placeMs: dueMs })
  return slot
}

function readyJob(of: { dueMs?: number; priority?: number; group?: string }): number {
  const slot = job(of)
  ready.add(slot)
  return slot
}

/** What `lease` does to a ready set. */
function begin(slot: number): void {
  ready.remove(slot)
  ready.begin(slot)
}

const take = (): number | undefined => ready.take(() => true)

function takeAndBegin(): number | undefined {
  const slot = take()
  if (slot !== undefined) begin(slot)
  return slot
}

describe('without groups', () => {
  it('the order is priority, then when a job became ready, then its number', () => {
    const random = new Random(seedOfRun('ready order'))
    const slots = Array.from({ length: 300 }, () =>
      readyJob({ dueMs: random.int(20), priority: random.int(5) - 2 }),
    )
    const expected = slots.toSorted(
      (a, b) =>
        table.priority(a) - table.priority(b) ||
        table.dueMs(a) - table.dueMs(b) ||
        table.seq(a) - table.seq(b),
    )
    expect(slots.map(() => takeAndBegin())).toEqual(expected)
    expect(ready.isEmpty).toBe(true)
  })

  it('those that may not run are passed over, and keep their places', () => {
    const [a, b, c] = [readyJob({}), readyJob({}), readyJob({})]
    expect(ready.take((slot) => slot === c)).toBe(c)
    expect([takeAndBegin(), takeAndBegin(), takeAndBegin()]).toEqual([a, b, undefined])
  })
})

describe('with groups', () => {
  it('one of each runs at a time, and they come in turn', () => {
    const a = [readyJob({ group: 'a' }), readyJob({ group: 'a' })]
    const b = [readyJob({ group: 'b' }), readyJob({ group: 'b' })]
    expect([takeAndBegin(), takeAndBegin(), takeAndBegin()]).toEqual([a[0], b[0], undefined])
    ready.end(b[0] ?? 0)
    ready.end(a[0] ?? 0)
    expect([takeAndBegin(), takeAndBegin()]).toEqual([b[1], a[1]])
  })

  it('as many run as the rules allow', () => {
    ready.rules = { concurrency: 2, onFailure: 'block' }
    const [one, two, three] = [
      readyJob({ group: 'a' }),
      readyJob({ group: 'a' }),
      readyJob({ group: 'a' }),
    ]
    expect([takeAndBegin(), takeAndBegin(), takeAndBegin()]).toEqual([one, two, undefined])
    ready.end(one)
    expect(takeAndBegin()).toBe(three)
  })

  it('within one, the order is that of their places, whatever their due times have become', () => {
    const first = job({ group: 'a', dueMs: 5 })
    const second = job({ group: 'a', dueMs: 7 })
    table.setDueMs(first, 100)
    ready.add(second)
    ready.add(first)
    expect(takeAndBegin()).toBe(first)
  })

  it('one that failed holds up its group until it has run, or is gone', () => {
    const [failed, next] = [readyJob({ group: 'a' }), readyJob({ group: 'a' })]
    const other = readyJob({ group: 'b' })
    expect(takeAndBegin()).toBe(failed)
    ready.end(failed)
    ready.block(failed)
    expect([takeAndBegin(), takeAndBegin()]).toEqual([other, undefined])
    expect(ready.holdUp(next)).toEqual({ group: 'a', why: 'blocked' })
    ready.unblock(failed)
    ready.add(failed)
    expect(takeAndBegin()).toBe(failed)
    expect(ready.holdUp(next)).toEqual({ group: 'a', why: 'busy' })
    ready.end(failed)
    expect(takeAndBegin()).toBe(next)
  })

  it('with `skip` it does not', () => {
    ready.rules = { concurrency: 1, onFailure: 'skip' }
    const [failed, next] = [readyJob({ group: 'a' }), readyJob({ group: 'a' })]
    expect(takeAndBegin()).toBe(failed)
    ready.end(failed)
    ready.block(failed)
    expect(takeAndBegin()).toBe(next)
  })

  it('new rules hold for jobs that are there already', () => {
    const [failed, next] = [readyJob({ group: 'a' }), readyJob({ group: 'a' })]
    expect(takeAndBegin()).toBe(failed)
    ready.end(failed)
    ready.block(failed)
    expect(take()).toBeUndefined()
    ready.rules = { concurrency: 1, onFailure: 'skip' }
    expect(takeAndBegin()).toBe(next)
  })

  it('a job that is taken and has not begun counts as one that runs', () => {
    const taken = readyJob({ group: 'a' })
    expect(take()).toBe(taken)
    const next = readyJob({ group: 'a' })
    expect(take()).toBeUndefined()
    begin(taken)
    expect(take()).toBeUndefined()
    ready.end(taken)
    expect(take()).toBe(next)
  })

  it('a job that is taken and then removed lets the next one come', () => {
    const [taken, next] = [readyJob({ group: 'a' }), readyJob({ group: 'a' })]
    expect(take()).toBe(taken)
    ready.remove(taken)
    expect(take()).toBe(next)
  })

  it('a job that is taken and put back is the next one', () => {
    const [taken] = [readyJob({ group: 'a' }), readyJob({ group: 'a' })]
    expect(take()).toBe(taken)
    ready.add(taken)
    expect(take()).toBe(taken)
  })

  it('never runs more of a group than its rules allow, and leaves none behind, at random', () => {
    const random = new Random(seedOfRun('groups'))
    for (const concurrency of [1, 2, 3]) {
      ready.rules = { concurrency, onFailure: 'block' }
      const running: number[] = []
      const blocked: number[] = []
      const groupOf = (slot: number): string => table.extra(slot)?.group ?? ''
      let left = 0
      const step = (isFilling: boolean): void => {
        const what = random.int(isFilling ? 6 : 4)
        if (what >= 4) {
          readyJob({ group: `g${random.int(4)}`, dueMs: seq })
          left += 1
        } else if (what === 0 && running.length > 0) {
          const [slot = 0] = running.splice(random.int(running.length), 1)
          ready.end(slot)
          if (isFilling && random.int(3) === 0) {
            ready.block(slot)
            blocked.push(slot)
          } else left -= 1
        } else if (what === 1 && blocked.length > 0) {
          const [slot = 0] = blocked.splice(random.int(blocked.length), 1)
          ready.unblock(slot)
          ready.add(slot)
        } else if (what > 1) {
          const slot = take()
          if (slot === undefined) return
          expect(blocked.map(groupOf)).not.toContain(groupOf(slot))
          if (random.int(4) === 0) return ready.add(slot)
          if (random.int(6) === 0) {
            ready.remove(slot)
            left -= 1
            return
          }
          begin(slot)
          running.push(slot)
          const own = running.filter((one) => groupOf(one) === groupOf(slot))
          expect(own.length).toBeLessThanOrEqual(concurrency)
        }
      }
      for (let at = 0; at < 3_000; at++) step(true)
      for (let at = 0; at < 20_000; at++) step(false)
      expect(left).toBe(0)
      expect(ready.isEmpty).toBe(true)
    }
  })
})

describe('the table of jobs', () => {
  it('finds the newest of the jobs that have had an id', () => {
    const hash = hashOfId('q', 'a')
    const first = table.add(1, 0, hash)
    const second = table.add(2, 0, hash)
    expect(table.ofId(hash)).toBe(second)
    table.remove(second)
    expect(table.ofId(hash)).toBe(first)
    table.remove(first)
    expect(table.ofId(hash)).toBeUndefined()
  })

  it('gives the row of a job that is gone to another, with nothing left in it', () => {
    const slot = table.add(1, 0, hashOfId('q', 'a'))
    Object.assign(table.extraToChange(slot), { group: 'a' })
    table.setBody(slot, 1, 100)
    table.setEndSeq(slot, 5)
    expect(table.liveBytes).toBe(100)
    table.remove(slot)
    expect([table.count, table.liveBytes, table.ofSeq(1)]).toEqual([0, 0, undefined])
    expect(table.add(2, 0, undefined)).toBe(slot)
    expect([table.extra(slot), table.endSeq(slot), table.idHash(slot)]).toEqual([
      undefined,
      0,
      undefined,
    ])
    expect([...table]).toEqual([slot])
  })
})
