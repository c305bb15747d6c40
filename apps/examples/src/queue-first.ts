import './own-folder.js'
import { MiniQueue } from '@mini-rs/miniqueue'

const queues = await MiniQueue.open('queues')
const emails = queues.queue<{ to: string }, string>('email')

await emails.enqueue({ to: 'ada@example.org' }, { id: 'welcome-ada' }) // on the disk when it resolves
emails.process(async ({ data }) => `sent to ${data.to}`, { concurrency: 10 })

console.log(await emails.waitFor('welcome-ada'))
await queues.close() // settles the worker first
