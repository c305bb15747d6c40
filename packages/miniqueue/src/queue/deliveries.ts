import { MiniQueueError } from '../errors.js'
import type { DeathReason } from '../job-types.js'
import type { ReceiveOptions } from '../message-port.js'
import type { Unsettled } from '../records/record-types.js'
import { Alarm } from './alarm.js'
import type { StoredBody } from './bodies.js'
import type { Core, DeclaredQueue } from './core.js'
import { HeldLease } from './held-lease.js'
import { StartLimiter } from './start-limiter.js'
import { type DeadJob, type Delivered, Waiter } from './waiter.js'

/** While leases can run out, the event loop's pulse is felt this often: what it stands still is added to them. */
const PULSE_MS = 1_000
/** Nobody tells a process that its wall clock was set: while a job waits for a time of it, it is looked at this often. */
const WALL_CLOCK_LOOK_MS = 60_000
/** A timer that comes later than this was held up. */
const STALL_MS = 100

/** Taken out of the ready jobs, and not leased yet. */
interface Taken {
  readonly slot: number
  readonly seq: number
  readonly isSuspect: boolean
}

interface Lane {
  readonly queue: DeclaredQueue
  /** Whether a job that is ready may run: nobody changes it, and no other suspect runs. */
  readonly mayRun: (slot: number) => boolean
  readonly waiters: Set<Waiter>
  readonly limiter: StartLimiter | undefined
}

/** How {@link Deliveries} has leases ended that have run out. */
export interface DeliveryEvents {
  readonly onExpired: (lease: HeldLease, queue: DeclaredQueue) => void
  readonly onDead: (queue: DeclaredQueue, job: DeadJob) => Promise<void>
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
  /** Leases that are in the lease file although nobody got them. */
  readonly #takenBack = new Map<number, number>()
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
    const { changes, ledger } = this.#core
    this.#lanes.set(queue.name, {
      queue,
      mayRun: (slot) =>
        !changes.isHeld(ledger.jobs.table.seq(slot), queue.name) && !this.isHeldBack(slot, queue),
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
    for (const [seq, attempt] of this.#takenBack) yield { of: seq, attempt }
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
    if (this.#isClosed || options.signal?.aborted === true) return Promise.resolve([])
    const lane = this.#lane(queue)
    const { visibilityTimeoutMs = queue.settings.visibilityTimeoutMs } = options
    const waiter = new Waiter(options, visibilityTimeoutMs, isBackground, () => {
      lane.waiters.delete(waiter)
      if (isHolding) this.#core.keepAlive.release()
    })
    const isHolding = waiter.isPatient && !isBackground
    if (isHolding) this.#core.keepAlive.hold()
    lane.waiters.add(waiter)
    this.#advance()
    this.#dispatch(lane)
    this.#arm()
    waiter.start(this.#core.clock)
    // It is not among those who wait while bodies are read for it.
    if (!waiter.isPatient && lane.waiters.has(waiter)) waiter.giveUp()
    return waiter.given
  }

  /** Something has changed: whoever waits gets what there is. */
  dispatch(): void {
    if (this.#isClosed) return
    this.#advance()
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

  /** A lease is held for so long from now on; one that time does not take away is left alone. */
  keep(lease: HeldLease, queue: DeclaredQueue, forMs: number): void {
    if (lease.deadlineMs === Number.POSITIVE_INFINITY) return
    lease.deadlineMs = this.#core.clock.monotonicMs() + forMs
    this.#hold(lease, queue)
  }

  /** An expired lease that nobody else has is held again. */
  revive(lease: HeldLease, queue: DeclaredQueue, forMs: number): void {
    if (lease.isSuspect) this.#suspectsHeld += 1
    this.keep(lease, queue, forMs)
  }

  /** Nobody gets anything from now on. */
  close(): void {
    this.#isClosed = true
    this.#alarm.stop()
    for (const { waiters } of this.#lanes.values()) for (const waiter of waiters) waiter.giveUp()
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

  /** Jobs whose time has come are ready. */
  #advance(): void {
    const { ledger, clock } = this.#core
    ledger.jobs.advance(clock.now(), clock.wallMs())
  }

  #dispatch(lane: Lane): void {
    for (const waiter of lane.waiters) {
      // What is delivered to nobody, because it is dead or gone, makes room for the next one.
      for (let isDelivered = false; !isDelivered;) {
        const taken = this.#takeFor(lane, waiter)
        if (taken.length === 0) return
        isDelivered = this.#deliver(lane, waiter, taken)
      }
    }
  }

  #takeFor(lane: Lane, { max }: Waiter): Taken[] {
    const { queue, limiter } = lane
    const taken: Taken[] = []
    while (taken.length < max && !queue.ledger.isPaused) {
      if (limiter?.waitMs(this.#core.clock.monotonicMs()) !== undefined) break
      const one = this.#take(lane)
      if (one === undefined) break
      limiter?.start(this.#core.clock.monotonicMs())
      taken.push(one)
    }
    return taken
  }

  /** The next job that may run now, out of the ready ones. */
  #take({ queue, mayRun }: Lane): Taken | undefined {
    const { table } = this.#core.ledger.jobs
    const slot = queue.ledger.ready.take(mayRun)
    if (slot === undefined) return undefined
    const isSuspect = table.crashes(slot) > 0
    if (isSuspect) this.#suspectsHeld += 1
    return { slot, seq: table.seq(slot), isSuspect }
  }

  /** Whether the waiter has got something, or will when bodies are read. */
  #deliver(lane: Lane, waiter: Waiter, taken: readonly Taken[]): boolean {
    const { bodies } = this.#core
    const found = taken.map(({ slot }) => bodies.get(slot))
    if (found.every((stored) => stored !== undefined)) return this.#give(lane, waiter, taken, found)
    lane.waiters.delete(waiter)
    const slots = taken.map(({ slot }) => slot)
    void bodies.readAll(slots, this.#core.ledger.jobs.table).then(
      (read) => this.#giveRead(lane, waiter, taken, read),
      (error: unknown) => {
        this.#putBack(lane.queue, taken)
        waiter.fail(error)
      },
    )
    return true
  }

  #giveRead(
    lane: Lane,
    waiter: Waiter,
    taken: readonly Taken[],
    stored: readonly (StoredBody | undefined)[],
  ): void {
    if (this.#isClosed || waiter.isOver) {
      this.#putBack(lane.queue, taken)
      waiter.giveUp()
      return this.dispatch()
    }
    if (this.#give(lane, waiter, taken, stored)) return
    lane.waiters.add(waiter)
    this.dispatch()
    if (!waiter.isPatient && lane.waiters.has(waiter)) waiter.giveUp()
  }

  /** Whoever was to get these is gone. */
  #putBack(queue: DeclaredQueue, taken: readonly Taken[]): void {
    const { table } = this.#core.ledger.jobs
    for (const { slot, seq, isSuspect } of taken) {
      if (isSuspect) this.#suspectsHeld -= 1
      const isThere = table.seq(slot) === seq && table.status(slot) === 'waiting'
      if (isThere) queue.ledger.ready.add(slot)
    }
  }

  /** Whether anything was given. */
  #give(
    { queue, waiters }: Lane,
    waiter: Waiter,
    taken: readonly Taken[],
    stored: readonly (StoredBody | undefined)[],
  ): boolean {
    const delivered: Delivered[] = []
    for (const [index, one] of taken.entries()) {
      const body = stored[index]
      const given = body && this.#lease(queue, waiter, one, body)
      if (given !== undefined) delivered.push(given)
      else if (one.isSuspect) this.#suspectsHeld -= 1
    }
    if (delivered.length === 0) return false
    waiters.delete(waiter)
    const noted = this.#note(delivered)
    if (noted === undefined) waiter.give(delivered)
    else {
      const given = noted.then(() => {
        if (waiter.isOver && !this.#isClosed) this.#takeBack(delivered)
        else waiter.give(delivered)
      })
      given.catch((error: unknown) => {
        this.#takeBack(delivered)
        waiter.fail(error)
      })
    }
    return true
  }

  #note(delivered: readonly Delivered[]): Promise<void> | undefined {
    const leases = delivered.map(({ lease }) => ({ of: lease.seq, attempt: lease.attempt }))
    try {
      return this.#core.leaseFile.note(leases)
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  /** Leases that nobody has got: the jobs wait again, where they were. */
  #takeBack(delivered: readonly Delivered[]): void {
    for (const { lease, slot } of delivered) {
      lease.state = 'over'
      this.end(lease)
      this.#takenBack.set(lease.seq, lease.attempt)
      this.#core.ledger.jobs.change(slot, { kind: 'release', attempt: lease.attempt })
    }
    this.dispatch()
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
      void this.#events.onDead(queue, { seq, stored, reason })
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
      endSeq: table.endSeq(slot),
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
    this.#takenBack.delete(lease.seq)
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
      let nextMs = PULSE_MS
      for (const { deadlineMs } of this.#losable.keys())
        nextMs = Math.min(nextMs, deadlineMs - nowMs)
      this.#alarm.set(nextMs)
    }
    this.dispatch()
  }

  #arm(): void {
    const { clock, ledger } = this.#core
    const { due } = ledger.jobs
    let nextMs = due.untilNextMs(clock.now(), clock.wallMs())
    if (due.isByWallClock) nextMs = Math.min(nextMs, WALL_CLOCK_LOOK_MS)
    for (const { waiters, limiter } of this.#lanes.values()) {
      if (limiter === undefined || waiters.size === 0) continue
      nextMs = Math.min(nextMs, limiter.waitMs(clock.monotonicMs()) ?? Infinity)
    }
    if (nextMs !== Infinity) this.#alarm.set(nextMs)
  }

  /** @throws `QUEUE_CLOSED` */
  assertOpen(queue: string): void {
    if (!this.#isClosed) return
    const message = `the queue ${JSON.stringify(queue)} is closed; open it again`
    throw new MiniQueueError('QUEUE_CLOSED', message, { queue, outcome: 'absent' })
  }
}
