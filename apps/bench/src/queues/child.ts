// One subject in a process of its own, so that no subject pays for another's threads, garbage or types:
// `child.ts <name> <folder> [<tasks>]`. With tasks it performs these and ends: for strace.
import { mkdirSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { type Load, type LoadFigures, measureLoad } from '../peers/load.js'
import { answerTasks } from '../worker.js'
import { Deliveries } from './deliveries.js'
import { LATENCY_REST_MS, type OpenQueue } from './subject.js'
import { allSubjects } from './subjects/all.js'

/** What the process is asked to do. */
export type Task =
  | { readonly do: 'enqueue'; readonly load: Load }
  | {
      readonly do: 'drain'
      readonly concurrency: number
      readonly durationMs: number
      /** So many jobs have to be there; missing ones are filled in. */
      readonly atLeast: number
    }
  | { readonly do: 'latency'; readonly durationMs: number }
  /** Everything that is left is delivered; then each was exactly once, and nothing is there after a reopening. */
  | { readonly do: 'finish' }

/** What draining came to. */
export interface DrainFigures {
  readonly jobs: number
  readonly perSecond: number
}

/** From the call of enqueue to the beginning of the handler, of a queue that is empty. */
export interface LatencyFigures {
  readonly samples: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const [name, folder = '', onlyTasks] = process.argv.slice(2)
const subject = allSubjects.find((one) => one.name === name)
if (subject === undefined) throw new Error(`no subject ${name}`)
const of = subject

mkdirSync(folder, { recursive: true })
const deliveries = new Deliveries()
let queue = await of.open(folder)
if (onlyTasks === undefined) {
  answerTasks(perform)
  process.once('disconnect', end)
} else {
  for (const task of JSON.parse(onlyTasks) as Task[]) await perform(task)
  await queue.close()
  end()
}

/** At once: some leave timers behind that would run for a minute. */
function end(): void {
  process.exit()
}

function perform(task: Task): Promise<unknown> {
  switch (task.do) {
    case 'enqueue':
      return enqueue(task.load)
    case 'drain':
      return measureDrain(task.concurrency, task.durationMs, task.atLeast)
    case 'latency':
      return measureLatency(task.durationMs)
    case 'finish':
      return finish()
  }
}

async function enqueue(load: Load): Promise<LoadFigures> {
  const first = deliveries.enqueued
  const figures = await measureLoad((n) => queue.enqueue(first + n), load, of.isBlocking)
  deliveries.next(figures.appends)
  return figures
}

async function measureDrain(
  concurrency: number,
  durationMs: number,
  atLeast: number,
): Promise<DrainFigures> {
  const missing = atLeast - deliveries.waiting
  if (missing > 0) await queue.fill(deliveries.next(missing))
  const endMs = performance.now() + durationMs
  const startMs = performance.now()
  const jobs = await drain(queue, concurrency, endMs)
  return { jobs, perSecond: (jobs / (performance.now() - startMs)) * 1000 }
}

/** Until the time is over or nothing is left; how many were delivered. */
async function drain(from: OpenQueue, concurrency: number, endMs: number): Promise<number> {
  const before = deliveries.waiting
  if (before === 0) return 0
  await from.drain(concurrency, (n) => {
    deliveries.note(n)
    return deliveries.waiting > 0 && performance.now() < endMs
  })
  return before - deliveries.waiting
}

async function measureLatency(durationMs: number): Promise<LatencyFigures> {
  await drain(queue, 100, Infinity)
  const timesMs: number[] = []
  const endMs = performance.now() + durationMs
  let startMs = 0
  let samples = 0
  let delivered: () => void = noBody
  const drained = queue.drain(1, (n) => {
    timesMs.push(performance.now() - startMs)
    deliveries.note(n)
    delivered()
    return performance.now() < endMs
  })
  await setTimeout(LATENCY_REST_MS)
  do {
    const isDelivered = new Promise<void>((resolve) => {
      delivered = resolve
    })
    const [n = 0] = deliveries.next(1)
    startMs = performance.now()
    await queue.enqueue(n)
    await isDelivered
    samples += 1
    await setTimeout(LATENCY_REST_MS)
  } while (performance.now() < endMs)
  // One more, so that the drain sees that its time is over.
  const [last = 0] = deliveries.next(1)
  await queue.enqueue(last)
  await drained
  const sorted = timesMs.slice(0, samples).toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return { samples: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) }
}

function noBody(): void {}

async function finish(): Promise<number> {
  await drain(queue, 100, Infinity)
  await queue.close()
  queue = await of.open(folder)
  const left = await queue.pending()
  await queue.close()
  deliveries.assertExact(of.name)
  if (left !== 0) throw new Error(`${of.name}: ${left} jobs are there that were done`)
  return deliveries.enqueued
}
