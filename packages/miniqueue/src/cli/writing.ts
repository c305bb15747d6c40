import { MiniStoreError } from '@mini-rs/ministore'
import { MiniQueueError } from '../errors.js'
import type { DeadFilter } from '../queue/dead-letters.js'
import type { EnqueueOptions } from '../queue/enqueue-options.js'
import { MiniQueue } from '../queue/mini-queue.js'
import type { Queue } from '../queue/queue.js'
import {
  CommandError,
  EXIT,
  coloured,
  counted,
  localTime,
  printJson,
  printLines,
  shown,
} from './output.js'
import { type DeadOptions, previewRedrive } from './dead.js'
import { findQueue, readOwner, readQueues, requireQueues } from './reading.js'
import type { CommonOptions } from './summary.js'

// What is kept, and how long, is the program's to decide, whose options are not known here.
const KEEP_ALL = { ageMs: Number.MAX_SAFE_INTEGER, count: Number.MAX_SAFE_INTEGER }
const MOST_IDS = 2 ** 31

/** Options of `enqueue`. */
export interface EnqueueCommandOptions extends CommonOptions {
  readonly id?: string
  readonly delay?: number
  readonly priority?: number
  readonly group?: string
  readonly attempts?: number
}

/** Enqueues a job. */
export async function enqueue(
  directory: string,
  queue: string,
  text: string,
  { json, delay, ...options }: EnqueueCommandOptions,
): Promise<void> {
  const data = parse(text)
  const given: EnqueueOptions = { ...options, ...(delay !== undefined && { delayMs: delay }) }
  const enqueued = await withQueue(directory, queue, (one) => one.enqueue(data, given), false)
  if (json === true) return printJson(enqueued)
  const { status, id, existing } = enqueued
  const colour = status === 'enqueued' ? 'green' : 'yellow'
  const more = existing === undefined ? '' : `: that job is ${existing.status}`
  await printLines([
    `${coloured('bold', shown(id))} in ${shown(queue)}: ${coloured(colour, status)}${more}`,
  ])
}

/** Runs a job again that has ended. */
export async function retry(
  directory: string,
  queue: string,
  id: string,
  options: CommonOptions,
): Promise<void> {
  await withQueue(directory, queue, (one) => one.retry(id))
  if (options.json === true) return printJson({ id, status: 'waiting' })
  await printLines([
    `${coloured('bold', shown(id))} in ${shown(queue)} ${coloured('green', 'waits again')}`,
  ])
}

/** Ends a job that has not completed. */
export async function cancel(
  directory: string,
  queue: string,
  id: string,
  options: CommonOptions,
): Promise<void> {
  await withQueue(directory, queue, (one) => one.cancel(id))
  if (options.json === true) return printJson({ id, status: 'cancelled' })
  await printLines([
    `${coloured('bold', shown(id))} in ${shown(queue)} is ${coloured('yellow', 'cancelled')}`,
  ])
}

/** Stops a queue, or lets it go on. */
export async function setPaused(
  directory: string,
  queue: string,
  isPaused: boolean,
  options: CommonOptions,
): Promise<void> {
  await withQueue(directory, queue, (one) => (isPaused ? one.pause() : one.resume()))
  if (options.json === true) return printJson({ queue, isPaused })
  const word = isPaused ? coloured('yellow', 'is paused') : coloured('green', 'goes on')
  await printLines([`${coloured('bold', shown(queue))} ${word}`])
}

/** Runs dead letters again, or says what that would mean. */
export async function redrive(
  directory: string,
  queue: string,
  options: DeadOptions,
): Promise<void> {
  if (options.preview === true) return previewRedrive(directory, queue, options)
  const { redriven, left } = await withQueue(directory, queue, async (one) => ({
    redriven: await one.dead.redrive(filterOf(options)),
    left: one.stats().dead,
  }))
  if (options.json === true) return printJson({ redriven, left })
  const jobs = coloured('green', counted(redriven, 'job'))
  await printLines([
    `${jobs} of ${shown(queue)} ${redriven === 1 ? 'waits' : 'wait'} again, ${counted(left, 'dead letter')} left`,
  ])
}

/** Removes dead letters for good. */
export async function purgeDead(
  directory: string,
  queue: string,
  options: DeadOptions,
): Promise<void> {
  const filter = filterOf(options)
  const purged = await withQueue(directory, queue, (one) => one.dead.purge(filter))
  if (options.json === true) return printJson({ purged })
  await printLines([`${counted(purged, 'dead letter')} of ${shown(queue)} removed`])
}

/** Opens the folder for writing, as its one owner. @throws CommandError when another process is. */
async function withQueue<Result>(
  directory: string,
  name: string,
  use: (queue: Queue<unknown>) => Promise<Result>,
  mustBeThere = true,
): Promise<Result> {
  await requireQueues(directory)
  if (mustBeThere) findQueue((await readQueues(directory)).ledger, name)
  const queues = await open(directory)
  try {
    const retention = { completed: KEEP_ALL, dead: KEEP_ALL }
    return await use(queues.queue<unknown>(name, { retention }))
  } catch (error) {
    if (MiniQueueError.is(error)) throw new CommandError(error.message)
    throw error
  } finally {
    await queues.close()
  }
}

async function open(directory: string): Promise<MiniQueue> {
  const dedupWindow = { ageMs: Number.MAX_SAFE_INTEGER, count: MOST_IDS }
  try {
    return await MiniQueue.open(directory, { dedupWindow })
  } catch (error) {
    if (!MiniStoreError.is(error) || error.code !== 'JOURNAL_LOCKED') throw error
    const owner = await readOwner(directory)
    const who =
      owner === undefined
        ? 'another process'
        : `process ${owner.pid} on ${owner.host}, since ${localTime(Date.parse(owner.since))}`
    throw new CommandError(
      `${directory} is open in ${who}, and only that one can change it: call the same method there, or stop it first`,
    )
  }
}

function filterOf({ id, reason, error, limit }: DeadOptions): DeadFilter {
  return {
    ...(id !== undefined && { ids: id }),
    ...(reason !== undefined && { reason }),
    ...(error !== undefined && { error }),
    ...(limit !== undefined && { limit }),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CommandError(
      `the data is not JSON (a text needs quotes, '"like this"'): ${why}`,
      EXIT.usage,
    )
  }
}
