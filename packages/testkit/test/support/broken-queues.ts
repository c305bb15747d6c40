import type {
  MessageLease,
  MessageQueue,
  NackOptions,
  ReceiveOptions,
  SendOptions,
  Sent,
} from '@mini-rs/miniqueue'
import type { MemoryQueue } from '@mini-rs/testkit'

type Lease = MessageLease<unknown>

/** Changes nothing. */
export class FaithfulQueue implements MessageQueue<unknown> {
  protected readonly inner: MemoryQueue<unknown>

  constructor(inner: MemoryQueue<unknown>) {
    this.inner = inner
  }

  enqueue(data: unknown, options?: SendOptions): Promise<Sent> {
    return this.inner.enqueue(data, options)
  }

  async receive(options?: ReceiveOptions): Promise<readonly Lease[]> {
    const leases = await this.inner.receive(options)
    return leases.map((lease) => this.lease(lease))
  }

  /** What is different about a lease. */
  protected lease(lease: Lease): Lease {
    return lease
  }

  counts(): ReturnType<MessageQueue<unknown>['counts']> {
    return this.inner.counts()
  }

  deadLetters(): ReturnType<MessageQueue<unknown>['deadLetters']> {
    return this.inner.deadLetters()
  }
}

/** A lease with some of its answers replaced. */
function withChanges(lease: Lease, changes: Partial<Lease>): Lease {
  return new Proxy(lease, {
    get: (target, name) => {
      if (name in changes) return changes[name as keyof Lease]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

class ForgetsHeaders extends FaithfulQueue {
  override enqueue(data: unknown, options: SendOptions = {}): Promise<Sent> {
    const { headers: _, ...rest } = options
    return this.inner.enqueue(data, rest)
  }
}

class ForgetsIds extends FaithfulQueue {
  override enqueue(data: unknown, options: SendOptions = {}): Promise<Sent> {
    const { id: _, ...rest } = options
    return this.inner.enqueue(data, rest)
  }
}

class ForgetsDelays extends FaithfulQueue {
  override enqueue(data: unknown, options: SendOptions = {}): Promise<Sent> {
    return this.inner.enqueue(data, { ...options, delayMs: 0 })
  }
}

class DelaysTwice extends FaithfulQueue {
  override enqueue(data: unknown, options: SendOptions = {}): Promise<Sent> {
    return this.inner.enqueue(data, { ...options, delayMs: 2 * (options.delayMs ?? 0) })
  }
}

class LosesTheSecond extends FaithfulQueue {
  #count = 0

  override async enqueue(data: unknown, options: SendOptions = {}): Promise<Sent> {
    if (++this.#count === 2) return { id: 'lost', status: 'enqueued' }
    return this.inner.enqueue(data, options)
  }
}

class TurnsTheOrder extends FaithfulQueue {
  override enqueue(data: unknown, options: SendOptions = {}): Promise<Sent> {
    const delayMs = (options.delayMs ?? 0) - this.#count++
    return this.inner.enqueue(data, { ...options, delayMs })
  }

  #count = 0
}

class GivesOneMore extends FaithfulQueue {
  override receive(options: ReceiveOptions = {}): Promise<readonly Lease[]> {
    return super.receive({ ...options, max: (options.max ?? 1) + 1 })
  }
}

class NeverWaits extends FaithfulQueue {
  override receive(options: ReceiveOptions = {}): Promise<readonly Lease[]> {
    return super.receive({ ...options, waitMs: 0 })
  }
}

class WaitsTwiceAsLong extends FaithfulQueue {
  override async receive(options: ReceiveOptions = {}): Promise<readonly Lease[]> {
    const waitMs = Math.min(2 * (options.waitMs ?? 0), 20_000)
    const { signal: _, ...rest } = options
    const leases = await super.receive({ ...rest, waitMs })
    return leases
  }
}

class HidesForHalf extends FaithfulQueue {
  override receive(options: ReceiveOptions = {}): Promise<readonly Lease[]> {
    const { visibilityTimeoutMs = 30_000 } = options
    return super.receive({ ...options, visibilityTimeoutMs: visibilityTimeoutMs / 2 })
  }
}

class NeverExtends extends FaithfulQueue {
  protected override lease(lease: Lease): Lease {
    return withChanges(lease, { extend: async () => {} })
  }
}

class RefusesLateAcks extends FaithfulQueue {
  protected override lease(lease: Lease): Lease {
    const ack = async (): Promise<void> => {
      if ((lease.expiresAt ?? 0) <= this.inner.clock.monotonicMs()) throw new Error('too late')
      await lease.ack()
    }
    return withChanges(lease, { ack })
  }
}

class TakesEverySettling extends FaithfulQueue {
  protected override lease(lease: Lease): Lease {
    const quiet = (call: Promise<void>): Promise<void> => call.catch(() => {})
    return withChanges(lease, {
      ack: () => quiet(lease.ack()),
      nack: (options) => quiet(lease.nack(options)),
      extend: (ms) => quiet(lease.extend(ms)),
      deadLetter: (reason, error) => quiet(lease.deadLetter(reason, error)),
      save: (memo) => quiet(lease.save(memo)),
    })
  }
}

class LosesAcks extends FaithfulQueue {
  protected override lease(lease: Lease): Lease {
    return withChanges(lease, { ack: async () => {} })
  }
}

class CountsEveryFailure extends FaithfulQueue {
  protected override lease(lease: Lease): Lease {
    const nack = (options: NackOptions = {}): Promise<void> => {
      return lease.nack({ ...options, countAttempt: true })
    }
    return withChanges(lease, { nack })
  }
}

class CountsTwice extends FaithfulQueue {
  protected override lease(lease: Lease): Lease {
    return withChanges(lease, { failureCount: 2 * lease.failureCount })
  }
}

class TriesAgainAtOnce extends FaithfulQueue {
  protected override lease(lease: Lease): Lease {
    return withChanges(lease, { nack: (options) => lease.nack({ ...options, delayMs: 0 }) })
  }
}

class ForgetsMemos extends FaithfulQueue {
  protected override lease(lease: Lease): Lease {
    return withChanges(lease, { save: async () => {} })
  }
}

class ForgetsReasons extends FaithfulQueue {
  protected override lease(lease: Lease): Lease {
    return withChanges(lease, { deadLetter: () => lease.deadLetter('unknown') })
  }
}

/** A queue that breaks a promise, and by which check that shows. */
export type BrokenQueue = readonly [
  broken: new (inner: MemoryQueue<unknown>) => FaithfulQueue,
  caughtBy: RegExp,
]

export const brokenQueues: readonly BrokenQueue[] = [
  [ForgetsHeaders, /is received, as it was/],
  [ForgetsIds, /makes a duplicate/],
  [ForgetsIds, /is one message/],
  [ForgetsDelays, /goes behind what was ready before/],
  [DelaysTwice, /gets a delayed message at its time/],
  [TurnsTheOrder, /in the order in which they were enqueued/],
  [GivesOneMore, /no more than `max`/],
  [NeverWaits, /as soon as there is one/],
  [WaitsTwiceAsLong, /ends with nothing/],
  [HidesForHalf, /hides its message until/],
  [NeverExtends, /extended is held/],
  [RefusesLateAcks, /can still be acknowledged/],
  [TakesEverySettling, /somebody else has by now is refused/],
  [TakesEverySettling, /cannot be settled otherwise/],
  [TakesEverySettling, /one byte more is not/],
  [LosesAcks, /a second ack does nothing/],
  [LosesTheSecond, /after a new opening/],
  [TriesAgainAtOnce, /comes again after the delay/],
  [CountsEveryFailure, /is none of the failures/],
  [CountsTwice, /is one failure/],
  [ForgetsMemos, /found by the next delivery, and so is/],
  [ForgetsMemos, /of a lease that ran out is found/],
  [ForgetsReasons, /is kept with its reason/],
]
