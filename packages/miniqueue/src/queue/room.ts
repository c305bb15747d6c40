import { MiniQueueError } from '../errors.js'
import type { DeclaredQueue } from './core.js'

/** How much a commit brings into a queue. */
export interface Need {
  readonly depth: number
  readonly bytes: number
}

interface Room {
  depth: number
  bytes: number
  readonly waiting: Set<() => void>
}

/** The room in queues with limits: what is on its way to the disk has taken some, too. */
export class Rooms {
  readonly #rooms = new Map<string, Room>()

  /** Undefined when there is room, otherwise what to wait for before asking again. @throws `QUEUE_FULL` */
  obstacle(
    queue: DeclaredQueue,
    need: Need,
    signal: AbortSignal | undefined,
  ): Promise<void> | undefined {
    const { name, ledger, settings } = queue
    const { limits } = settings
    const room = this.#of(name)
    const depth = ledger.depth + room.depth
    const bytes = ledger.pendingBytes + room.bytes
    if (depth + need.depth <= limits.depth && bytes + need.bytes <= limits.bytes) return undefined
    queue.emitter.emit('full', () => ({ isFull: true, why: 'limits' }))
    const isPossible = need.depth <= limits.depth && need.bytes <= limits.bytes
    if (limits.onFull === 'wait' && isPossible) return change(room, signal)
    const what = isPossible
      ? `is full: ${depth} jobs of ${bytes} bytes`
      : `can never take ${need.depth} jobs of ${need.bytes} bytes at once`
    const hint = isPossible ? '; wait, or let enqueue wait with onFull' : ''
    const message = `queue ${JSON.stringify(name)} ${what}, with limits of ${limits.depth} and ${limits.bytes}${hint}`
    throw new MiniQueueError('QUEUE_FULL', message, { queue: name, outcome: 'absent' })
  }

  /** Takes room until what is returned is called. */
  take(queue: DeclaredQueue, { depth, bytes }: Need): () => void {
    const room = this.#of(queue.name)
    room.depth += depth
    room.bytes += bytes
    return () => {
      room.depth -= depth
      room.bytes -= bytes
      wake(room)
    }
  }

  /** Jobs have ended, or the queue has: whoever waits looks again. */
  wake(): void {
    for (const room of this.#rooms.values()) wake(room)
  }

  #of(name: string): Room {
    let room = this.#rooms.get(name)
    if (room === undefined) {
      room = { depth: 0, bytes: 0, waiting: new Set() }
      this.#rooms.set(name, room)
    }
    return room
  }
}

function wake({ waiting }: Room): void {
  if (waiting.size > 0) for (const one of waiting) one()
}

function change({ waiting }: Room, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      waiting.delete(done)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    waiting.add(done)
    signal?.addEventListener('abort', done)
  })
}
