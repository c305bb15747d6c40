import { type OptionNames, assertKnownOptions } from '@mini-rs/ministore'
import type { Core, DeclaredQueue } from '../queue/core.js'
import { Lease } from '../queue/lease.js'
import { carriedNote } from '../queue/carried.js'
import type { Parts } from '../queue/parts.js'
import { assertCount, assertObject, assertOneOf } from '../queue/queue-options.js'
import type { MessageLease } from '../message-port.js'
import { Worker } from './worker.js'
import type { AttemptPlan, WorkerHost } from './worker-host.js'
import type { Handler, ProcessOptions } from './worker-types.js'

const PROCESS_OPTIONS: OptionNames<ProcessOptions> = {
  concurrency: true,
  batch: true,
  unref: true,
}
const BATCH: OptionNames<NonNullable<ProcessOptions['batch']>> = { size: true, waitMs: true }

/** Starts a worker on a local queue. @throws TypeError, RangeError */
export function startWorker(
  core: Core,
  parts: Parts,
  queue: DeclaredQueue,
  handler: Handler<unknown, unknown>,
  options: ProcessOptions,
): Worker {
  if (typeof handler !== 'function') throw new TypeError('the handler must be a function')
  assertObject('options', options)
  assertKnownOptions('options', options, PROCESS_OPTIONS)
  assertCount('concurrency', options.concurrency, 1)
  assertBatch(options.batch)
  assertOneOf('unref', options.unref, [true, false])
  const worker = new Worker(hostOf(core, parts, queue), handler, options)
  parts.workers.set(worker, queue.name)
  return worker
}

function assertBatch(batch: ProcessOptions['batch']): void {
  if (batch === undefined) return
  assertObject('batch', batch)
  assertKnownOptions('batch', batch, BATCH)
  if (batch.size === undefined) throw new TypeError('batch needs a size')
  assertCount('batch.size', batch.size, 1)
  assertCount('batch.waitMs', batch.waitMs, 0)
}

function hostOf(core: Core, parts: Parts, queue: DeclaredQueue): WorkerHost {
  return {
    queue: {
      receive: (options = {}) =>
        parts.deliveries
          .receive(queue, options, true)
          .then((delivered) => parts.leasesOf(queue, delivered)),
    },
    clock: core.clock,
    random: core.random,
    jobOf: (lease) => own(lease).job,
    planOf: (lease) => planOf(queue, own(lease)),
    transactionFor: (lease) => parts.transactionFor(own(lease)),
    progress: (lease, value) => {
      const kept = carriedNote(value, 'progress', queue.name)
      core.journal.ride({ progress: { of: own(lease).job.seq, value: kept } })
      queue.emitter.emit('progress', () => ({ job: own(lease).job, value }))
    },
    log: (lease, line) => {
      const text = String(carriedNote(String(line).toWellFormed(), 'log line', queue.name))
      core.journal.ride({ log: { of: own(lease).job.seq, line: text, atMs: core.clock.now() } })
    },
    overrun: (lease, timeoutMs, isOver) => parts.overrun(queue, own(lease), timeoutMs, isOver),
    failed: (error) => parts.failed(error),
    hold: () => core.keepAlive.hold(),
    release: () => core.keepAlive.release(),
  }
}

function planOf(queue: DeclaredQueue, { stored }: Lease<unknown>): AttemptPlan {
  const { attempts, backoff, timeoutMs } = queue.settings
  return {
    attempts: stored.body.attempts ?? attempts,
    backoff: stored.body.backoff ?? backoff,
    timeoutMs: stored.body.timeoutMs ?? timeoutMs,
  }
}

function own(lease: MessageLease<unknown>): Lease<unknown> {
  if (lease instanceof Lease) return lease as Lease<unknown>
  throw new Error('miniqueue: broken invariant: a worker has leases of its own queue')
}
