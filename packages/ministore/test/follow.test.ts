import { CrashFileSystem, errno } from '@mini-rs/testkit'
import { type Clock, type Followed, MiniStore, systemClock } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { BASE } from './support/journals.js'

/** Takes what a following yields, one by one. */
class Follower {
  readonly #iterator: AsyncIterator<Followed<unknown>>

  constructor(following: AsyncIterable<Followed<unknown>>) {
    this.#iterator = following[Symbol.asyncIterator]()
  }

  async next(): Promise<unknown> {
    const { done, value } = await this.#iterator.next()
    if (done === true) return 'ended'
    return value.kind === 'caughtUp' ? `caught up at ${value.seq}` : [value.seq, value.record]
  }

  async take(count: number): Promise<unknown[]> {
    const taken: unknown[] = []
    while (taken.length < count) taken.push(await this.next())
    return taken
  }
}

/** A clock on which nothing passes: only hints wake a follower. */
const stillClock: Clock = { ...systemClock, wait: () => new Promise(() => {}) }

describe('following in the process of the writer', () => {
  it('yields what is there, says that it has caught up, and goes on with what is appended', async () => {
    const store = await MiniStore.open(BASE, { fileSystem: new CrashFileSystem() })
    await store.appendMany(['a', 'b'])
    const abort = new AbortController()
    const follower = new Follower(store.follow({ signal: abort.signal }))
    expect(await follower.take(3)).toEqual([[1, 'a'], [2, 'b'], 'caught up at 2'])
    const waiting = follower.next()
    await store.append('c')
    expect(await waiting).toEqual([3, 'c'])
    expect(await follower.next()).toBe('caught up at 3')
    const last = follower.next()
    abort.abort()
    expect(await last).toBe('ended')
  })

  it('ends, and does not fail, when its signal comes while it reads', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem })
    await store.appendMany(['a', 'b'])
    const abort = new AbortController()
    fileSystem.hook = (call) => {
      if (call === 'read') abort.abort()
    }
    const follower = new Follower(store.follow({ signal: abort.signal }))
    expect(await follower.next()).toBe('ended')
  })

  it('shows records when they are durable, not when they are written', async () => {
    const store = await MiniStore.open(BASE, {
      fileSystem: new CrashFileSystem(),
      durability: 'os',
    })
    await store.append('a')
    const follower = new Follower(store.follow())
    expect(await follower.next()).toBe('caught up at 0')
    const waiting = follower.next()
    await store.append('b')
    await store.flush()
    expect(await waiting).toEqual([1, 'a'])
    expect(await follower.take(2)).toEqual([[2, 'b'], 'caught up at 2'])
  })

  it('goes on through rotation and dropping, and names what was dropped before it was read', async () => {
    const store = await MiniStore.open(BASE, { fileSystem: new CrashFileSystem() })
    await store.appendMany(['a', 'b'])
    const follower = new Follower(store.follow({ from: 2 }))
    expect(await follower.take(2)).toEqual([[2, 'b'], 'caught up at 2'])
    const waiting = follower.next()
    await store.rotate()
    await store.append('c')
    await store.dropBefore(3)
    expect(await waiting).toEqual([3, 'c'])
    await store.append('d')
    await store.dropBefore(5)
    await expect(follower.take(3)).rejects.toMatchObject({ code: 'SEQ_DROPPED', firstSeq: 5 })
    await expect(new Follower(store.follow({ from: 1 })).next()).rejects.toMatchObject({
      code: 'SEQ_DROPPED',
    })
  })

  it('ends with STORE_CLOSED when all has been shown of a store that was closed', async () => {
    const store = await MiniStore.open(BASE, { fileSystem: new CrashFileSystem() })
    const follower = new Follower(store.follow())
    expect(await follower.next()).toBe('caught up at 0')
    const waiting = follower.next()
    await store.append('a')
    await store.close()
    expect(await waiting).toEqual([1, 'a'])
    expect(await follower.next()).toBe('caught up at 1')
    await expect(follower.next()).rejects.toMatchObject({ code: 'STORE_CLOSED' })
  })
})

describe('following by the path', () => {
  it('waits for a journal that is not there yet, and wakes at each hint of the file system', async () => {
    const fileSystem = new CrashFileSystem()
    const follower = new Follower(MiniStore.follow(BASE, { fileSystem, clock: stillClock }))
    expect(await follower.next()).toBe('caught up at 0')
    const waiting = follower.next()
    const store = await MiniStore.open(BASE, { fileSystem })
    await store.append('a')
    expect(await waiting).toEqual([1, 'a'])
    expect(await follower.next()).toBe('caught up at 1')
  })

  it('watches nothing before it is begun, and ends its watch however it ends', async () => {
    const fileSystem = new CrashFileSystem()
    let watching = 0
    fileSystem.watch = () => {
      watching++
      return () => void watching--
    }
    await (await MiniStore.open(BASE, { fileSystem })).close()
    const follow = (signal?: AbortSignal) =>
      MiniStore.follow(BASE, { fileSystem, clock: stillClock, ...(signal && { signal }) })
    follow()
    expect(watching).toBe(0)
    for await (const event of follow()) {
      expect([event.kind, watching]).toEqual(['caughtUp', 1])
      break
    }
    expect(watching).toBe(0)
    const controller = new AbortController()
    for await (const _ of follow(controller.signal)) controller.abort()
    expect(watching).toBe(0)
  })

  it('looks again after each pollMs where no hint comes', async () => {
    const fileSystem = new CrashFileSystem()
    fileSystem.watch = () => () => {}
    let tick = (): void => {}
    const waits: number[] = []
    const clock: Clock = {
      ...systemClock,
      wait: (ms) => new Promise((resolve) => void (waits.push(ms), (tick = resolve))),
    }
    const store = await MiniStore.open(BASE, { fileSystem })
    const follower = new Follower(MiniStore.follow(BASE, { fileSystem, clock, pollMs: 7 }))
    expect(await follower.next()).toBe('caught up at 0')
    const waiting = follower.next()
    await store.append('a')
    tick()
    expect(await waiting).toEqual([1, 'a'])
    expect(new Set(waits)).toEqual(new Set([7]))
  })

  it('never shows what the living writer has not acknowledged', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem })
    await store.append('a')
    const whole = fileSystem.get(BASE)
    const follower = new Follower(MiniStore.follow(BASE, { fileSystem, clock: stillClock }))
    expect(await follower.take(2)).toEqual([[1, 'a'], 'caught up at 1'])
    const waiting = follower.next()
    let isThere = false
    fileSystem.hook = (call, path) => {
      if (call !== 'sync' || path.endsWith('.ack')) return
      isThere = fileSystem.get(BASE).includes('"b"')
      throw errno('EIO', path)
    }
    await expect(store.append('b')).rejects.toMatchObject({ code: 'SYNC_FAILED' })
    expect(isThere).toBe(true)
    fileSystem.hook = undefined
    await store.close()
    fileSystem.discard(BASE)
    fileSystem.put(BASE, whole)
    const again = await MiniStore.open(BASE, { fileSystem })
    await again.append('c')
    expect(await waiting).toEqual([2, 'c'])
  })

  it('skips nothing when the file is further than what was acknowledged', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open<number>(BASE, { fileSystem })
    const abort = new AbortController()
    const seen: number[] = []
    const { signal } = abort
    const following = (async () => {
      for await (const one of MiniStore.follow(BASE, { fileSystem, signal, clock: stillClock })) {
        if (one.kind === 'record') seen.push(one.seq)
        if (one.seq === 1000) abort.abort()
      }
    })()
    for (let n = 0; n < 1000; n++) await store.append(n)
    await following
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
  })

  it('keeps up with a writer that rotates and drops behind it, batch by batch', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open<number[]>(BASE, { fileSystem, maxSegmentBytes: 400 })
    const seen: number[] = []
    const abort = new AbortController()
    const { signal } = abort
    const following = (async () => {
      let open = 0
      for await (const one of MiniStore.follow<number[]>(BASE, { fileSystem, signal })) {
        if (one.kind === 'caughtUp') expect(open).toBe(0)
        else {
          seen.push(one.seq)
          open = one.commitEnd ? 0 : open + 1
          if (one.seq === 600) abort.abort()
        }
      }
    })()
    for (let batch = 0; batch < 200; batch++) {
      await store.appendMany([[batch], [batch], [batch]])
      const oldestUnread = (seen.at(-1) ?? 0) + 1
      if (batch % 10 === 0) await store.dropBefore(oldestUnread)
    }
    await following
    expect(seen).toEqual(Array.from({ length: 600 }, (_, index) => index + 1))
  })
})
