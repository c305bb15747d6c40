// Not the global one: fake timers of a test must not stop the workers.
import { setImmediate } from 'node:timers'
import { MiniQueueError, assertThat } from '../errors.js'
import type { MessageLease } from '../message-port.js'
import { assertCloseOptions } from './close-options.js'
import { runBatchHandler, runHandler } from './run-handler.js'
import { RunSignal } from './run-signal.js'
import type { WorkerHost } from './worker-host.js'
import type {
  BatchHandler,
  CloseOptions,
  CloseReport,
  Handler,
  ProcessOptions,
} from './worker-types.js'

const DEFAULT_TIMEOUT_MS = 30_000
const DEFAULT_GRACE_MS = 5_000
const FOR_EVER = Number.POSITIVE_INFINITY
/** After a queue had no answer. */
const RETRY_MS = 1_000

/** A run of a handler, with its jobs, until they are settled. */
interface Run {
  readonly leases: readonly MessageLease<unknown>[]
  readonly stop: RunSignal
  /** Whether only the end of its jobs is still on its way to the disk. */
  hasEnded: boolean
}

/** Runs a handler for each message of a queue. Stands on the message port alone. */
export class Worker {
  readonly #host: WorkerHost
  readonly #handler: Handler<unknown, unknown> | BatchHandler<unknown, unknown>
  readonly #concurrency: number
  /** Runs whose jobs may be unsettled at once. */
  readonly #mostUnsettled: number
  readonly #batch: ProcessOptions['batch']
  readonly #isHolding: boolean
  readonly #runs = new Set<Run>()
  /** Of which handlers have ended. */
  #endedCount = 0
  readonly #stop = new AbortController()
  /** Aborted by a pause, and by the end. */
  #receiving = new AbortController()
  #isPaused = false
  #isFilling = false
  #closed: Promise<CloseReport> | undefined
  #settled = (): void => {}

  /** @internal */
  constructor(
    host: WorkerHost,
    handler: Handler<unknown, unknown> | BatchHandler<unknown, unknown>,
    { concurrency = 1, batch, unref = false }: ProcessOptions,
  ) {
    this.#host = host
    this.#handler = handler
    this.#concurrency = concurrency
    this.#mostUnsettled = concurrency === 1 ? 1 : 2 * concurrency
    this.#batch = batch
    this.#isHolding = !unref
    if (this.#isHolding) host.hold()
    this.#fillSoon()
  }

  /** Jobs whose handlers have not ended. */
  get running(): number {
    let count = 0
    for (const { leases, hasEnded } of this.#runs) if (!hasEnded) count += leases.length
    return count
  }

  /** Whether it was told to start no further job. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Whether it was told to close: it takes no job any more. */
  get isClosed(): boolean {
    return this.#closed !== undefined
  }

  /** Starts no further job; those that run go on. */
  pause(): void {
    this.#isPaused = true
    this.#receiving.abort()
  }

  /** Starts jobs again. */
  resume(): void {
    this.#isPaused = false
    this.#fillSoon()
  }

  /**
   * Takes no further job, waits for those that run, aborts their signals when `timeoutMs` is over, and gives
   * up on them `graceMs` later: never earlier while a handler runs, never later. Idempotent.
   *
   * @throws TypeError, RangeError wrong options; the worker goes on then
   */
  async close(options: CloseOptions = {}): Promise<CloseReport> {
    assertCloseOptions(options)
    this.#closed ??= this.#close(options)
    return this.#closed
  }

  /** {@link Worker.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close({
    timeoutMs = DEFAULT_TIMEOUT_MS,
    graceMs = DEFAULT_GRACE_MS,
    abort = false,
  }: CloseOptions): Promise<CloseReport> {
    this.#stop.abort()
    this.#receiving.abort()
    if (!abort) await this.#whenIdle(timeoutMs)
    if (this.#runs.size > 0) {
      const message = 'the worker is being closed; the job comes again'
      const reason = new MiniQueueError('QUEUE_CLOSED', message)
      for (const { stop } of this.#runs) stop.abort(reason)
      await this.#whenIdle(graceMs)
    }
    if (this.#isHolding) this.#host.release()
    const abandoned = [...this.#runs].flatMap(({ leases }) => leases.map(({ id }) => id))
    return { abandoned }
  }

  /** Resolves when nothing runs or is being received, or when the time is over. */
  async #whenIdle(ms: number): Promise<void> {
    if (this.#runs.size === 0 && !this.#isFilling) return
    const over = new AbortController()
    const idle = new Promise<void>((resolve) => {
      this.#settled = resolve
    })
    await Promise.race([idle, this.#host.clock.wait(ms, over.signal)])
    over.abort()
  }

  #fillSoon(): void {
    if (this.#isFilling || this.#isPaused || this.#stop.signal.aborted) return
    this.#isFilling = true
    // Jobs that end together make room together. Their ends go to the disk at the end of this turn: only behind
    // that the next jobs begin, or they would wait for one another.
    const isBehindEnds = this.#endedCount > 0
    const soon = isBehindEnds ? setImmediate : queueMicrotask
    soon(() => void this.#fill())
  }

  async #fill(): Promise<void> {
    while (this.#free() > 0 && !this.#isPaused && !this.#stop.signal.aborted) {
      const leases = await this.#receive(this.#free())
      if (leases === undefined) break
      if (this.#batch !== undefined && leases.length > 0) this.#start(leases)
      else for (const lease of leases) this.#start([lease])
    }
    // In the turn of that decision: who makes room behind it asks again.
    this.#isFilling = false
    if (this.#stop.signal.aborted && this.#runs.size === 0) this.#settled()
  }

  /**
   * How many runs may begin. While the ends of as many are on their way to the disk the next ones run, so that
   * neither waits for the other; where one job runs at a time, the end of each is durable before the next begins.
   */
  #free(): number {
    const unsettled = this.#runs.size
    const running = unsettled - this.#endedCount
    return Math.min(this.#concurrency - running, this.#mostUnsettled - unsettled)
  }

  async #receive(free: number): Promise<readonly MessageLease<unknown>[] | undefined> {
    if (this.#receiving.signal.aborted) this.#receiving = new AbortController()
    const { signal } = this.#receiving
    try {
      if (this.#batch === undefined) return await this.#ask(free, FOR_EVER, signal)
      const { size, waitMs = 0 } = this.#batch
      const first = await this.#ask(size, FOR_EVER, signal)
      const missing = size - first.length
      if (first.length === 0 || missing <= 0 || this.#stop.signal.aborted) return first
      const second = this.#ask(missing, waitMs, signal).catch((error: unknown) => {
        this.#host.failed(error)
        return [] // those that were received are run all the same
      })
      return [...first, ...(await second)]
    } catch (error) {
      // Whoever closes the queue or breaks it is told; a worker only stops.
      if (!this.#stop.signal.aborted) {
        this.#host.failed(error)
        if (!isForGood(error))
          void this.#host.clock.wait(RETRY_MS, this.#stop.signal).then(() => this.#fillSoon())
      }
      return undefined
    }
  }

  #ask(
    max: number,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<readonly MessageLease<unknown>[]> {
    return this.#host.queue.receive({ visibilityTimeoutMs: FOR_EVER, max, waitMs, signal })
  }

  #start(leases: readonly MessageLease<unknown>[]): void {
    const run: Run = { leases, stop: new RunSignal(leases), hasEnded: false }
    this.#runs.add(run)
    void this.#run(run).then(
      () => this.#end(run),
      (error: unknown) => {
        this.#host.failed(error)
        this.#end(run)
      },
    )
  }

  #run(run: Run): Promise<void> {
    const { leases, stop } = run
    const ended = (): void => this.#handlerEnded(run)
    if (this.#batch !== undefined) {
      const handler = this.#handler as BatchHandler<unknown, unknown>
      return runBatchHandler(this.#host, handler, leases, stop, ended)
    }
    const [only] = leases
    assertThat(only !== undefined, 'a run has a job')
    return runHandler(this.#host, this.#handler as Handler<unknown, unknown>, only, stop, ended)
  }

  #handlerEnded(run: Run): void {
    run.hasEnded = true
    this.#endedCount += 1
    if (this.#free() > 0) this.#fillSoon()
  }

  #end(run: Run): void {
    this.#runs.delete(run)
    if (run.hasEnded) this.#endedCount -= 1
    if (!this.#stop.signal.aborted) this.#fillSoon()
    else if (this.#runs.size === 0 && !this.#isFilling) this.#settled()
  }
}

/** Whether asking the queue again is pointless. */
function isForGood(error: unknown): boolean {
  return (
    MiniQueueError.is(error) && (error.code === 'QUEUE_CLOSED' || error.code === 'QUEUE_FAILED')
  )
}
