import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { MiniQueue } from '../src/queue/mini-queue.js'

test('a job that was enqueued is processed, and its ack is in the journal', async () => {
  const directory = mkdtempSync(`${tmpdir()}/queue-`)
  const queues = await MiniQueue.open(directory)
  const emails = queues.queue<{ to: string }, string>('email')
  expect(await emails.enqueue({ to: 'ada' }, { id: 'welcome-ada' })).toEqual({
    id: 'welcome-ada',
    seq: 1,
    status: 'enqueued',
  })
  expect((await emails.enqueue({ to: 'ada' }, { id: 'welcome-ada' })).status).toBe('duplicate')
  const seen: string[] = []
  emails.process((job) => {
    seen.push(job.data.to)
    return `sent to ${job.data.to}`
  })
  expect(await emails.waitFor('welcome-ada')).toBe('sent to ada')
  await emails.idle()
  expect(seen).toEqual(['ada'])
  expect(emails.stats()).toMatchObject({ completed: 1, depth: 0 })
  await queues.close()
  const again = await MiniQueue.open(directory)
  const mails = again.queue<{ to: string }, string>('email')
  expect(await mails.waitFor('welcome-ada')).toBe('sent to ada')
  expect((await mails.enqueue({ to: 'ada' }, { id: 'welcome-ada' })).status).toBe('duplicate')
  expect(again.crashed).toBe(0)
  await again.close()
})

test('a job that fails is tried again, and ends in the dead letters', async () => {
  const directory = mkdtempSync(`${tmpdir()}/queue-`)
  const queues = await MiniQueue.open(directory)
  const q = queues.queue<number>('q', { attempts: 3, backoff: { type: 'fixed', delayMs: 20 } })
  let runs = 0
  q.process(
    (job) => {
      runs++
      if (job.data === 2) throw new Error('no')
    },
    { concurrency: 4 },
  )
  await q.enqueueMany([1, 2, 3].map((data) => ({ data })))
  await q.enqueue(4, { delayMs: 30 })
  await q.idle()
  expect(runs).toBe(6)
  expect(q.stats()).toMatchObject({ completed: 3, dead: 1 })
  for await (const dead of q.deadLetters())
    expect(dead).toMatchObject({ payload: 2, reason: 'attempts' })
  await queues.close()
})
