import { MiniQueueError } from '../errors.js'
import type { Job } from '../job.js'
import type { QueueRecord } from '../records/record-types.js'
import type { OpenTransaction } from '../worker/worker-host.js'
import type { Worker } from '../worker/worker.js'
import type { CloseOptions, CloseReport } from '../worker/worker-types.js'
import { Cleaner } from './cleaner.js'
import type { Core, DeclaredQueue } from './core.js'
import { Deliveries } from './deliveries.js'
import { Enqueuing } from './enqueuing.js'
import { QueueEmitter } from './events.js'
import type { HeldLease } from './held-lease.js'
import { Lease } from './lease.js'
import { type OpenedCore, openCore } from './open-core.js'
import type { Parts } from './parts.js'
import { decodePayload } from './payload.js'
import { type MiniQueueSettings, type QueueSettings, resolveQueueOptions } from './queue-options.js'
import { retire } from './retirement.js'
import { Scheduler } from '../schedules/scheduler.js'
import { Settling } from './settling.js'
import { Transaction } from './transaction.js'
import { readBody, viewAtEnd } from './views.js'
import type { DeadJob, Delivered } from './waiter.js'
import { Watchers } from './watchers.js'

/** Whether the journal has grown too large is looked at after so many records, of which small segments hold fewer. */
const CLEAN_EVERY = 64
const LEAST_BYTES_A_RECORD = 256

/** An open folder of queues: its parts, put together. */
export class Engine implements Parts {
  readonly core: Core
  readonly crashed: number
  readonly deliveries: Deliveries
  readonly settling: Settling
  readonly enqueuing: Enqueuing
  readonly cleaner: Cleaner
  readonly scheduler: Scheduler
  readonly watchers: Watchers = new Watchers()
  readonly workers: Map<Worker, string> = new Map()
  readonly #declared = new Map<string, DeclaredQueue>()
  /** Numbers of jobs whose handlers have passed their deadline, with their queue's name. */
  readonly #overrun = new Map<number, string>()
  #sinceCleaning = 0
  #isFollowing = false
  #closed: Promise<CloseReport> | undefined

  private constructor({ core, crashed }: OpenedCore) {
    this.core = core
    this.crashed = crashed
    this.deliveries = new Deliveries(core, {
      onExpired: (lease, queue) => this.#expire(lease, queue),
      onDead: (queue, job) => this.#bury(queue, job),
    })
    this.settling = new Settling(core, this.deliveries)
    this.enqueuing = new Enqueuing(core)
    this.cleaner = new Cleaner(core, this.failed)
    this.scheduler = new Scheduler(core, this.failed)
  }

  static async open(directory: string, settings: MiniQueueSettings): Promise<Engine> {
    // The journal writes before the engine is there: what was running when the process died.
    let engine: Engine | undefined
    const opened = await openCore(directory, settings, {
      onApplied: (records) => engine?.applied(records),
      onFull: (isFull) => engine?.tellAll('full', () => ({ isFull, why: 'disk' })),
      onClockJump: (byMs) => engine?.clockJumped(byMs),
      held: () => engine?.deliveries.unsettled() ?? [],
    })
    engine = new Engine(opened)
    return engine
  }

  /** Declares a queue; a second time with other options is the last word, without any it is as it was. */
  declare(name: string, given: QueueSettings | undefined): DeclaredQueue {
    this.deliveries.assertOpen(name)
    const before = this.#declared.get(name)
    if (before !== undefined && given === undefined) return before
    const settings = given ?? resolveQueueOptions<unknown>({})
    const ledger = this.core.ledger.jobs.queue(name)
    ledger.ready.rules = settings.group
    const emitter = before?.emitter ?? new QueueEmitter(name)
    const queue: DeclaredQueue = { name, ledger, settings, emitter }
    this.#declared.set(name, queue)
    this.deliveries.declare(queue)
    this.scheduler.declare(queue)
    retire(this.core.ledger, queue, this.core.clock.now())
    // From now on the next due time is waited for.
    this.deliveries.dispatch()
    return queue
  }

  /** @throws TypeError */
  declared(queue: string | { readonly name: string }): DeclaredQueue {
    const name = typeof queue === 'string' ? queue : queue.name
    const declared = this.#declared.get(name)
    if (declared !== undefined) return declared
    throw new TypeError(
      `there is no queue ${JSON.stringify(name)} here yet: call queue(${JSON.stringify(name)}) first`,
    )
  }

  transaction(): Transaction {
    const { core, enqueuing, settling } = this
    return new Transaction({ core, enqueuing, settling, declared: (queue) => this.declared(queue) })
  }

  leasesOf<T>(queue: DeclaredQueue, delivered: readonly Delivered[]): Lease<T>[] {
    const leases: Lease<T>[] = []
    for (const one of delivered) {
      const decoded = decodePayload(queue, one.stored.dataText)
      if ('issues' in decoded) {
        const error = new MiniQueueError('PAYLOAD_INVALID', 'the payload is not valid any more', {
          queue: queue.name,
          seq: one.lease.seq,
          issues: decoded.issues,
        })
        this.settling.dead({ queue, ...one }, 'payload', error).catch(this.failed)
        continue
      }
      const lease = new Lease<T>(this.core, this.settling, queue, one, decoded.data as T)
      queue.emitter.emit('active', () => ({ job: lease.job }))
      leases.push(lease)
    }
    return leases
  }

  transactionFor(lease: Lease<unknown>): OpenTransaction {
    let transaction: Transaction | undefined
    let isAcked = false
    const opened = (): Transaction => (transaction ??= this.transaction())
    return {
      tx: {
        enqueue: (queue, data, options) => opened().enqueue(queue, data, options),
        put: (key, value) => opened().put(key, value),
      },
      ack: async (result) => {
        if (transaction === undefined) return lease.ack(result)
        // It may be tried again when the disk was full.
        if (!isAcked) transaction.ack(lease, result)
        isAcked = true
        await transaction.commit()
      },
    }
  }

  overrun(queue: DeclaredQueue, lease: Lease<unknown>, timeoutMs: number, isOver: boolean): void {
    const { seq } = lease.job
    if (isOver) this.#overrun.delete(seq)
    else this.#overrun.set(seq, queue.name)
    if (isOver) return
    lease.lease.isOverdue = true
    queue.emitter.emit('overrun', () => ({ job: lease.job, timeoutMs }))
  }

  overrunOf(queue: string): number {
    return [...this.#overrun.values()].filter((name) => name === queue).length
  }

  isOverrun(seq: number): boolean {
    return this.#overrun.has(seq)
  }

  /** Something went wrong that no caller waits for. */
  readonly failed = (error: unknown): void => {
    // Whoever lost a lease, or closed the queue, has been told; the rest is told to whoever listens.
    if (
      MiniQueueError.is(error) &&
      (error.code === 'LEASE_LOST' || error.code === 'QUEUE_CLOSED')
    ) {
      return
    }
    this.tellAll('failed', () => ({ error }))
  }

  /** @internal */
  applied(records: readonly QueueRecord[]): void {
    for (const record of records) {
      if ('cancel' in record) this.#abortCancelled(record.cancel.of)
    }
    this.#sinceCleaning += records.length
    if (this.#isFollowing) return
    // Once for a commit: all that it holds is applied in this turn, and whoever waits for it runs behind this.
    this.#isFollowing = true
    queueMicrotask(() => this.#follow())
  }

  /** What follows from a commit that is applied. */
  #follow(): void {
    this.#isFollowing = false
    const { ledger, clock } = this.core
    const nowMs = clock.now()
    for (const queue of this.#declared.values()) retire(ledger, queue, nowMs)
    this.deliveries.dispatch()
    this.enqueuing.wake()
    this.watchers.look()
    this.scheduler.applied()
    const { maxSegmentBytes } = this.core.settings
    if (this.#sinceCleaning < Math.min(CLEAN_EVERY, maxSegmentBytes / LEAST_BYTES_A_RECORD)) return
    this.#sinceCleaning = 0
    void this.cleaner.run()
    this.core.index.makeWhenDue(this.core, this.core.journal.appliedSeq).catch(this.failed)
  }

  /** @internal The wall clock was set: what waits for a time of it is looked at again. */
  clockJumped(byMs: number): void {
    this.tellAll('clockJump', () => ({ byMs }))
    this.scheduler.look()
    queueMicrotask(() => this.deliveries.dispatch())
  }

  /** @internal */
  tellAll<Name extends Parameters<QueueEmitter['emit']>[0]>(
    event: Name,
    make: Parameters<QueueEmitter['emit']>[1],
  ): void {
    for (const { emitter } of this.#declared.values()) emitter.emit(event, make as never)
  }

  close(options: CloseOptions): Promise<CloseReport> {
    this.#closed ??= this.#close(options)
    return this.#closed
  }

  async #close(options: CloseOptions): Promise<CloseReport> {
    const { core, deliveries, watchers } = this
    await this.scheduler.close()
    const reports = await Promise.all(
      [...this.workers.keys()].map((worker) => worker.close(options)),
    )
    deliveries.close()
    const message = `${core.directory}: the queue is closed`
    const details = { path: core.directory, outcome: 'absent' } as const
    const reason = new MiniQueueError('QUEUE_CLOSED', message, details)
    watchers.fail(reason)
    this.enqueuing.close(reason)
    for (const lease of deliveries.held.values()) lease.abort(reason)
    try {
      await this.cleaner.close()
      await this.#release()
      if (core.log.status === 'open') await core.index.makeAtTheEnd(core, core.journal.appliedSeq)
    } finally {
      await core.bodies.close()
      await core.leaseFile.close()
      await core.log.close()
    }
    return { abandoned: reports.flatMap(({ abandoned }) => abandoned) }
  }

  /** What is not settled comes again, without a strike: this end is a clean one. */
  async #release(): Promise<void> {
    const { core, deliveries } = this
    if (core.log.status !== 'open') return
    await core.journal.flush()
    const jobs = [...deliveries.unsettled()]
    if (jobs.length === 0 && core.ledger.crashesInRow === 0) return
    await core.journal.settle([{ release: { jobs, atMs: core.clock.now() } }])
  }

  #expire(lease: HeldLease, queue: DeclaredQueue): void {
    const read = async (): Promise<void> => {
      const stored = await readBody(this.core, lease.seq)
      if (stored !== undefined) await this.settling.expire({ queue, lease, stored })
    }
    read().catch(this.failed)
  }

  async #bury(queue: DeclaredQueue, { seq, stored, reason }: DeadJob): Promise<void> {
    const { ledger, journal, clock } = this.core
    const slot = ledger.jobs.table.ofSeq(seq)
    const attempt = slot === undefined ? 0 : ledger.jobs.table.attempt(slot)
    try {
      await journal.settle([{ dead: { of: seq, atMs: clock.now(), reason } }])
      const view = (): Job<unknown> =>
        viewAtEnd(this.core, seq, stored, { status: 'dead', attempt })
      queue.emitter.emit('dead', () => ({ job: view(), reason, error: undefined }))
    } catch (error) {
      if (slot !== undefined && ledger.jobs.table.status(slot) === 'waiting') {
        queue.ledger.ready.add(slot)
      }
      this.failed(error)
    }
  }

  #abortCancelled(seq: number): void {
    const lease = this.deliveries.held.get(seq)
    if (lease === undefined) return
    lease.abort(new MiniQueueError('JOB_CANCELLED', `the job ${seq} was cancelled`, { seq }))
    this.deliveries.end(lease)
  }
}
