import { type Clock, MiniStore } from '@mini-rs/ministore'
import { MiniSnapError, SnapStore, type SnapshotProgress } from '@mini-rs/minisnap'
import { CrashFileSystem, SeededChoices, errno } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { type Counter, FOLDER, pathOf, withSnapshots } from './support/snapshots.js'

describe('create and restore', () => {
  it('gives back the newest state with its number', async () => {
    const { snapshots } = await withSnapshots([3, 10])
    const { state, seq, info, skipped } = await snapshots.restore()
    expect({ state, seq, skipped }).toEqual({ state: { counter: 100 }, seq: 10, skipped: [] })
    expect(info).toMatchObject({ seq: 10, path: pathOf(10), version: 1, isVerified: true })
    expect(Date.parse(info.createdAt ?? '')).toBeGreaterThan(0)
  })

  it('does no I/O before the first call', () => {
    const fileSystem = new CrashFileSystem()
    expect(new SnapStore(FOLDER, { fileSystem }).dir).toBe(FOLDER)
    expect(fileSystem.calls).toEqual([])
  })

  it('tells what it has written', async () => {
    const { fileSystem, snapshots } = await withSnapshots([])
    const created = await snapshots.create({ counter: 1 }, 7)
    expect(created).toMatchObject({ seq: 7, path: pathOf(7), version: 1, isVerified: true })
    expect(created.sizeBytes).toBe(fileSystem.get(pathOf(7)).length)
    expect(created.longestSliceMs).toBeLessThanOrEqual(created.elapsedMs)
    expect(created).toMatchObject({ pruned: [], pruneFailure: undefined })
  })

  it('replaces a snapshot of the same number', async () => {
    const { snapshots } = await withSnapshots([5])
    await snapshots.create({ counter: -1 }, 5)
    expect(await snapshots.restore()).toMatchObject({ state: { counter: -1 }, seq: 5 })
    expect(await snapshots.list()).toHaveLength(1)
  })

  it('restores what was at or before a number', async () => {
    const { snapshots } = await withSnapshots([2, 5, 9], { keep: 3 })
    expect((await snapshots.restore({ atOrBefore: 8 })).seq).toBe(5)
    expect((await snapshots.restore({ atOrBefore: 5 })).seq).toBe(5)
    await expect(snapshots.restore({ atOrBefore: 1 })).rejects.toMatchObject({
      code: 'SNAPSHOT_NOT_FOUND',
    })
    expect(await snapshots.tryRestore({ atOrBefore: 1 })).toBeUndefined()
  })

  it('says that there is none, and does not invent one', async () => {
    const { snapshots } = await withSnapshots([])
    await expect(snapshots.restore()).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' })
    expect(await snapshots.tryRestore()).toBeUndefined()
    expect(await snapshots.exists()).toBe(false)
    expect(await snapshots.latest()).toBeUndefined()
    expect(await snapshots.list()).toEqual([])
    expect(await snapshots.verify()).toEqual([])
    expect(await snapshots.prune()).toEqual([])
  })

  it('takes a snapshot of an empty log, number 0', async () => {
    const { snapshots } = await withSnapshots([0])
    expect((await snapshots.restore()).seq).toBe(0)
  })

  it('copies a state that changes when asked to do it at once', async () => {
    const { snapshots } = await withSnapshots([])
    const state = { counter: 1 }
    const creating = snapshots.create(state, 1, { mode: 'atOnce' })
    state.counter = 2
    await creating
    expect((await snapshots.restore()).state).toEqual({ counter: 1 })
  })

  it('writes one snapshot after the other, in the order of the calls', async () => {
    const { snapshots } = await withSnapshots([], { keep: 5 })
    const created = await Promise.all(
      [1, 2, 2, 3].map((seq, index) => snapshots.create({ counter: index }, seq)),
    )
    expect(created.map(({ seq }) => seq)).toEqual([1, 2, 2, 3])
    expect((await snapshots.restore({ atOrBefore: 2 })).state).toEqual({ counter: 2 })
  })

  it('goes on after one that failed', async () => {
    const { fileSystem, snapshots } = await withSnapshots([1])
    fileSystem.hook = (call, path) => {
      if (call === 'sync') throw errno('EIO', path)
    }
    const failing = snapshots.create({ counter: 0 }, 2)
    await expect(failing).rejects.toMatchObject({ code: 'WRITE_FAILED', path: pathOf(2), seq: 2 })
    fileSystem.hook = undefined
    expect((await snapshots.restore()).seq).toBe(1)
    await snapshots.create({ counter: 30 }, 3)
    expect((await snapshots.restore()).seq).toBe(3)
  })

  it('leaves what it cannot remove, and says so', async () => {
    const { fileSystem, snapshots } = await withSnapshots([1, 2])
    fileSystem.hook = (call, path) => {
      if (call === 'remove') throw errno('EACCES', path)
    }
    const created = await snapshots.create({ counter: 30 }, 3)
    expect(created.pruneFailure).toMatchObject({ code: 'IO', path: pathOf(1) })
    fileSystem.hook = undefined
    expect(await snapshots.prune()).toEqual([pathOf(1)])
  })
})

describe('create', () => {
  it('gives up on its signal, and leaves nothing behind', async () => {
    const { fileSystem, snapshots } = await withSnapshots([1])
    const controller = new AbortController()
    fileSystem.hook = (call) => {
      if (call === 'sync') controller.abort(new Error('enough'))
    }
    const { signal } = controller
    await expect(snapshots.create({ counter: 0 }, 2, { signal })).rejects.toThrow('enough')
    await expect(snapshots.create({ counter: 0 }, 2, { signal })).rejects.toThrow('enough')
    expect(fileSystem.paths).toEqual([pathOf(1)])
  })

  it('gives up on a signal that comes while its log is flushed', async () => {
    const { fileSystem, snapshots } = await withSnapshots([1])
    const controller = new AbortController()
    const { signal } = controller
    const log = { durableSeq: 9, flush: async () => controller.abort(new Error('enough')) }
    await expect(snapshots.create({ counter: 0 }, 2, { log, signal })).rejects.toThrow('enough')
    expect(fileSystem.paths).toEqual([pathOf(1)])
  })

  it('is visible only when its log is on the disk', async () => {
    const { fileSystem, snapshots } = await withSnapshots([])
    const log = await MiniStore.open<number>('/log.jsonl', { fileSystem, durability: 'os' })
    await log.append(1)
    expect(log.durableSeq).toBe(0)
    await snapshots.create({ counter: 1 }, log.lastSeq, { log })
    expect(log.durableSeq).toBe(1)
    const ahead = snapshots.create({ counter: 2 }, 2, { log })
    await expect(ahead).rejects.toMatchObject({ code: 'LOG_BEHIND', seq: 2 })
    expect(await snapshots.list()).toHaveLength(1)
    const broken = { flush: async () => Promise.reject(errno('EIO', '/log.jsonl')), durableSeq: 9 }
    const unflushed = snapshots.create({ counter: 2 }, 2, { log: broken })
    await expect(unflushed).rejects.toMatchObject({ code: 'WRITE_FAILED' })
    expect(await snapshots.list()).toHaveLength(1)
  })

  it('tells how far it is, beside the size of the snapshot before', async () => {
    const { snapshots } = await withSnapshots([1])
    const told: SnapshotProgress[] = []
    const { sizeBytes } = await snapshots.create({ counter: 20 }, 2, {
      onProgress: (one) => told.push(one),
    })
    const [before] = await snapshots.list()
    expect(told.at(-1)).toEqual({ doneBytes: sizeBytes - 34, totalBytes: before?.sizeBytes })
    const read: SnapshotProgress[] = []
    await snapshots.restore({ onProgress: (one) => read.push(one) })
    expect(read.at(-1)).toEqual({ doneBytes: sizeBytes, totalBytes: sizeBytes })
  })

  it('gives the event loop its turn between slices', async () => {
    let now = 0
    // Each look at the clock is a millisecond later.
    const clock: Clock = { now: () => 0, monotonicMs: () => now++, wait: async () => undefined }
    const turns: string[] = []
    const pieces = ['{"seq":1,"state":', ...Array.from({ length: 30 }, () => ' '), '1}']
    const codec = {
      name: 'json',
      reads: ['json'],
      extension: 'json',
      *encode() {
        for (const piece of pieces) {
          turns.push('piece')
          yield piece
        }
      },
      decode: (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as unknown,
    }
    const fileSystem = new CrashFileSystem()
    const snapshots = new SnapStore<number>(FOLDER, { fileSystem, clock, codec, sliceMs: 10 })
    setImmediate(function other() {
      turns.push('other')
      if (turns.length < 100) setImmediate(other)
    })
    const { longestSliceMs } = await snapshots.create(1, 1)
    expect(longestSliceMs).toBe(10)
    const longest = turns
      .join(' ')
      .split('other')
      .map((run) => run.split('piece').length - 1)
    expect(Math.max(...longest)).toBeLessThanOrEqual(10)
    expect((await snapshots.restore()).state).toBe(1)
  })

  it('creates its folder, and those above it', async () => {
    const fileSystem = new CrashFileSystem()
    const snapshots = new SnapStore<Counter>('/a/b/c', { fileSystem })
    await snapshots.create({ counter: 1 }, 1)
    const cut = fileSystem.powerCutAt(fileSystem.position, new SeededChoices(1))
    expect((await new SnapStore('/a/b/c', { fileSystem: cut }).restore()).seq).toBe(1)
  })
})

describe('pruning', () => {
  it('keeps the newest, two where nothing else is said', async () => {
    const { snapshots } = await withSnapshots([1, 2, 3, 4])
    expect((await snapshots.list()).map(({ seq }) => seq)).toEqual([4, 3])
    expect(snapshots.keep).toBe(2)
  })

  it('does not count a damaged one among those that are kept', async () => {
    const { fileSystem, snapshots } = await withSnapshots([1, 2])
    fileSystem.damage(pathOf(2), 8, Buffer.from('#'))
    const { pruned } = await snapshots.create({ counter: 30 }, 3)
    expect(pruned).toEqual([])
    expect((await snapshots.list()).map(({ seq }) => seq)).toEqual([3, 2, 1])
    expect((await snapshots.create({ counter: 40 }, 4)).pruned).toEqual([pathOf(1), pathOf(2)])
  })

  it('never removes the one that it has just created', async () => {
    const { snapshots } = await withSnapshots([7, 8])
    expect((await snapshots.create({ counter: 1 }, 1)).pruned).toEqual([])
    expect((await snapshots.list()).map(({ seq }) => seq)).toEqual([8, 7, 1])
  })

  it('sweeps what a crash has left of a snapshot, and nothing else', async () => {
    const { fileSystem, snapshots } = await withSnapshots([1])
    const leftover = `${pathOf(2)}.tmp-77-abc-0`
    fileSystem.put(leftover, Buffer.alloc(10_000))
    fileSystem.put(`${FOLDER}/notes.txt`, Buffer.from('mine'))
    await snapshots.create({ counter: 20 }, 2)
    expect(fileSystem.paths).toEqual([`${FOLDER}/notes.txt`, pathOf(1), pathOf(2)])
    expect((await snapshots.restore()).state).toEqual({ counter: 20 })
  })

  it('leaves a snapshot that is open elsewhere for the next time', async () => {
    const { fileSystem, snapshots } = await withSnapshots([1, 2])
    fileSystem.hook = (call, path) => {
      if (call === 'remove' && path === pathOf(1)) throw errno('EBUSY', path)
    }
    const created = await snapshots.create({ counter: 30 }, 3)
    expect(created).toMatchObject({ pruned: [], pruneFailure: undefined })
    fileSystem.hook = undefined
    expect(await snapshots.prune()).toEqual([pathOf(1)])
  })
})

describe('a reader beside the writer', () => {
  it('begins again when what it was about to read has been pruned', async () => {
    const { fileSystem, snapshots } = await withSnapshots([1])
    const next = (await withSnapshots([2])).fileSystem.get(pathOf(2))
    fileSystem.hook = (call, path) => {
      if (call !== 'open' || path !== pathOf(1)) return
      fileSystem.put(pathOf(2), next)
      fileSystem.discard(pathOf(1))
    }
    expect(await snapshots.restore()).toMatchObject({ seq: 2, skipped: [] })
  })

  it('gives up when the folder changes faster than it can be read', async () => {
    const { fileSystem, snapshots } = await withSnapshots([1])
    fileSystem.hook = (call, path) => {
      if (call === 'open') throw errno('ENOENT', path)
    }
    await expect(snapshots.restore()).rejects.toMatchObject({ code: 'IO' })
  })

  it('passes over a file that the disk cannot read, and stops at one that it may not', async () => {
    const { fileSystem, snapshots } = await withSnapshots([1, 2])
    let code = 'EIO'
    fileSystem.hook = (call, path) => {
      if (call === 'read' && path === pathOf(2)) throw errno(code, path)
    }
    expect(await snapshots.restore()).toMatchObject({ seq: 1, skipped: [{ seq: 2 }] })
    code = 'EACCES'
    await expect(snapshots.restore()).rejects.toMatchObject({ code: 'IO', path: pathOf(2) })
  })
})

describe('bad arguments', () => {
  it.each([
    [{ keep: 0 }, RangeError],
    [{ keep: 1.5 }, RangeError],
    [{ version: 0 }, RangeError],
    [{ sliceMs: 0 }, RangeError],
    [{ mode: 0o1000 }, RangeError],
    [{ pretty: 1 }, TypeError],
    [{ compression: 'lz4' }, TypeError],
    [{ migrate: { 1: 'no' }, version: 2 }, TypeError],
    [{ migrate: { 2: () => 0 }, version: 2 }, RangeError],
    [{ migrate: null }, TypeError],
    [null, TypeError],
  ])('refuses %j', (options, type) => {
    expect(() => new SnapStore(FOLDER, options as never)).toThrow(type)
  })

  it('refuses numbers that are none', async () => {
    const { snapshots } = await withSnapshots([])
    await expect(snapshots.create({ counter: 1 }, -1)).rejects.toThrow(RangeError)
    await expect(snapshots.create({ counter: 1 }, 2 ** 53)).rejects.toThrow(RangeError)
    await expect(snapshots.create({ counter: 1 }, '1' as never)).rejects.toThrow(TypeError)
    await expect(snapshots.create({ counter: 1 }, 1, { mode: 'later' as never })).rejects.toThrow(
      TypeError,
    )
    await expect(snapshots.restore({ atOrBefore: -1 })).rejects.toThrow(RangeError)
    await expect(snapshots.verify(-1)).rejects.toThrow(RangeError)
    expect(() => new SnapStore('')).toThrow(TypeError)
  })

  it('knows its own errors', () => {
    expect(MiniSnapError.is(new MiniSnapError('IO', 'x'))).toBe(true)
    expect(MiniSnapError.is(new Error('x'))).toBe(false)
  })
})
