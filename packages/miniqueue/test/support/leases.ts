import type { JobLease } from '../../src/queue/lease.js'
import type { Queue } from '../../src/queue/queue.js'

/** The next job of a queue, which must be there. */
export async function take<T>(queue: Queue<T>, visibilityTimeoutMs = 30_000): Promise<JobLease<T>> {
  const [lease] = await queue.receive({ visibilityTimeoutMs })
  if (lease === undefined) throw new Error('there was no job')
  return lease
}

/** What can be received now, and is acknowledged at once: in the order of delivery. */
export async function drain<T>(queue: Queue<T>): Promise<T[]> {
  const seen: T[] = []
  for (;;) {
    const [lease] = await queue.receive()
    if (lease === undefined) return seen
    seen.push(lease.payload)
    await lease.ack()
  }
}

/** A promise that a test resolves. */
export interface Gate<T = void> {
  readonly promise: Promise<T>
  readonly open: (value: T) => void
  readonly fail: (error: unknown) => void
}

export function gate<T = void>(): Gate<T> {
  let open: (value: T) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  return { promise, open, fail }
}

/** Whether a promise is still open. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open')
  const turn = new Promise((resolve) => setImmediate(() => resolve(open)))
  return (await Promise.race([promise.catch(() => undefined), turn])) === open
}

/** Everything that there is, as a list. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
