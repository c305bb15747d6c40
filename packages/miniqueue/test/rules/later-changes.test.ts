import { beforeEach, describe, expect, it } from 'vitest'
import { take } from '../support/leases.js'
import { World } from '../support/world.js'

let world: World

beforeEach(async () => {
  world = await World.open()
})

interface Given {
  data: { n: number }
  headers: Record<string, string>
}

const given = (): Given => ({ data: { n: 1 }, headers: { trace: 'a' } })

function change({ data, headers }: Given): void {
  data.n = 2
  headers['trace'] = 'b'
}

/** What a worker here is given, and what one is given after a crash. */
async function delivered(): Promise<unknown[]> {
  const told: unknown[] = []
  const first = await take(world.queue())
  told.push(first.job.data, first.job.headers)
  await world.reopen()
  const again = await take(world.queue())
  told.push(again.job.data, again.job.headers)
  return told
}

const AS_GIVEN = [{ n: 1 }, { trace: 'a' }, { n: 1 }, { trace: 'a' }]

describe('what a caller changes behind the call is not the job’s', () => {
  it('enqueue', async () => {
    const one = given()
    const call = world.queue().enqueue(one.data, { headers: one.headers })
    change(one)
    await call
    expect(await delivered()).toEqual(AS_GIVEN)
  })

  it('enqueueMany', async () => {
    const one = given()
    const call = world.queue().enqueueMany([{ data: one.data, options: { headers: one.headers } }])
    change(one)
    await call
    expect(await delivered()).toEqual(AS_GIVEN)
  })

  it('an enqueue that waits for room', async () => {
    const q = world.queue({ limits: { depth: 1, onFull: 'wait' } })
    await q.enqueue({ n: 0 })
    const one = given()
    const options = { id: 'a', headers: one.headers }
    const call = q.enqueue(one.data, options)
    change(one)
    options.id = 'b'
    await (await take(q)).ack()
    expect((await call).id).toBe('a')
    expect(await q.get('a')).toMatchObject({ status: 'waiting' })
    expect(await delivered()).toEqual(AS_GIVEN)
  })

  it('a transaction', async () => {
    const one = given()
    const value = { n: 1 }
    world.queue()
    await world.queues.transaction((transaction) => {
      transaction.enqueue('q', one.data, { headers: one.headers })
      transaction.put('key', value)
      change(one)
      value.n = 2
    })
    expect(world.queues.value('key')).toEqual({ n: 1 })
    expect(await delivered()).toEqual(AS_GIVEN)
    expect(world.queues.value('key')).toEqual({ n: 1 })
  })

  it('the result of an ack in a transaction', async () => {
    const q = world.queue({ retention: { completed: { count: 1 } } })
    const { id } = await q.enqueue(1)
    const lease = await take(q)
    const result = { n: 1 }
    await world.queues.transaction((transaction) => {
      transaction.ack(lease, result)
      result.n = 2
    })
    await world.reopen()
    expect(await world.queue().waitFor(id)).toEqual({ n: 1 })
  })
})
