import { JOB_STATUSES } from '../job-status.js'
import { MiniStore } from '@mini-rs/ministore'
import type { QueueLedger } from '../ledger/queue-ledger.js'
import type { JobStatus } from '../job-types.js'
import { journalPath } from '../queue/places.js'
import { lengthInWords } from '../queue/words.js'
import {
  type Colour,
  coloured,
  counted,
  grouped,
  localTime,
  printJson,
  printLines,
  shown,
  size,
  table,
} from './output.js'
import { type Owner, type QueuesView, findQueue, readId, readQueues } from './reading.js'

/** Options of all commands. */
export interface CommonOptions {
  readonly json?: boolean
}

interface Summary extends Readonly<Record<JobStatus, number>> {
  readonly name: string
  readonly isPaused: boolean
  readonly pendingBytes: number
}

interface Figures extends Summary {
  readonly oldest: { readonly id: string; readonly forMs: number } | undefined
}

const COLOURS: Readonly<Record<JobStatus, Colour>> = Object.freeze({
  waiting: 'cyan',
  delayed: 'yellow',
  blocked: 'yellow',
  active: 'green',
  completed: 'dim',
  dead: 'red',
  cancelled: 'dim',
})

/** Prints the queues of a folder and how many jobs they have. */
export async function ls(directory: string, options: CommonOptions): Promise<void> {
  const view = await readQueues(directory)
  const { queues } = view.ledger.jobs
  if (options.json === true) {
    const owner = view.owner ?? null
    return printJson({ owner, queues: queues.map((queue) => summaryOf(queue)) })
  }
  if (queues.length === 0) {
    return printLines([title(view.directory, view.owner), 'There are no queues in it yet.'])
  }
  const rows = queues.map((queue) => rowOf(queue))
  const heads = ['queue', ...JOB_STATUSES, ''].map((head) => coloured('dim', head))
  const lines = table([heads, ...rows], [1, 2, 3, 4, 5, 6, 7])
  await printLines([title(view.directory, view.owner), '', ...lines.map((line) => line.trimEnd())])
}

/** Prints the figures of one queue, or of all. */
export async function stats(
  directory: string,
  name: string | undefined,
  options: CommonOptions,
): Promise<void> {
  const view = await readQueues(directory)
  const { jobs } = view.ledger
  const queues = name === undefined ? jobs.queues : [findQueue(view.ledger, name)]
  const { sizeBytes, segments, records } = await MiniStore.inspect(journalPath(directory))
  const figures = await Promise.all(queues.map((queue) => figuresOf(view, queue)))
  const journal = { sizeBytes, files: segments.length, records, lastSeq: view.lastSeq }
  if (options.json === true)
    return printJson({ owner: view.owner ?? null, journal, queues: figures })
  await printLines([
    title(directory, view.owner),
    `${counted(records, 'record')} in the journal, ${size(sizeBytes)} in ${counted(segments.length, 'file')}`,
    ...figures.flatMap((one) => blockOf(one)),
  ])
}

function rowOf(queue: QueueLedger): string[] {
  const counts = JOB_STATUSES.map((status) => count(status, queue.counts[status]))
  const paused = queue.isPaused ? coloured('yellow', 'paused') : ''
  return [coloured('bold', shown(queue.name)), ...counts, paused]
}

async function figuresOf(view: QueuesView, queue: QueueLedger): Promise<Figures> {
  return { ...summaryOf(queue), oldest: await oldestOf(view, queue) }
}

function blockOf({ name, isPaused, pendingBytes, oldest, ...counts }: Figures): string[] {
  const first =
    oldest === undefined ? '–' : `${shown(oldest.id)}, ready for ${lengthInWords(oldest.forMs)}`
  const rows = [
    ...JOB_STATUSES.map((status) => [status, count(status, counts[status])]),
    ['bytes', size(pendingBytes)],
    ['oldest', first],
  ]
  const head = coloured('bold', shown(name)) + (isPaused ? coloured('yellow', '  paused') : '')
  return ['', head, ...table(rows, []).map((line) => `  ${line}`)]
}

/** The folder, and who has it open. */
export function title(directory: string, owner: Owner | undefined): string {
  const who =
    owner === undefined
      ? coloured('dim', 'open nowhere')
      : `open in process ${owner.pid} on ${owner.host}, since ${localTime(Date.parse(owner.since))}`
  return `${coloured('bold', shown(directory))}: ${who}`
}

/** The waiting job that was ready first. */
export async function oldestOf(
  view: QueuesView,
  queue: QueueLedger,
): Promise<{ readonly id: string; readonly forMs: number } | undefined> {
  const { table: jobs } = view.ledger.jobs
  let oldest: number | undefined
  for (const slot of jobs) {
    if (jobs.queue(slot) !== queue.index || jobs.status(slot) !== 'waiting') continue
    if (oldest === undefined || jobs.dueMs(slot) < jobs.dueMs(oldest)) oldest = slot
  }
  if (oldest === undefined) return undefined
  const forMs = Math.max(0, view.nowMs - jobs.dueMs(oldest))
  return { id: await readId(view, jobs.seq(oldest)), forMs }
}

/** A number of jobs, in the colour of their status; none is dim. */
export function count(status: JobStatus, jobs: number): string {
  return jobs === 0 ? coloured('dim', '0') : coloured(COLOURS[status], grouped(jobs))
}

/** A status in its colour. */
export function statusText(status: JobStatus): string {
  return coloured(COLOURS[status], status)
}

function summaryOf(queue: QueueLedger): Summary {
  const { name, counts, isPaused, pendingBytes } = queue
  return { name, ...counts, isPaused, pendingBytes }
}
