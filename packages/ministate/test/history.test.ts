import { type HistoryEntry, StateManager, defineState } from '@mini-rs/ministate'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { ENGINES, FOLDER, expectSame, openState, stateOf } from './support/states.js'

const log = defineState({
  initial: { items: [] as string[], deep: { n: 0 } },
  mutations: (m) => ({
    add: m((state, text: string) => {
      state.items.push(text)
      state.deep.n++
    }),
    clear: m((state) => void (state.items = [])),
  }),
})

type Entry = HistoryEntry<(typeof log)['mutations']>

async function textsOf(history: AsyncIterable<Entry>): Promise<string[]> {
  const texts: string[] = []
  for await (const { seq, mutation } of history) texts.push(`${seq} ${JSON.stringify(mutation)}`)
  return texts
}

/** A state after five commits: 1, 2, 3 to 5, 6, 7. */
async function filled(engine: 'immutable' | 'inPlace', fileSystem = new CrashFileSystem()) {
  const manager = await openState(fileSystem, log, { engine })
  await manager.apply({ add: 'a' })
  await manager.apply({ add: 'b' })
  await manager.applyAll([{ add: 'c' }, 'clear', { add: 'd' }])
  await manager.apply({ add: 'e' })
  await manager.apply({ add: 'f' })
  return { fileSystem, manager }
}

/** Those of the fork, the oldest first. */
function snapshotsIn(fileSystem: CrashFileSystem): string[] {
  return fileSystem.paths.filter((path) => path.startsWith('/fork/snapshot_')).toSorted()
}

function damage(fileSystem: CrashFileSystem, path: string): void {
  fileSystem.put(path, fileSystem.get(path).subarray(0, -40))
}

describe.each(ENGINES)('history with engine %s', (engine) => {
  it('yields what was applied, oldest first, both ends inclusive', async () => {
    const { manager } = await filled(engine)
    const all = ['a', 'b', 'c', undefined, 'd', 'e', 'f'].map((text, index) =>
      text === undefined ? `${index + 1} "clear"` : `${index + 1} {"add":"${text}"}`,
    )
    expect(await textsOf(manager.history())).toEqual(all)
    expect(await textsOf(manager.history({ from: 3 }))).toEqual(all.slice(2))
    expect(await textsOf(manager.history({ to: 2 }))).toEqual(all.slice(0, 2))
    expect(await textsOf(manager.history({ from: 4, to: 5 }))).toEqual(all.slice(3, 5))
    expect(await textsOf(manager.history({ from: 8 }))).toEqual([])
    await manager.close()
  })

  it('names each mutation, and gives its payload beside it', async () => {
    const { manager } = await filled(engine)
    const entries: Entry[] = []
    for await (const entry of manager.history({ from: 3, to: 4 })) entries.push(entry)
    expect(entries).toStrictEqual([
      { seq: 3, name: 'add', payload: 'c', mutation: { add: 'c' } },
      { seq: 4, name: 'clear', payload: undefined, mutation: 'clear' },
    ])
    await manager.close()
  })

  it('ends where the log stood when it began', async () => {
    const { manager } = await filled(engine)
    let count = 0
    for await (const { seq } of manager.history()) {
      count++
      if (seq === 1) await manager.apply('clear')
    }
    expect(count).toBe(7)
    await manager.close()
  })

  it('is SEQ_DROPPED before what the log holds, and ends by its signal', async () => {
    const manager = await openState(new CrashFileSystem(), log, {
      engine,
      maxSegmentBytes: 60,
      snapshots: { keep: 1 },
    })
    for (let n = 0; n < 10; n++) await manager.apply({ add: `${n}` })
    await manager.createSnapshot()
    await manager.compact()
    await expect(textsOf(manager.history({ from: 1 }))).rejects.toMatchObject({
      code: 'SEQ_DROPPED',
    })
    const stop = new AbortController()
    stop.abort(new Error('enough'))
    await expect(textsOf(manager.history({ signal: stop.signal }))).rejects.toThrow('enough')
    await manager.close()
  })
})

describe.each(ENGINES)('at with engine %s', (engine) => {
  it('is the state as it was, each time another object, and does not change the one of today', async () => {
    const { manager } = await filled(engine)
    const now = await stateOf(manager)
    const expected: Readonly<Record<number, string[]>> = {
      0: [],
      1: ['a'],
      2: ['a', 'b'],
      5: ['d'],
      6: ['d', 'e'],
      7: ['d', 'e', 'f'],
    }
    for (const [seq, items] of Object.entries(expected)) {
      const then = await manager.at(Number(seq))
      expect(then.items).toEqual(items)
      expect(await manager.at(Number(seq))).not.toBe(then)
      expect(() => (then.items as string[]).push('mine')).toThrow(TypeError)
    }
    expectSame(await stateOf(manager), now)
    await manager.close()
  })

  it('uses snapshots, and gives the same with and without them', async () => {
    const { manager } = await filled(engine)
    const without = [await manager.at(2), await manager.at(6)]
    await manager.createSnapshot()
    await manager.apply({ add: 'g' })
    expectSame([await manager.at(2), await manager.at(6)], without)
    expect((await manager.at(7)).items).toEqual(['d', 'e', 'f'])
    expect((await manager.at(8)).items).toEqual(['d', 'e', 'f', 'g'])
    await manager.close()
  })

  it.each([3, 4])(
    'is a RangeError inside of a commit, at %i, which names its ends',
    async (seq) => {
      const { manager } = await filled(engine)
      await expect(manager.at(seq)).rejects.toThrow(RangeError)
      await expect(manager.at(seq)).rejects.toThrow(/inside of a commit, from 3 to 5/)
      await manager.close()
    },
  )

  it('names the ends of a commit also where the log does not begin at 1', async () => {
    const { fileSystem, manager } = await filled(engine)
    await manager.close()
    const again = await openState(fileSystem, log, {
      engine,
      maxSegmentBytes: 60,
      snapshots: { keep: 1 },
    })
    await again.createSnapshot()
    for (let n = 0; n < 5; n++) await again.apply('clear')
    await again.applyAll(['clear', 'clear', 'clear'])
    await again.compact()
    await expect(again.at(13)).rejects.toThrow(/inside of a commit, from 13 to 15/)
    expect((await again.at(12)).items).toEqual([])
    await again.close()
  })

  it('refuses what is not there yet, and what is no number', async () => {
    const { manager } = await filled(engine)
    await expect(manager.at(8)).rejects.toThrow(/record 8 is not there yet: the last is 7/)
    await expect(manager.at(8)).rejects.toThrow(RangeError)
    await expect(manager.at(-1)).rejects.toThrow(RangeError)
    await expect(manager.at('1' as never)).rejects.toThrow(TypeError)
    await manager.close()
  })

  it('is SEQ_DROPPED before the oldest record, unless a snapshot is as old', async () => {
    const manager = await openState(new CrashFileSystem(), log, {
      engine,
      maxSegmentBytes: 60,
      snapshots: { keep: 2 },
    })
    for (let n = 1; n <= 20; n++) {
      await manager.apply({ add: `${n}` })
      if (n === 8 || n === 16) await manager.createSnapshot()
    }
    await manager.compact()
    await expect(manager.at(3)).rejects.toMatchObject({
      code: 'SEQ_DROPPED',
      seq: 3,
      cause: { code: 'HISTORY_GAP' },
    })
    for (const seq of [8, 12, 16, 20]) expect((await manager.at(seq)).items).toHaveLength(seq)
    await manager.close()
  })
})

describe.each(ENGINES)('fork with engine %s', (engine) => {
  it('begins a new state with this one, as it was or as it is, numbers from 1', async () => {
    const { fileSystem, manager } = await filled(engine)
    await manager.fork('/then', { at: 2 })
    await manager.fork('/now')
    await manager.apply('clear')
    for (const [folder, items] of [
      ['/then', ['a', 'b']],
      ['/now', ['d', 'e', 'f']],
    ] as const) {
      const fork = await StateManager.open(folder, log, { fileSystem })
      expect(fork.state.items).toEqual(items)
      expect(fork.sequence()).toBe(0)
      expect(await fork.apply({ add: 'new' })).toBe(1)
      await fork.close()
      const again = await StateManager.open(folder, log, { fileSystem })
      expect(again.state.items).toEqual([...items, 'new'])
      await again.close()
    }
    expect((await stateOf(manager)).items).toEqual([])
    await manager.close()
  })

  it('is sound, before its first mutation and after it', async () => {
    const { fileSystem, manager } = await filled(engine)
    await manager.fork('/fork', { at: 2 })
    await manager.close()
    const before = await StateManager.verify('/fork', log, { fileSystem })
    expect(before).toMatchObject({ isSound: true, records: 0, snapshot: { status: 'equal' } })
    const fork = await StateManager.open('/fork', log, { fileSystem })
    await fork.apply({ add: 'new' })
    await fork.createSnapshot()
    await fork.close()
    const after = await StateManager.verify('/fork', log, { fileSystem })
    expect(after).toMatchObject({ isSound: true, records: 1, snapshot: { seq: 1 } })
  })

  it('keeps what it began with, so that it is sound, and made again when later snapshots are damaged', async () => {
    const { fileSystem, manager } = await filled(engine)
    await manager.fork('/fork', { at: 2 })
    await manager.close()
    const fork = await StateManager.open('/fork', log, { fileSystem })
    for (const text of ['x', 'y', 'z']) {
      await fork.apply({ add: text })
      await fork.createSnapshot()
    }
    await fork.close()
    expect(await StateManager.verify('/fork', log, { fileSystem })).toMatchObject({
      isSound: true,
      records: 3,
      snapshot: { status: 'equal', seq: 3 },
    })
    const [beginning = '', ...later] = snapshotsIn(fileSystem)
    for (const path of later) damage(fileSystem, path)
    const again = await StateManager.open('/fork', log, { fileSystem })
    expect(again.state.items).toEqual(['a', 'b', 'x', 'y', 'z'])
    await again.close()
    damage(fileSystem, beginning)
    await expect(StateManager.open('/fork', log, { fileSystem })).rejects.toMatchObject({
      code: 'HISTORY_GAP',
      path: beginning,
      cause: { code: 'SNAPSHOT_CORRUPT' },
    })
  })

  it('refuses a folder that holds a state, and numbers that are none', async () => {
    const { fileSystem, manager } = await filled(engine)
    await manager.fork('/fork')
    const paths = fileSystem.paths
    for (const folder of ['/fork', FOLDER]) {
      await expect(manager.fork(folder)).rejects.toMatchObject({
        code: 'FORK_TARGET_EXISTS',
        path: folder,
      })
    }
    await expect(manager.fork('/other', { at: 99 })).rejects.toThrow(RangeError)
    await expect(manager.fork('/other', { at: 4 })).rejects.toThrow(/inside of a commit/)
    expect(fileSystem.paths).toEqual(paths)
    await manager.close()
  })

  it('can be made by a reader', async () => {
    const { fileSystem, manager } = await filled(engine)
    const reader = await openState(fileSystem, log, { engine, readOnly: true })
    await reader.fork('/fork', { at: 5 })
    const fork = await StateManager.open('/fork', log, { fileSystem })
    expect(fork.state.items).toEqual(['d'])
    for (const one of [fork, reader, manager]) await one.close()
  })
})
