// Ours with a long past, in a process of its own: `aged-child.ts <task>`. Answers with a line of JSON.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { MiniQueue } from '@mini-rs/miniqueue'
import { measureLoad } from '../peers/load.js'
import type { AgedFigures, AgedRates, AgedTask } from './aged.js'
import { type JobData, jobData } from './subject.js'

type Jobs = ReturnType<typeof jobsOf>

const YEAR_MS = 365 * 86_400_000
const CALLERS = 200
const CONCURRENCY = 100
const AT_ONCE = 1_000

const task = JSON.parse(process.argv[2] ?? '') as AgedTask
if (task.do === 'fill') {
  await fill(task)
  console.log('null')
} else console.log(JSON.stringify(await measure(task)))

function jobsOf(queues: MiniQueue, kept: number) {
  const retention = { completed: { count: kept, ageMs: YEAR_MS } }
  return queues.queue<JobData>('jobs', { retention })
}

async function fill({ folder, jobs }: AgedTask): Promise<void> {
  const queues = await MiniQueue.open(folder)
  const queue = jobsOf(queues, jobs)
  await queue.enqueue(jobData(0), { delayMs: YEAR_MS })
  await enqueue(queue, jobs)
  const worker = queue.process(() => {}, { concurrency: AT_ONCE })
  while (queue.stats().waiting + queue.stats().active > 0) await turn()
  await worker.close()
  await enqueue(queue, jobs)
  await queues.close()
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20))
}

async function enqueue(queue: Jobs, count: number): Promise<void> {
  for (let n = 0; n < count; n += AT_ONCE) {
    const length = Math.min(AT_ONCE, count - n)
    await queue.enqueueMany(Array.from({ length }, (_, at) => ({ data: jobData(n + at) })))
  }
}

async function measure({ folder, jobs, rounds, durationMs }: AgedTask): Promise<AgedFigures> {
  const startMs = performance.now()
  const aged = await MiniQueue.open(folder)
  const openMs = performance.now() - startMs
  const residentBytes = process.memoryUsage().rss
  const diskBytes = readdirSync(folder)
    .map((name) => statSync(join(folder, name)).size)
    .reduce((sum, size) => sum + size, 0)
  const fresh = await MiniQueue.open(join(folder, 'fresh'))
  const agedJobs = jobsOf(aged, jobs)
  const freshJobs = jobsOf(fresh, 1_000)
  const { completed, waiting, delayed } = agedJobs.stats()
  if (completed !== jobs || waiting !== jobs || delayed !== 1) {
    throw new Error(`the aged store has ${completed} completed, ${waiting} waiting, ${delayed}`)
  }
  const measured: AgedFigures['rounds'][number][] = []
  for (let round = -1; round < rounds; round++) {
    const one = {
      aged: await ratesOf(agedJobs, durationMs),
      fresh: await ratesOf(freshJobs, durationMs),
    }
    if (round >= 0) measured.push(one)
  }
  await aged.close()
  await fresh.close()
  return { jobs, openMs, residentBytes, diskBytes, rounds: measured }
}

async function ratesOf(queue: Jobs, durationMs: number): Promise<AgedRates> {
  const load = { callers: CALLERS, durationMs, maxAppends: 1e9 }
  const { appends, perSecond } = await measureLoad((n) => queue.enqueue(jobData(n)), load)
  const startMs = performance.now()
  let left = appends
  await new Promise<void>((resolve) => {
    const worker = queue.process(
      () => {
        left -= 1
        if (left === 0) resolve(worker.close().then(() => {}))
      },
      { concurrency: CONCURRENCY },
    )
  })
  return { enqueue: perSecond, drain: (appends / (performance.now() - startMs)) * 1000 }
}
