import {
  type Change,
  StateManager,
  type StateManagerOptions,
  defineState,
} from '@mini-rs/ministate'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { ENGINES, FOLDER, openState } from './support/states.js'

const log = defineState({
  initial: { items: [] as string[] },
  mutations: (m) => ({
    add: m((state, item: { text: string }) => void state.items.push(item.text)),
    clear: m((state) => void (state.items = [])),
  }),
})

type Any = Change<(typeof log)['mutations']>

/** Takes so many changes, as short texts. */
async function take(changes: AsyncIterable<Any>, count: number): Promise<string[]> {
  const taken: string[] = []
  for await (const change of changes) {
    taken.push(
      change.kind === 'reset'
        ? `reset ${change.seq}`
        : `${change.seq} ${JSON.stringify(change.mutation)}`,
    )
    if (taken.length === count) break
  }
  return taken
}

describe.each(ENGINES)('changes with engine %s', (engine) => {
  const open = (fileSystem: CrashFileSystem, options: StateManagerOptions = {}) =>
    openState(fileSystem, log, { engine, ...options })

  it('yields mutations from a number on, then as they become durable', async () => {
    const manager = await open(new CrashFileSystem())
    await manager.apply({ add: { text: 'a' } })
    await manager.apply('clear')
    const taking = take(manager.changes({ from: 1 }), 4)
    await manager.applyAll([{ add: { text: 'b' } }, { add: { text: 'c' } }])
    expect(await taking).toEqual([
      '1 {"add":{"text":"a"}}',
      '2 "clear"',
      '3 {"add":{"text":"b"}}',
      '4 {"add":{"text":"c"}}',
    ])
    await manager.close()
  })

  it('begins with what comes, where no number is given', async () => {
    const manager = await open(new CrashFileSystem())
    await manager.apply('clear')
    const taking = take(manager.changes(), 1)
    await manager.apply({ add: { text: 'b' } })
    expect(await taking).toEqual(['2 {"add":{"text":"b"}}'])
    await manager.close()
  })

  it('yields nothing that the state does not reflect yet', async () => {
    const manager = await open(new CrashFileSystem())
    const behind: number[] = []
    const taking = (async () => {
      for await (const { seq } of manager.changes({ from: 1 })) {
        if (manager.sequence() < seq) behind.push(seq)
        if (seq === 60) return
      }
    })()
    for (let n = 0; n < 20; n++) {
      await Promise.all([1, 2, 3].map(() => manager.apply({ add: { text: `${n}` } })))
    }
    await taking
    expect(behind).toEqual([])
    await manager.close()
  })

  it('gives payloads that are nobody else’s', async () => {
    const manager = await open(new CrashFileSystem())
    await manager.apply({ add: { text: 'a' } })
    for (let round = 0; round < 2; round++) {
      for await (const change of manager.changes({ from: 1 })) {
        expect(change).toEqual({
          kind: 'mutation',
          seq: 1,
          name: 'add',
          payload: { text: 'a' },
          mutation: { add: { text: 'a' } },
        })
        if (change.kind === 'mutation') Object.assign(change.mutation, { add: { text: 'mine' } })
        break
      }
    }
    expect(await manager.read(({ items }) => items)).toEqual(['a'])
    await manager.close()
  })

  it('ends by its signal, and by close', async () => {
    const manager = await open(new CrashFileSystem())
    const stop = new AbortController()
    const stopped = take(manager.changes({ signal: stop.signal }), 99)
    const closed = take(manager.changes(), 99)
    await manager.apply({ add: { text: 'a' } })
    stop.abort() // perhaps while it reads, and then nothing of that comes
    expect((await stopped).length).toBeLessThanOrEqual(1)
    await manager.apply('clear')
    await manager.close()
    expect(await closed).toEqual(['1 {"add":{"text":"a"}}', '2 "clear"'])
    const before = new AbortController()
    before.abort()
    expect(await take(manager.changes({ signal: before.signal }), 1)).toEqual([])
  })

  it('is SEQ_DROPPED for what was compacted away, and refuses numbers that are none', async () => {
    const manager = await open(new CrashFileSystem(), {
      maxSegmentBytes: 100,
      snapshots: { keep: 1 },
    })
    for (let n = 0; n < 20; n++) await manager.apply({ add: { text: `${n}` } })
    await manager.createSnapshot()
    await manager.compact()
    await expect(take(manager.changes({ from: 1 }), 1)).rejects.toMatchObject({
      code: 'SEQ_DROPPED',
    })
    expect(() => manager.changes({ from: 0 })).toThrow(RangeError)
    expect(() => manager.changes({ from: 'x' as never })).toThrow(TypeError)
    await manager.close()
  })

  it('is SEQ_DROPPED where the compaction is faster than whoever takes them, unless keepFrom says so', async () => {
    for (const keepFrom of [undefined, () => 2]) {
      const manager = await open(new CrashFileSystem(), {
        maxSegmentBytes: 100,
        snapshots: { keep: 1, ...(keepFrom && { keepFrom }) },
      })
      const changes = manager.changes()[Symbol.asyncIterator]()
      const first = changes.next()
      await manager.apply('clear')
      expect((await first).value).toMatchObject({ seq: 1 })
      for (let n = 0; n < 20; n++) await manager.apply({ add: { text: `${n}` } })
      await manager.createSnapshot()
      await manager.compact()
      const second = await changes.next().catch((error: unknown) => error)
      if (keepFrom === undefined) expect(second).toMatchObject({ code: 'SEQ_DROPPED' })
      else expect(second).toMatchObject({ value: { seq: 2 } })
      await manager.close()
    }
  })

  it('on a follower: mutations as the follower reflects them, and close ends it', async () => {
    const fileSystem = new CrashFileSystem()
    const writer = await open(fileSystem)
    const follower = await open(fileSystem, { readOnly: { follow: true } })
    const taking = take(follower.changes({ from: 1 }), 3)
    const all = take(follower.changes({ from: 1 }), 99)
    await writer.apply({ add: { text: 'a' } })
    await writer.applyAll(['clear', { add: { text: 'b' } }])
    expect(await taking).toEqual(['1 {"add":{"text":"a"}}', '2 "clear"', '3 {"add":{"text":"b"}}'])
    expect(follower.sequence()).toBe(3)
    await follower.close()
    expect(await all).toHaveLength(3)
    await writer.close()
  })

  it('leaves out what a replay has left out', async () => {
    const fileSystem = new CrashFileSystem()
    const first = await open(fileSystem)
    for (const text of ['a', 'b', 'c']) await first.apply({ add: { text } })
    await first.close()
    const strict = defineState({
      initial: { items: [] as string[] },
      mutations: (m) => ({
        add: m((state, item: { text: string }) => {
          if (item.text === 'b') throw new Error('b is refused')
          state.items.push(item.text)
        }),
        clear: m((state) => void (state.items = [])),
      }),
    })
    const manager = await openState(fileSystem, strict, { engine, onReplayError: 'skip' })
    const taking = take(manager.changes({ from: 1 }), 3)
    await manager.apply({ add: { text: 'd' } })
    expect(await taking).toEqual([
      '1 {"add":{"text":"a"}}',
      '3 {"add":{"text":"c"}}',
      '5 {"add":{"text":"d"}}',
    ])
    await manager.close()
  })
})

describe('changes of a follower that loses its place while it waits', () => {
  it('yield a reset, and go on behind it', async () => {
    const fileSystem = new CrashFileSystem()
    const options = { fileSystem, maxSegmentBytes: 100, snapshots: { keep: 1 } }
    const writer = await StateManager.open(FOLDER, log, options)
    for (let n = 1; n <= 20; n++) await writer.apply({ add: { text: `${n}` } })
    const reader = await StateManager.open(FOLDER, log, { fileSystem, readOnly: { follow: true } })
    await writer.createSnapshot()
    await writer.compact()
    await reader.refresh()
    const taking = take(reader.changes({ from: 3 }), 2)
    await writer.apply({ add: { text: 'after' } })
    const [reset, after] = await taking
    expect(reset).toMatch(/^reset 2[01]$/)
    if (reset === 'reset 20') expect(after).toBe('21 {"add":{"text":"after"}}')
    await writer.apply('clear')
    await reader.refresh()
    expect(reader.state).toEqual(writer.state)
    await reader.close()
    await writer.close()
  })
})
