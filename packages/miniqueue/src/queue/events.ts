import type { OptionNames } from '@mini-rs/ministore'
import { type Channel, channel } from 'node:diagnostics_channel'
import { EventEmitter } from 'node:events'
import type { DeathReason, JobError } from '../job-types.js'
import type { Job } from '../job.js'

/** What a queue tells, by name. */
export interface QueueEvents<T = unknown, R = unknown> {
  /** A job was given to somebody. */
  active: { readonly job: Job<T> }
  completed: { readonly job: Job<T>; readonly result: R }
  /** It failed, and is tried again at `dueMs`. */
  retry: { readonly job: Job<T>; readonly error: JobError | undefined; readonly dueMs: number }
  dead: { readonly job: Job<T>; readonly reason: DeathReason; readonly error: JobError | undefined }
  progress: { readonly job: Job<T>; readonly value: unknown }
  /** A handler has passed its `timeoutMs` and has not ended. */
  overrun: { readonly job: Job<T>; readonly timeoutMs: number }
  leaseLost: { readonly job: Job<T>; readonly reason: 'expired' | 'cancelled' }
  /** An ack came after its lease had run out, and was accepted. */
  lateAck: { readonly job: Job<T>; readonly result: R }
  /** The wall clock was set by so much. */
  clockJump: { readonly byMs: number }
  /** The queue or its disk takes no new jobs, or takes them again. */
  full: { readonly isFull: boolean; readonly why: 'limits' | 'disk' }
  /**
   * Due times of a schedule were passed over, the newest of them `dueMs`, because nobody was there or the
   * job before had not ended. More than 1,000 are not counted to the end.
   */
  missed: {
    readonly schedule: string
    readonly skipped: number
    /** Jobs that were enqueued at the same time. */
    readonly enqueued: number
    readonly dueMs: number
  }
  /** Something went wrong that no caller waits for: the journal has failed under a worker. */
  failed: { readonly error: unknown }
}

/** An event's name. */
export type QueueEventName = keyof QueueEvents

const EVENTS: OptionNames<QueueEvents> = {
  active: true,
  completed: true,
  retry: true,
  dead: true,
  progress: true,
  overrun: true,
  leaseLost: true,
  lateAck: true,
  clockJump: true,
  full: true,
  missed: true,
  failed: true,
}

const CHANNELS = Object.fromEntries(
  Object.keys(EVENTS).map((event) => [event, channel(`@mini-rs/miniqueue:${event}`)]),
) as Readonly<Record<QueueEventName, Channel>>

/**
 * Tells listeners in this process, and whoever has subscribed to the diagnostics channel
 * `@mini-rs/miniqueue:<event>`.
 */
export class QueueEmitter {
  readonly #queue: string
  readonly #emitter = new EventEmitter()

  constructor(queue: string) {
    this.#queue = queue
    this.#emitter.setMaxListeners(0)
  }

  /** @throws TypeError */
  on(event: QueueEventName, listener: (payload: never) => void): () => void {
    assertListening(event, listener)
    // What a listener throws is its own affair: it must not break the commit that it is told of.
    const call = (payload: unknown): void => {
      try {
        ;(listener as (payload: unknown) => void)(payload)
      } catch (error) {
        process.nextTick(() => {
          throw error
        })
      }
    }
    this.#emitter.on(event, call)
    return () => void this.#emitter.off(event, call)
  }

  /** Whether anybody would hear. `make` is called only then. */
  emit<Name extends QueueEventName>(event: Name, make: () => QueueEvents[Name]): void {
    const diagnostics = CHANNELS[event]
    const isHeard = this.#emitter.listenerCount(event) > 0
    if (!isHeard && !diagnostics.hasSubscribers) return
    const payload = make()
    if (isHeard) this.#emitter.emit(event, payload)
    if (diagnostics.hasSubscribers) diagnostics.publish({ queue: this.#queue, ...payload })
  }
}

/** What is never told, and who cannot be told, would not be noticed otherwise. */
function assertListening(event: unknown, listener: unknown): void {
  const names = Object.keys(EVENTS).join(', ')
  if (typeof event !== 'string' || !Object.hasOwn(EVENTS, event)) {
    const shown = typeof event === 'string' ? JSON.stringify(event) : String(event)
    throw new TypeError(`there is no event ${shown}; there are ${names}`)
  }
  if (typeof listener === 'function') return
  throw new TypeError(
    `on(${JSON.stringify(event)}) needs a listener, which must be a function; the events are ${names}`,
  )
}
