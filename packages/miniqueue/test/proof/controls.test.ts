import type { Lies } from '@mini-rs/testkit'
import { seedOfRun } from '@mini-rs/testkit/vitest'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { runModelWorlds } from '../../proof/random-models.js'
import type * as Leases from '../../src/queue/lease.js'
import type { Core, DeclaredQueue } from '../../src/queue/core.js'
import type * as Sets from '../../src/table/ready-set.js'

/** What is taken away. */
const broken = vi.hoisted(() => ({ what: 'nothing' }))

vi.mock('../../src/queue/lease.js', async (importOriginal) => {
  const original = await importOriginal<typeof Leases>()
  class UnfencedLease<T> extends original.Lease<T> {
    readonly #core: Core

    constructor(core: Core, ...rest: [never, DeclaredQueue, never, T]) {
      super(core, ...rest)
      this.#core = core
    }

    /** Whoever holds the job now: it is done, says a holder of long ago. */
    override async ack(result?: unknown): Promise<void> {
      try {
        await super.ack(result)
      } catch (error) {
        if (broken.what !== 'fence') throw error
        const { seq, attempt, startMs } = this.lease
        await this.#core.journal.settle([{ ack: { of: seq, attempt, startMs, tookMs: 0 } }])
      }
    }
  }
  return { ...original, Lease: UnfencedLease }
})

vi.mock('../../src/table/ready-set.js', async (importOriginal) => {
  const original = await importOriginal<typeof Sets>()
  class DisorderedReadySet extends original.ReadySet {
    /** Every now and then the second one is first. */
    override take(mayRun: (slot: number) => boolean): number | undefined {
      if (broken.what !== 'order') return super.take(mayRun)
      const first = super.take(mayRun)
      const second = first === undefined ? undefined : super.take(mayRun)
      if (first !== undefined && second !== undefined) this.add(first)
      return second ?? first
    }
  }
  return { ...original, ReadySet: DisorderedReadySet }
})

beforeEach(() => {
  broken.what = 'nothing'
})

describe('with a protection taken away, the model tells the difference', () => {
  const lives = (options: object = {}): ReturnType<typeof runModelWorlds> =>
    runModelWorlds(seedOfRun('control'), 3_000, { isShrunk: false, ...options })

  it.each<[string, Lies]>([
    ['syncs that do nothing', { sync: 'never' }],
    ['syncs that come late', { sync: 'late' }],
    ['folders that are never synced', { syncDirectory: 'never' }],
  ])('%s', async (_, lies) => {
    // Either the queue opens without what was told, or its journal refuses to.
    const { failures } = await lives({ disk: { lies } })
    expect(failures.join()).toMatch(/after a power cut|MiniStoreError|ENOENT/)
  })

  it.each([
    ['acks of those who have lost their lease', 'fence', /nothing was refused|not/],
    ['jobs in another order', 'order', /was delivered/],
  ])('%s', async (_, what, violation) => {
    broken.what = what
    const { failures } = await lives()
    expect(failures.join()).toMatch(violation)
  })

  it('and with none taken away it does not', async () => {
    const { count, failures } = await runModelWorlds(seedOfRun('control'), 300)
    expect(failures).toEqual([])
    expect(count).toBe(300)
  })
})
