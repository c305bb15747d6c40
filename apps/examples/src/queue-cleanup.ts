// A clean-up by the clock: files that nobody has touched for a day go, every night.
import './own-folder.js'
import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { MiniQueue } from '@mini-rs/miniqueue'

await mkdir('uploads', { recursive: true })
await writeFile('uploads/new.txt', 'of today')
await writeFile('uploads/old.txt', 'of the day before yesterday')
await utimes('uploads/old.txt', new Date(0), new Date(0))

const queues = await MiniQueue.open('chores')
const chores = queues.queue<{ folder: string; olderThanMs: number }, string[]>('chore')
chores.process(async ({ data }) => {
  const removed: string[] = []
  for (const name of await readdir(data.folder)) {
    const { mtimeMs } = await stat(`${data.folder}/${name}`)
    if (Date.now() - mtimeMs < data.olderThanMs) continue
    await rm(`${data.folder}/${name}`)
    removed.push(name)
  }
  return removed
})

// Writes nothing where it says what is there already: a program calls it whenever it starts.
const data = { folder: 'uploads', olderThanMs: 86_400_000 }
await chores.schedules.upsert('nightly', { cron: '30 3 * * *', tz: 'Europe/Berlin', data })
await chores.schedules.upsert('often', { everyMs: 1_000, data, missed: 'skip', overlap: 'skip' })

const [next] = chores.schedules.preview('nightly', 1)
console.log(`the next night is ${next?.toISOString()}`)
chores.on('missed', ({ schedule, skipped }) => console.log(`${schedule} missed ${skipped} times`))
const removed = await new Promise<string[]>((resolve) => {
  chores.on('completed', ({ result }) => resolve(result))
})
console.log(`removed ${removed.join(', ')}; left ${(await readdir('uploads')).join(', ')}`)
await queues.close()
