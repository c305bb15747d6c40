import { MiniQueueError } from '../errors.js'
import type { DeathReason } from '../job-types.js'
import type { ReceiveOptions } from '../message-port.js'
import type { Unsettled } from '../records/record-types.js'
import { Alarm } from './alarm.js'
import type { StoredBody } from './bodies.js'
import type { Core, DeclaredQueue } from './core.js'
import { HeldLease } from './held-lease.js'
import { StartLimiter } from './start-limiter.js'

/** While leases can run out, the event loop's pulse is felt this often: what it stands still is added to them. */
const PULSE_MS = 1_000
/** A timer that comes later than this was held up. */
const STALL_MS = 100

/** A lease with what its job holds. */
export interface Delivered {
  readonly lease: HeldLease
  readonly slot: number
  readonly stored: StoredBody
}

interface Waiter {
  readonly max: number
  readonly visibilityTimeoutMs: number
  readonly give: (delivered: readonly Delivered[]) => void
  readonly fail: (error: unknown) => void
}

/** Taken out of the ready jobs, and not leased yet. */
interface Taken {
  readonly slot: number
  readonly seq: number
  readonly isSuspect: boolean
}

interface Lane {
  readonly queue: DeclaredQueue
  readonly waiters: Set<Waiter>
  readonly limiter: StartLimiter | undefined
}

/** How {@link Deliveries} has leases ended that have run out. */
export interface DeliveryEvents {
  readonly onExpired: (lease: HeldLease, queue: DeclaredQueue) => void
  readonly onDead: (queue: DeclaredQueue, seq: number, reason: DeathReason) => Promise<void>
}

/** Gives ready jobs to those who wait for them, and knows who holds which. */
export class Deliveries {
  readonly #core: Core
  readonly #events: DeliveryEvents
  readonly #alarm: Alarm
  readonly #lanes = new Map<string, Lane>()
  /** By the job's number: every lease that has not ended. */
  readonly #held = new Map<number, HeldLease>()
  /** Those that time takes away. */
  readonly #losable = new Map<HeldLease, DeclaredQueue>()
  #suspectsHeld = 0
  #isClosed = false

  constructor(core: Core, events: DeliveryEvents) {
    this.#core = core
    this.#events = events
    this.#alarm = new Alarm(core.clock, (lateMs) => this.#onTime(lateMs))
    core.changes.onFree(() => this.dispatch())
  }

  declare(queue: DeclaredQueue): void {
    const { limiter } = queue.settings
    const lane = this.#lanes.get(queue.name)
    const waiters = lane?.waiters ?? new Set()
    this.#lanes.set(queue.name, {
      queue,
      waiters,
      limiter: limiter === undefined ? undefined : new StartLimiter(limiter),
    })
  }

  get held(): ReadonlyMap<number, HeldLease> {
    return this.#held
  }

  /** The leases, as the lease file has them. */
  *unsettled(): Generator<Unsettled> {
    for (const { seq, attempt } of this.#held.values()) yield { of: seq, attempt }
  }

  /**
   * Resolves to at most `max` leases, as soon as there is one; to none when the wait is over. Keeps the process
   * alive while it waits, unless somebody else sees to that.
   */
  receive(
    queue: DeclaredQueue,
    options: ReceiveOptions,
    isBackground = false,
  ): Promise<readonly Delivered[]> {
    const lane = this.#lane(queue)
    const { max = 1, waitMs = 0, signal } = options
    const { visibilityTimeoutMs = queue.settings.visibilityTimeoutMs } = options
    return new Promise((resolve, reject) => {
      if (this.#isClosed || signal?.aborted === true) return resolve([])
      const isHolding = waitMs > 0 && !isBackground
      const timer = waitMs > 0 && waitMs !== Infinity ? new AbortController() : undefined
      let isOver = false
      const end = (delivered: readonly Delivered[]): void => {
        if (isOver) return
        isOver = true
        timer?.abort()
        lane.waiters.delete(waiter)
        signal?.removeEventListener('abort', giveUp)
        if (isHolding) this.#core.keepAlive.release()
        resolve(delivered)
      }
      const giveUp = (): void => end([])
      const waiter: Waiter = { max, visibilityTimeoutMs, give: end, fail: reject }
      lane.waiters.add(waiter)
      if (isHolding) this.#core.keepAlive.hold()
      signal?.addEventListener('abort', giveUp)
      this.#dispatch(lane)
      // It is not among those who wait while bodies are read for it.
      if (isOver || !lane.waiters.has(waiter)) return
      if (waitMs <= 0) giveUp()
      else if (timer !== undefined) void this.#core.clock.wait(waitMs, timer.signal).then(giveUp)
    })
  }

  /** Something has changed: whoever waits gets what there is. */
  dispatch(): void {
    if (this.#isClosed) return
    const { ledger, clock } = this.#core
    ledger.jobs.advance(clock.now(), clock.wallMs())
    for (const lane of this.#lanes.values()) if (lane.waiters.size > 0) this.#dispatch(lane)
    this.#arm()
  }

  /** A lease has ended, whatever its end. */
  end(lease: HeldLease): void {
    if (this.#held.get(lease.seq) === lease) {
      this.#held.delete(lease.seq)
      if (lease.isSuspect) this.#suspectsHeld -= 1
    }
    this.#losable.delete(lease)
  }

  /** An expired lease that nobody else has is held again. */
  revive(lease: HeldLease, queue: DeclaredQueue): void {
    this.#hold(lease, queue)
  }

  /** Nobody gets anything from now on. */
  close(): void {
    this.#isClosed = true
    this.#alarm.stop()
    for (const { waiters } of this.#lanes.values()) for (const { give } of waiters) give([])
  }

  /** When a limiter lets the queue's next job begin; undefined when it may. */
  limitedForMs(queue: DeclaredQueue): number | undefined {
    return this.#lane(queue).limiter?.waitMs(this.#core.clock.monotonicMs())
  }

  /** Whether a job that ran in several crashes has to wait for another such job. */
  isHeldBack(slot: number, queue: DeclaredQueue): boolean {
    const { ledger } = this.#core
    const { maxCrashes } = queue.settings
    const isCareful = ledger.crashesInRow >= Math.max(1, Math.min(2, maxCrashes - 1))
    return isCareful && ledger.jobs.table.crashes(slot) > 0 && this.#suspectsHeld > 0
  }

  /** Whether somebody would take a job of the queue at once. */
  isAwaited(queue: DeclaredQueue): boolean {
    return this.#lane(queue).waiters.size > 0
  }

  #lane(queue: DeclaredQueue): Lane {
    const lane = this.#lanes.get(queue.name)
    if (lane === undefined) throw new Error('miniqueue: broken invariant: a queue is declared')
    return lane
  }

  #dispatch(lane: Lane): void {
    const { queue, limiter } = lane
    for (const waiter of lane.waiters) {
      if (queue.ledger.isPaused) return
      const taken: Taken[] = []
      while (taken.length < waiter.max) {
        if (limiter?.waitMs(this.#core.clock.monotonicMs()) !== undefined) break
        const one = this.#take(queue)
        if (one === undefined) break
        limiter?.start(this.#core.clock.monotonicMs())
        taken.push(one)
      }
      if (taken.length === 0) return
      lane.waiters.delete(waiter)
      this.#deliver(lane, waiter, taken)
    }
  }

  /** The next job that may run now, out of the ready ones. */
  #take(queue: DeclaredQueue): Taken | undefined {
    const { table } = this.#core.ledger.jobs
    const slot = queue.ledger.ready.take(
      (candidate) =>
        !this.#core.changes.isHeld(table.seq(candidate), queue.name) &&
        !this.isHeldBack(candidate, queue),
    )
    if (slot === undefined) return undefined
    const isSuspect = table.crashes(slot) > 0
    if (isSuspect) this.#suspectsHeld += 1
    return { slot, seq: table.seq(slot), isSuspect }
  }

  #deliver(lane: Lane, waiter: Waiter, taken: readonly Taken[]): void {
    const { bodies } = this.#core
    const found = taken.map(({ slot }) => bodies.get(slot))
    if (found.every((stored) => stored !== undefined)) return this.#give(lane, waiter, taken, found)
    void this.#readBodies(taken).then(
      (read) => this.#give(lane, waiter, taken, read),
      (error: unknown) => waiter.fail(error),
    )
  }

  async #readBodies(taken: readonly Taken[]): Promise<(StoredBody | undefined)[]> {
    const { bodies, ledger } = this.#core
    const read: (StoredBody | undefined)[] = []
    for (const { slot } of taken) {
      read.push(bodies.get(slot) ?? (await bodies.read(slot, ledger.jobs.table)))
    }
    return read
  }

  #give(
    lane: Lane,
    waiter: Waiter,
    taken: readonly Taken[],
    stored: readonly (StoredBody | undefined)[],
  ): void {
    const delivered: Delivered[] = []
    for (const [index, one] of taken.entries()) {
      const body = stored[index]
      const given = body && this.#lease(lane.queue, waiter, one, body)
      if (given !== undefined) delivered.push(given)
      else if (one.isSuspect) this.#suspectsHeld -= 1
    }
    if (delivered.length === 0) {
      lane.waiters.add(waiter)
      return this.dispatch()
    }
    const noted = this.#core.leaseFile.note(
      delivered.map(({ lease }) => ({ of: lease.seq, attempt: lease.attempt })),
    )
    if (noted === undefined) waiter.give(delivered)
    else void noted.then(() => waiter.give(delivered), waiter.fail)
  }

  #lease(
    queue: DeclaredQueue,
    waiter: Waiter,
    { slot, seq, isSuspect }: Taken,
    stored: StoredBody,
  ): Delivered | undefined {
    const { ledger, clock, bodies } = this.#core
    const { table } = ledger.jobs
    // While the disk was asked for its body, it may have been cancelled, and its slot given to another.
    if (table.seq(slot) !== seq || table.status(slot) !== 'waiting') return undefined
    // Or somebody is changing it: it is given out when that is on the disk.
    if (this.#core.changes.isHeld(seq, queue.name)) {
      queue.ledger.ready.add(slot)
      return undefined
    }
    const reason = this.#deathOf(queue, slot, stored)
    if (reason !== undefined) {
      void this.#events.onDead(queue, seq, reason)
      return undefined
    }
    const attempt = table.attempt(slot) + 1
    ledger.jobs.change(slot, { kind: 'lease', attempt })
    bodies.drop(slot)
    const lease = new HeldLease({
      seq,
      attempt,
      startMs: clock.now(),
      deadlineMs: clock.monotonicMs() + waiter.visibilityTimeoutMs,
      isSuspect,
    })
    this.#hold(lease, queue)
    return { lease, slot, stored }
  }

  #deathOf(queue: DeclaredQueue, slot: number, { body }: StoredBody): DeathReason | undefined {
    const { ledger, clock } = this.#core
    const { expiresAtMs } = body
    if (expiresAtMs !== undefined && expiresAtMs <= clock.now()) return 'expired'
    return ledger.jobs.table.crashes(slot) >= queue.settings.maxCrashes ? 'crashes' : undefined
  }

  #hold(lease: HeldLease, queue: DeclaredQueue): void {
    this.#held.set(lease.seq, lease)
    if (lease.deadlineMs === Number.POSITIVE_INFINITY) return
    this.#losable.set(lease, queue)
    this.#alarm.set(Math.min(PULSE_MS, lease.deadlineMs - this.#core.clock.monotonicMs()))
  }

  #onTime(lateMs: number): void {
    const { clock, ledger } = this.#core
    ledger.jobs.due.shift(clock.checkForJump())
    const nowMs = clock.monotonicMs()
    for (const [lease, queue] of this.#losable) {
      // While the event loop stood still, nobody could settle or extend.
      if (lateMs > STALL_MS) lease.deadlineMs += lateMs
      if (lease.deadlineMs > nowMs || lease.state !== 'held') continue
      this.#losable.delete(lease)
      this.#events.onExpired(lease, queue)
    }
    if (this.#losable.size > 0) {
      const deadlines = [...this.#losable.keys()].map(({ deadlineMs }) => deadlineMs - nowMs)
      this.#alarm.set(Math.min(PULSE_MS, ...deadlines))
    }
    this.dispatch()
  }

  #arm(): void {
    const { clock, ledger } = this.#core
    const nowMs = clock.monotonicMs()
    const waits = [ledger.jobs.due.untilNextMs(clock.now(), clock.wallMs()) ?? Infinity]
    for (const { waiters, limiter } of this.#lanes.values()) {
      if (waiters.size > 0) waits.push(limiter?.waitMs(nowMs) ?? Infinity)
    }
    const nextMs = Math.min(...waits)
    if (nextMs !== Infinity) this.#alarm.set(nextMs)
  }

  /** @throws `QUEUE_CLOSED` */
  assertOpen(queue: string): void {
    if (!this.#isClosed) return
    const message = `the queue ${JSON.stringify(queue)} is closed; open it again`
    throw new MiniQueueError('QUEUE_CLOSED', message, { queue, outcome: 'absent' })
  }
}
