import { Violation } from '@mini-rs/testkit'
import {
  type EnqueueOptions,
  type JobLease,
  MiniQueue,
  type MiniQueueOptions,
  type Queue,
} from '@mini-rs/miniqueue'
import { type Choices, CrashFileSystem, type CrashFileSystemOptions } from '@mini-rs/testkit'
import { ManualClock, settled } from '../test/support/manual-clock.js'
import { roomy } from '../test/support/roomy-disk.js'
import { chooseOptions } from './choose-options.js'
import { expectDelivered } from './expected-delivery.js'
import { assertCode, expectCode } from './expected-refusal.js'
import { History } from './history.js'
import { ATTEMPTS, MAX_CRASHES, Model, WINDOW } from './model.js'
import { type ModelJob, isEnded } from './model-job.js'
import { recognize } from './recognize.js'
import { assertSame } from './same.js'

const DIRECTORY = '/queues'
const QUEUE = 'q'

/** How a world is run, and what is taken away from it for a negative control. */
export interface ModelWorldOptions {
  readonly steps: number
  readonly disk?: CrashFileSystemOptions
}

/** A lease that somebody has, whatever has become of it. */
interface Held {
  readonly lease: JobLease<unknown>
  readonly seq: number
  ended: 'ack' | 'other' | undefined
}

/** Runs one random life of a queue beside its model. @throws Violation */
export async function runModelWorld(choices: Choices, options: ModelWorldOptions): Promise<void> {
  const world = new ModelWorld(choices, options)
  await world.open()
  for (let step = 0; step < options.steps; step++) await world.step()
  await world.end()
}

class ModelWorld {
  readonly #choices: Choices
  readonly #settings: MiniQueueOptions
  #clock = new ManualClock()
  #disk: CrashFileSystem
  #queues: MiniQueue | undefined
  #queue: Queue<unknown> | undefined
  #model = new Model()
  #history = new History()
  #held: Held[] = []
  #data = 0

  constructor(choices: Choices, options: ModelWorldOptions) {
    this.#choices = choices
    this.#disk = new CrashFileSystem({ choices, ...options.disk })
    const isSmall = choices.choose(3) === 2
    this.#settings = {
      dedupWindow: WINDOW,
      strictAttempts: choices.choose(4) === 3,
      ...(isSmall && { maxSegmentBytes: 1_000, memoryBudgetBytes: 0 }),
    }
  }

  async open(): Promise<void> {
    this.#queues = await MiniQueue.open(DIRECTORY, {
      ...this.#settings,
      clock: this.#clock,
      fileSystem: roomy(this.#disk),
    })
    this.#queue = this.#queues.queue<unknown>(QUEUE, {
      attempts: ATTEMPTS,
      maxCrashes: MAX_CRASHES,
      backoff: { type: 'fixed', delayMs: 300 },
    })
    this.#held = []
    this.#note()
    this.#mark()
  }

  async step(): Promise<void> {
    await this.#command()
    await settled(2)
    this.#mark()
    await assertSame(this.#opened, this.#model, this.#nowMs, false)
  }

  async end(): Promise<void> {
    if (this.#choices.choose(2) === 0) await this.#reopen()
    await assertSame(this.#opened, this.#model, this.#nowMs, true)
    await this.#queues?.close()
  }

  get #opened(): Queue<unknown> {
    if (this.#queue === undefined) throw new Error('the world is not open')
    return this.#queue
  }

  get #nowMs(): number {
    return this.#clock.now()
  }

  #note(): void {
    this.#history.note(this.#model)
  }

  #mark(): void {
    this.#history.mark(this.#disk.position)
  }

  #command(): Promise<void> {
    switch (this.#choices.choose(24)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.#enqueue()
      case 4:
        return this.#enqueueMany()
      case 5:
      case 6:
      case 7:
      case 8:
        return this.#receive()
      case 9:
      case 10:
      case 11:
        return this.#ack()
      case 12:
      case 13:
        return this.#nack()
      case 14:
        return this.#extend()
      case 15:
        return this.#deadLetter()
      case 16:
      case 17:
        return this.#pass()
      case 18:
        return this.#manage()
      case 19:
        return this.#transaction()
      case 20:
        return this.#burst()
      case 21:
        return this.#reopen()
      default:
        return this.#crash()
    }
  }

  async #enqueue(): Promise<void> {
    const options = chooseOptions(this.#choices, this.#nowMs)
    const data = ++this.#data
    if (!this.#model.knowsAll(options)) {
      await expectCode('DEPENDENCY_UNKNOWN', this.#opened.enqueue(data, options))
      return
    }
    const known = this.#model.known(options, this.#nowMs)
    const told = await this.#opened.enqueue(data, options as EnqueueOptions)
    const expected = known?.status ?? 'enqueued'
    if (told.status !== expected) throw new Violation(`${told.status} instead of ${expected}`)
    if (known !== undefined && told.seq !== known.seq) {
      throw new Violation(`${told.status} of ${told.seq}, not of ${known.seq}`)
    }
    if (known === undefined) this.#isNew(told.seq, data, options)
    else if (known.status !== 'duplicate') {
      this.#model.replace(known.seq, data, options, this.#nowMs)
      this.#note()
    }
  }

  async #enqueueMany(): Promise<void> {
    const jobs = Array.from({ length: 2 + this.#choices.choose(2) }, () => ({ data: ++this.#data }))
    const told = await this.#opened.enqueueMany(jobs)
    told.forEach(({ seq }, index) => this.#isNew(seq, jobs[index]?.data, {}, false))
    this.#note()
  }

  async #receive(): Promise<void> {
    const max = 1 + this.#choices.choose(3)
    const visibilityTimeoutMs = [500, 1_500, 10_000][this.#choices.choose(3)] ?? 500
    const leases = await this.#opened.receive({ max, visibilityTimeoutMs })
    const { given, buried } = expectDelivered(this.#model, leases, max, this.#nowMs)
    for (const job of given) this.#model.lease(job, this.#nowMs + visibilityTimeoutMs)
    if (given.length > 0) this.#note()
    for (const job of buried) {
      this.#model.die(job, this.#nowMs)
      this.#note()
    }
    for (const lease of leases) {
      const job = this.#model.job(lease.job.seq)
      if (lease.payload !== job.data)
        throw new Violation(`${job.seq} was delivered with other data`)
      if (lease.token !== job.attempt) throw new Violation(`delivery ${lease.token} of ${job.seq}`)
      this.#held.push({ lease, seq: job.seq, ended: undefined })
    }
  }

  async #ack(): Promise<void> {
    const held = this.#chooseHeld()
    if (held === undefined) return
    await this.#settle(held, 'ack', held.lease.ack(held.seq), (job) => {
      this.#model.ack(job, this.#nowMs)
    })
  }

  async #nack(): Promise<void> {
    const held = this.#chooseHeld()
    if (held === undefined) return
    const delayMs = [0, 300, 1_000][this.#choices.choose(3)] ?? 0
    const countAttempt = this.#choices.choose(4) < 3
    await this.#settle(held, 'other', held.lease.nack({ delayMs, countAttempt }), (job) => {
      this.#model.fail(job, countAttempt, delayMs, this.#nowMs)
    })
  }

  async #deadLetter(): Promise<void> {
    const held = this.#chooseHeld()
    if (held === undefined) return
    await this.#settle(held, 'other', held.lease.deadLetter('no'), (job) => {
      this.#model.die(job, this.#nowMs)
    })
  }

  async #extend(): Promise<void> {
    const held = this.#chooseHeld()
    if (held === undefined) return
    const ms = 200 + this.#choices.choose(3) * 800
    const job = this.#model.job(held.seq)
    const isWaiting = job.lease?.isExpired !== true || job.status === 'waiting'
    const call = held.lease.extend(ms)
    if (held.ended !== undefined || !this.#isValid(held) || !isWaiting) {
      return expectCode('LEASE_LOST', call)
    }
    await call
    this.#model.extend(job, this.#nowMs + ms)
    this.#note()
  }

  #isValid({ lease, seq }: Held): boolean {
    const job = this.#model.job(seq)
    if (job.lease?.attempt !== lease.token) return false
    return job.status === 'active' || (job.lease.isExpired && !isEnded(job))
  }

  async #settle(
    held: Held,
    ending: 'ack' | 'other',
    call: Promise<void>,
    change: (job: ModelJob) => void,
  ): Promise<void> {
    if (held.ended !== undefined) {
      if (held.ended === 'ack' && ending === 'ack') return call
      // Repeated, it may say that it has done so, or that there is no lease any more.
      return call.catch((error: unknown) => assertCode('LEASE_LOST', error))
    }
    if (!this.#isValid(held)) return expectCode('LEASE_LOST', call)
    await call
    held.ended = ending
    change(this.#model.job(held.seq))
    this.#note()
  }

  /** Time passes: leases run out, in their order. */
  async #pass(): Promise<void> {
    const untilMs = this.#nowMs + ([50, 400, 1_000, 5_000][this.#choices.choose(4)] ?? 50)
    await this.#clock.advance(untilMs - this.#nowMs)
    const due = [...this.#model.jobs.values()]
      .filter(({ status, lease }) => status === 'active' && (lease?.deadlineMs ?? 0) <= untilMs)
      .toSorted((a, b) => order(a, b))
    for (const job of due) {
      this.#model.expire(job, job.lease?.deadlineMs ?? 0)
      this.#note()
    }
    this.#model.passTo(this.#nowMs)
  }

  async #manage(): Promise<void> {
    const jobs = [...this.#model.jobs.values()]
    const job = jobs[this.#choices.choose(Math.max(1, jobs.length))]
    if (job === undefined) return
    if (this.#choices.choose(2) === 0 && job.status !== 'completed' && job.status !== 'cancelled') {
      await this.#opened.cancel(`@${job.seq}`)
      this.#model.cancel(job, this.#nowMs)
    } else if (isEnded(job)) {
      await this.#opened.retry(`@${job.seq}`)
      this.#model.retry(job, this.#nowMs)
    } else return
    this.#note()
  }

  async #transaction(): Promise<void> {
    const held = this.#chooseHeld()
    const data = ++this.#data
    const value = this.#choices.choose(10)
    const call = this.#queues?.transaction((t) => {
      if (held !== undefined) t.ack(held.lease)
      t.enqueue(QUEUE, data)
      t.put('cursor', value)
    })
    if (held !== undefined && (held.ended !== undefined || !this.#isValid(held))) {
      return expectCode('LEASE_LOST', call ?? Promise.resolve())
    }
    await call
    const seq = await this.#newestSeq()
    if (held !== undefined) {
      held.ended = 'ack'
      this.#model.ack(this.#model.job(held.seq), this.#nowMs)
    }
    this.#model.values.set('cursor', value)
    this.#isNew(seq, data, {})
  }

  /** The newest job that a stranger could find: its number is behind all that are known. */
  async #newestSeq(): Promise<number> {
    const known = Math.max(0, ...this.#model.jobs.keys())
    for (let seq = known + 1; seq < known + 500; seq++) {
      if ((await this.#opened.get(`@${seq}`)) !== undefined) return seq
    }
    throw new Violation('what a transaction enqueued is not there')
  }

  /** Several calls at once, none of them awaited before the last: their records are in the order of the calls. */
  async #burst(): Promise<void> {
    const calls: Promise<() => void>[] = []
    for (let count = 2 + this.#choices.choose(3); count > 0; count--) {
      const held = this.#choices.choose(2) === 0 ? undefined : this.#chooseHeld()
      if (held === undefined) {
        const data = ++this.#data
        calls.push(
          this.#opened.enqueue(data).then(
            ({ seq }) =>
              () =>
                this.#isNew(seq, data, {}),
          ),
        )
      } else if (held.ended === undefined && this.#isValid(held)) {
        held.ended = 'ack'
        const job = this.#model.job(held.seq)
        calls.push(
          held.lease.ack().then(() => () => {
            this.#model.ack(job, this.#nowMs)
            this.#note()
          }),
        )
      }
    }
    for (const apply of await Promise.all(calls)) apply()
  }

  async #reopen(): Promise<void> {
    await this.#queues?.close()
    this.#model.end(true)
    this.#note()
    this.#mark()
    this.#disk = this.#disk.killedAt(this.#disk.position)
    this.#history = new History()
    await this.open()
  }

  /** The process or the machine ends at a moment that is over: any that there was since the queue was opened. */
  async #crash(): Promise<void> {
    const back = this.#choices.choose(2) === 0 ? 0 : this.#choices.choose(this.#disk.position + 1)
    const position = this.#disk.position - back
    const isPowerCut = this.#choices.choose(2) === 1
    const candidates = this.#history.candidatesAt(position)
    this.#disk = isPowerCut
      ? this.#disk.powerCutAt(position, this.#choices)
      : this.#disk.killedAt(position)
    this.#history = new History()
    const clock = new ManualClock(this.#nowMs)
    this.#clock = clock
    const before = this.#model
    await this.open()
    const cursor = this.#queues?.value('cursor')
    const { model, reasons } = await recognize(candidates, this.#opened, {
      nowMs: this.#nowMs,
      isPowerCut,
      cursor,
    })
    if (model !== undefined) {
      this.#model = model
      this.#history.begin(candidates, model)
      return
    }
    const kind = isPowerCut ? 'a power cut' : 'a kill'
    throw new Violation(
      `after ${kind} at ${position} of ${position + back}: ${reasons.join(' | ')}; before: ${before.jobs.size} jobs`,
    )
  }

  #isNew(
    seq: number,
    data: unknown,
    options: Parameters<Model['enqueue']>[2],
    isNoted = true,
  ): void {
    const newest = Math.max(0, ...this.#model.jobs.keys())
    if (seq <= newest) throw new Violation(`a new job has the number ${seq}, behind ${newest}`)
    this.#model.enqueue(seq, data, options, this.#nowMs)
    if (isNoted) this.#note()
  }

  #chooseHeld(): Held | undefined {
    if (this.#held.length === 0) return undefined
    return this.#held[this.#held.length - 1 - this.#choices.choose(this.#held.length)]
  }
}

function order(a: ModelJob, b: ModelJob): number {
  const byTime = (a.lease?.deadlineMs ?? 0) - (b.lease?.deadlineMs ?? 0)
  return byTime === 0 ? (a.lease?.given ?? 0) - (b.lease?.given ?? 0) : byTime
}
