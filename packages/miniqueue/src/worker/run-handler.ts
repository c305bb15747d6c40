import { MiniQueueError } from '../errors.js'
import type { MessageLease } from '../message-port.js'
import { BatchContext, RunContext } from './run-context.js'
import type { RunSignal } from './run-signal.js'
import { DEFAULT_BACKOFF, retryDelayMs } from './backoff.js'
import { NonRetryableError, RetryAfterError } from './worker-errors.js'
import type { AttemptPlan, OpenTransaction, WorkerHost } from './worker-host.js'
import type { BatchHandler, Handler } from './worker-types.js'

/** Before an ack is tried again that the disk had no room for. */
const DISK_FULL_WAIT_MS = 1_000
/** Where leases are lost by time they are extended after this part of it. */
const EXTEND_AT = 1 / 3

/** Runs a handler for a job, calls `ended` as it ends, and settles the job. Resolves when that is done. */
export async function runHandler(
  host: WorkerHost,
  handler: Handler<unknown, unknown>,
  lease: MessageLease<unknown>,
  stop: RunSignal,
  ended: () => void,
): Promise<void> {
  const watch = startWatch(host, [lease], stop)
  const context = new RunContext(host, lease, stop)
  let result: unknown
  try {
    result = await handler(host.jobOf(lease), context)
  } catch (error) {
    ended()
    await watch?.end()
    return fail(host, lease, error)
  }
  ended()
  if (watch !== undefined) await watch.end() // not a turn more than it takes, for every job
  await succeed(host, lease, context.transaction, result)
}

/** {@link runHandler} for several jobs at once: all are done, or all have failed. */
export async function runBatchHandler(
  host: WorkerHost,
  handler: BatchHandler<unknown, unknown>,
  leases: readonly MessageLease<unknown>[],
  stop: RunSignal,
  ended: () => void,
): Promise<void> {
  const watch = startWatch(host, leases, stop)
  const jobs = leases.map((lease) => host.jobOf(lease))
  let result: unknown
  try {
    result = await handler(jobs, new BatchContext(stop))
  } catch (error) {
    ended()
    await watch?.end()
    await Promise.all(leases.map((lease) => fail(host, lease, error)))
    return
  }
  ended()
  await watch?.end()
  await Promise.all(leases.map((lease) => succeed(host, lease, undefined, result)))
}

/** What has to be done while a handler runs: its deadline, and leases that time takes away. */
function startWatch(
  host: WorkerHost,
  leases: readonly MessageLease<unknown>[],
  stop: RunSignal,
): { readonly end: () => Promise<void> } | undefined {
  const [first] = leases
  const timeoutMs = first === undefined ? undefined : host.planOf(first).timeoutMs
  const isLosable = leases.some(({ expiresAt }) => expiresAt !== undefined)
  if (first === undefined || (timeoutMs === undefined && !isLosable)) return undefined
  const over = new AbortController()
  const renewals = leases.map((lease) => keepExtended(host, lease, over.signal))
  let isOverrun = false
  if (timeoutMs !== undefined) {
    void host.clock.wait(timeoutMs, over.signal).then(() => {
      if (over.signal.aborted) return
      // It goes on occupying its place until it has ended: it must not run beside itself.
      isOverrun = true
      const message = `the handler of job ${JSON.stringify(first.id)} has passed its ${timeoutMs} ms`
      stop.abort(new DOMException(message, 'TimeoutError'))
      host.overrun(first, timeoutMs, false)
    })
  }
  const end = async (): Promise<void> => {
    over.abort()
    if (isOverrun && timeoutMs !== undefined) host.overrun(first, timeoutMs, true)
    await Promise.all(renewals)
  }
  return { end }
}

async function keepExtended(
  host: WorkerHost,
  lease: MessageLease<unknown>,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted && lease.expiresAt !== undefined) {
    const leftMs = lease.expiresAt - host.clock.monotonicMs()
    await host.clock.wait(Math.max(0, leftMs * EXTEND_AT), over)
    if (over.aborted) return
    try {
      await lease.extend(leftMs)
    } catch (error) {
      // The settling at the end says the same to whom it concerns.
      if (isLost(error)) return
      throw error
    }
  }
}

async function succeed(
  host: WorkerHost,
  lease: MessageLease<unknown>,
  transaction: OpenTransaction | undefined,
  result: unknown,
): Promise<void> {
  for (;;) {
    try {
      await (transaction === undefined ? lease.ack(result) : transaction.ack(result))
      return
    } catch (error) {
      // What cannot be written down is no result.
      if (isTheHandlersFault(error)) return fail(host, lease, error)
      await waitForRoom(host, error)
    }
  }
}

async function fail(host: WorkerHost, lease: MessageLease<unknown>, error: unknown): Promise<void> {
  for (;;) {
    try {
      await settleFailed(host, lease, error)
      return
    } catch (cause) {
      await waitForRoom(host, cause)
    }
  }
}

function settleFailed(
  host: WorkerHost,
  lease: MessageLease<unknown>,
  error: unknown,
): Promise<void> {
  if (error instanceof RetryAfterError) {
    return lease.nack({ delayMs: error.delayMs, error, countAttempt: false })
  }
  if (error instanceof NonRetryableError) return lease.deadLetter('nonRetryable', error)
  const { attempts, backoff } = host.planOf(lease)
  const failures = lease.failureCount + 1
  if (failures >= attempts) return lease.deadLetter('attempts', error)
  return lease.nack({ delayMs: delayAfter(host, backoff, failures, error), error })
}

/** A backoff of the user's that fails is told, and does not keep the delivery from ending. */
function delayAfter(
  host: WorkerHost,
  backoff: AttemptPlan['backoff'],
  failures: number,
  error: unknown,
): number {
  try {
    return retryDelayMs(backoff, failures, error, host.random)
  } catch (cause) {
    host.failed(cause)
    return retryDelayMs(DEFAULT_BACKOFF, failures, error, host.random)
  }
}

/** What was done stays done: its record is tried until a full disk has room for it. @throws any other `error` */
async function waitForRoom(host: WorkerHost, error: unknown): Promise<void> {
  if (!MiniQueueError.is(error) || error.code !== 'DISK_FULL') throw error
  await host.clock.wait(DISK_FULL_WAIT_MS, new AbortController().signal)
}

function isLost(error: unknown): boolean {
  return MiniQueueError.is(error) && (error.code === 'LEASE_LOST' || error.code === 'QUEUE_CLOSED')
}

const FAULTS = new Set([
  'RECORD_NOT_SERIALIZABLE',
  'RECORD_TOO_LARGE',
  'PAYLOAD_INVALID',
  'PAYLOAD_TOO_LARGE',
  'DEPENDENCY_UNKNOWN',
  'QUEUE_FULL',
])

function isTheHandlersFault(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true
  if (typeof error !== 'object' || error === null || !('code' in error)) return false
  return typeof error.code === 'string' && FAULTS.has(error.code)
}
