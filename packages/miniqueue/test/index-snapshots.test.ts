import { readdirSync, rmSync, statSync } from 'node:fs'
import { temporaryFolder } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import { MiniQueue } from '../src/queue/mini-queue.js'

const options = { durability: 'os' as const }

describe('the index', () => {
  it('tells the same as the whole journal', async () => {
    const directory = temporaryFolder()
    await fill(directory)
    expect(readdirSync(`${directory}/index`)).toHaveLength(1)
    const withIndex = await look(directory)
    rmSync(`${directory}/index`, { recursive: true })
    expect(await look(directory)).toEqual(withIndex)
  })

  it('is not believed when it is damaged', async () => {
    const directory = temporaryFolder()
    await fill(directory)
    const withIndex = await look(directory)
    for (const name of readdirSync(`${directory}/index`)) {
      const path = `${directory}/index/${name}`
      const { truncateSync } = await import('node:fs')
      truncateSync(path, statSync(path).size / 2)
    }
    expect(await look(directory)).toEqual(withIndex)
  })
})

/** Jobs in every status, with all that a job can have. */
async function fill(directory: string): Promise<void> {
  const queues = await MiniQueue.open(directory, options)
  const queue = queues.queue<number>('numbers', { backoff: { type: 'fixed', delayMs: 60_000 } })
  await queue.enqueueMany(Array.from({ length: 2_000 }, (_, data) => ({ data })))
  await queue.enqueue(1, { id: 'later', delayMs: 100_000 })
  await queue.enqueue(2, { id: 'blocked', dependsOn: ['later'] })
  await queue.enqueue(3, { id: 'grouped', group: 'a' })
  await queue.enqueue(4, { id: 'throttled-4', runAt: Date.now() + 100_000, headers: { h: '1' } })
  await queue.enqueue(5, { dedup: { key: 'k', mode: 'throttle', ttlMs: 100_000 } })
  for (const [index, lease] of (await queue.receive({ max: 20 })).entries()) {
    if (index % 3 === 0) await lease.ack(`result ${index}`)
    else if (index % 3 === 1) await lease.nack({ error: new Error('no') })
    else await lease.deadLetter('broken')
  }
  await queues.transaction((t) => t.put('cursor', { at: 3 }))
  await queues.close()
}

async function look(directory: string): Promise<unknown> {
  const queues = await MiniQueue.open(directory, options)
  const queue = queues.queue<number>('numbers')
  const jobs = await Promise.all(
    ['later', 'blocked', 'grouped', 'throttled-4', '@1', '@2', '@3', '@4', '@21'].map((id) =>
      queue.get(id),
    ),
  )
  const duplicate = await queue.enqueue(5, {
    dedup: { key: 'k', mode: 'throttle', ttlMs: 100_000 },
  })
  const looked = {
    jobs,
    stats: queue.stats(),
    duplicate,
    value: queues.value('cursor'),
    result: await queue.waitFor('@1'),
  }
  await queues.close()
  return looked
}
