import { MiniQueueError } from '../errors.js'
import type { DeclaredQueue } from './core.js'

/** How much a commit brings into a queue. */
export interface Need {
  readonly depth: number
  readonly bytes: number
}

interface Room {
  /** As it was declared last. */
  queue: DeclaredQueue
  depth: number
  bytes: number
  /** Whether its listeners were told so, and not yet that there is room again. */
  isToldFull: boolean
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
    const { name, settings } = queue
    const { limits } = settings
    const room = this.#of(queue)
    const { depth, bytes } = takenIn(room)
    if (depth + need.depth <= limits.depth && bytes + need.bytes <= limits.bytes) return undefined
    if (!room.isToldFull) {
      room.isToldFull = true
      queue.emitter.emit('full', () => ({ isFull: true, why: 'limits' }))
    }
    const isPossible = need.depth <= limits.depth && need.bytes <= limits.bytes
    if (limits.onFull === 'wait' && isPossible) return change(room, signal)
    const what = isPossible ? whyFull(queue, { depth, bytes }, need) : whyNever(queue, need)
    const message = `queue ${JSON.stringify(name)} ${what}`
    throw new MiniQueueError('QUEUE_FULL', message, { queue: name, outcome: 'absent' })
  }

  /** Takes room until what is returned is called. */
  take(queue: DeclaredQueue, { depth, bytes }: Need): () => void {
    const room = this.#of(queue)
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

  #of(queue: DeclaredQueue): Room {
    let room = this.#rooms.get(queue.name)
    if (room === undefined) {
      room = { queue, depth: 0, bytes: 0, isToldFull: false, waiting: new Set() }
      this.#rooms.set(queue.name, room)
    }
    room.queue = queue
    return room
  }
}

/** Names the limit that is in the way, the depth if both are. */
function whyFull({ settings: { limits } }: DeclaredQueue, taken: Need, need: Need): string {
  const holds =
    taken.depth + need.depth > limits.depth
      ? `${taken.depth} of limits.depth, ${limits.depth} jobs`
      : `${taken.bytes} of limits.bytes, ${limits.bytes} bytes`
  return `is full: it holds ${holds}; wait, or let enqueue wait with limits.onFull`
}

function whyNever({ settings: { limits } }: DeclaredQueue, need: Need): string {
  return need.depth > limits.depth
    ? `can never take ${need.depth} jobs at once: limits.depth is ${limits.depth}`
    : `can never take ${need.bytes} bytes at once: limits.bytes is ${limits.bytes}`
}

/** With what is on its way. */
function takenIn({ queue, depth, bytes }: Room): Need {
  return { depth: queue.ledger.depth + depth, bytes: queue.ledger.pendingBytes + bytes }
}

function wake(room: Room): void {
  const { queue, waiting } = room
  if (waiting.size > 0) for (const one of waiting) one()
  if (!room.isToldFull) return
  const { depth, bytes } = takenIn(room)
  const { limits } = queue.settings
  if (depth >= limits.depth || bytes >= limits.bytes) return
  room.isToldFull = false
  queue.emitter.emit('full', () => ({ isFull: false, why: 'limits' }))
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
