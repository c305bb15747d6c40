// Mails over a server that fails now and then: what it refuses for good ends in the dead letters.
import './own-folder.js'
import { MiniQueue, NonRetryableError, RetryAfterError } from '@mini-rs/miniqueue'
import { z } from 'zod'

const Mail = z.object({ to: z.string(), subject: z.string() })
const queues = await MiniQueue.open('mails')
const mails = queues.queue('mail', {
  schema: Mail,
  attempts: 4,
  backoff: { type: 'exponential', delayMs: 20, maxMs: 1_000, jitter: 0.2 },
  timeoutMs: 10_000,
})

// Stands for a server: some it refuses for good, some at first.
async function smtp(to: string, attempt: number, _signal: AbortSignal): Promise<string> {
  if (to.endsWith('.invalid')) throw new NonRetryableError('550 no such user')
  if (to.startsWith('busy') && attempt < 3) throw new RetryAfterError(10, '450 try again later')
  if (to.startsWith('flaky') && attempt < 2) throw new Error('the connection was reset')
  return `250 ${to}`
}

mails.on('retry', ({ job, error }) => console.log(`${job.id}: ${error?.message}, again later`))
mails.on('dead', ({ job, reason }) => console.log(`${job.id} is dead: ${reason}`))
mails.process(({ data, attempt }, { signal }) => smtp(data.to, attempt, signal), { concurrency: 3 })

for (const name of ['ada', 'busy-bob', 'flaky-eve']) {
  await mails.enqueue({ to: `${name}@example.org`, subject: 'Welcome' }, { id: `welcome-${name}` })
}
await mails.enqueue({ to: 'nobody@example.invalid', subject: 'Welcome' }, { id: 'welcome-nobody' })
await mails.idle()
const { completed, dead } = mails.stats()
console.log(`${completed} were sent, ${dead} is a dead letter`)

for await (const { id, error } of mails.deadLetters()) console.log(`${id}: ${error?.message}`)
for (const entry of await mails.history('welcome-nobody')) console.log(`  ${entry.kind}`)
await queues.close()
