import { StateManager, defineState } from '@mini-rs/ministate'
import { MiniStore } from '@mini-rs/ministore'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { FOLDER, JOURNAL } from './support/states.js'

/** Takes every text but those that it refuses. */
function refusing(...refused: readonly string[]) {
  return defineState({
    initial: { items: [] as string[] },
    mutations: (m) => ({
      add: m((state, text: string) => {
        state.items.push(text)
        if (refused.includes(text)) throw new Error(`${text} is refused`)
      }),
    }),
  })
}

const any = refusing()

async function filled(texts: readonly string[]): Promise<CrashFileSystem> {
  const fileSystem = new CrashFileSystem()
  const manager = await StateManager.open(FOLDER, any, { fileSystem })
  for (const add of texts) await manager.apply({ add })
  await manager.close()
  return fileSystem
}

/** Opens, skipping what the definition refuses, and closes. */
async function skipping(fileSystem: CrashFileSystem, ...refused: readonly string[]): Promise<void> {
  const options = { fileSystem, onReplayError: 'skip' } as const
  const manager = await StateManager.open(FOLDER, refusing(...refused), options)
  await manager.close()
}

/** The items, as an opening with this definition has them. */
async function itemsOf(
  fileSystem: CrashFileSystem,
  definition: typeof any = any,
): Promise<readonly string[]> {
  const manager = await StateManager.open(FOLDER, definition, { fileSystem })
  await manager.close()
  return manager.state.items
}

describe('records that are left out', () => {
  it('several at once, each by a record of its own, the first ones and the last', async () => {
    const fileSystem = await filled(['a', 'b', 'c', 'd'])
    await skipping(fileSystem, 'a', 'd')
    expect((await MiniStore.replay(JOURNAL, { fileSystem })).slice(4)).toMatchObject([
      { '@skip': { seq: 1 } },
      { '@skip': { seq: 4 } },
    ])
    expect(await itemsOf(fileSystem)).toEqual(['b', 'c'])
  })

  it('one opening after another, by ever stricter programs', async () => {
    const fileSystem = await filled(['a', 'b', 'c'])
    await skipping(fileSystem, 'b')
    await skipping(fileSystem, 'b', 'c')
    await skipping(fileSystem, 'a', 'b', 'c')
    expect(await MiniStore.replay(JOURNAL, { fileSystem })).toHaveLength(6)
    expect(await itemsOf(fileSystem)).toEqual([])
    expect(await itemsOf(fileSystem, refusing('a', 'b', 'c'))).toEqual([])
  })

  it('though they were applied before their skip is met: the replay begins again', async () => {
    const fileSystem = await filled(['a', 'b', 'c'])
    await skipping(fileSystem, 'b')
    // This program would take b, and fails at none.
    const manager = await StateManager.open(FOLDER, any, { fileSystem })
    expect(manager.state.items).toEqual(['a', 'c'])
    expect(manager.recovery.skippedRecords).toMatchObject([
      { seq: 2, reason: expect.stringContaining('b is refused') as string },
    ])
    await manager.close()
  })

  it('stay left out by snapshots that were made behind them, also when the log is gone', async () => {
    const fileSystem = await filled(['a', 'b', 'c'])
    await skipping(fileSystem, 'b')
    const options = { fileSystem, maxSegmentBytes: 100, snapshots: { keep: 1 } }
    const manager = await StateManager.open(FOLDER, any, options)
    for (let n = 0; n < 10; n++) await manager.apply({ add: `${n}` })
    await manager.createSnapshot()
    expect((await manager.compact()).droppedRecords).toBeGreaterThan(4)
    await manager.apply({ add: 'last' })
    await manager.close()
    const again = await StateManager.open(FOLDER, any, options)
    expect(again.state.items.slice(0, 3)).toEqual(['a', 'c', '0'])
    expect(again.recovery.skippedRecords).toMatchObject([{ seq: 2 }])
    await again.createSnapshot()
    await again.close()
    const last = await StateManager.open(FOLDER, any, options)
    expect(last.recovery.skippedRecords).toMatchObject([{ seq: 2 }])
    expect(last.state).toEqual(again.state)
    await last.close()
  })

  it('inside of a commit: the rest of it stays', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await StateManager.open(FOLDER, any, { fileSystem })
    await manager.applyAll([{ add: 'a' }, { add: 'b' }, { add: 'c' }])
    await manager.close()
    await skipping(fileSystem, 'b')
    const again = await StateManager.open(FOLDER, any, { fileSystem })
    expect(again.state.items).toEqual(['a', 'c'])
    expect((await again.at(3)).items).toEqual(['a', 'c'])
    await expect(again.at(2)).rejects.toThrow(/inside of a commit, from 1 to 3/)
    await again.close()
  })

  it('of a payload that nobody knows any more', async () => {
    const fileSystem = await filled(['a'])
    const store = await MiniStore.open(JOURNAL, { fileSystem })
    for (const record of [{ gone: 1 }, { 'add@7': {} }, { add: 'b' }]) await store.append(record)
    await store.close()
    await skipping(fileSystem)
    expect(await itemsOf(fileSystem)).toEqual(['a', 'b'])
  })

  it('are not asked for by at: what fails there fails', async () => {
    const fileSystem = await filled(['a', 'b', 'c'])
    const first = await StateManager.open(FOLDER, any, { fileSystem })
    await first.createSnapshot()
    await first.close()
    const options = { fileSystem, onReplayError: 'skip' } as const
    const manager = await StateManager.open(FOLDER, refusing('b'), options)
    expect(manager.state.items).toEqual(['a', 'b', 'c'])
    await expect(manager.at(2)).rejects.toMatchObject({ code: 'REPLAY_FAILED', seq: 2 })
    expect((await manager.at(1)).items).toEqual(['a'])
    await manager.close()
  })
})

describe('a reader that cannot apply a record', () => {
  it('goes on where the log says, later, to leave it out', async () => {
    const fileSystem = await filled(['a'])
    const options = { fileSystem, readOnly: true } as const
    const reader = await StateManager.open(FOLDER, refusing('b'), options)
    const writer = await StateManager.open(FOLDER, any, { fileSystem })
    await writer.apply({ add: 'b' })
    await writer.apply({ add: 'c' })
    await expect(reader.refresh()).rejects.toMatchObject({ code: 'REPLAY_FAILED', seq: 2 })
    expect(reader.state.items).toEqual(['a'])
    await writer.close()
    await skipping(fileSystem, 'b')
    await reader.refresh()
    expect(reader.state.items).toEqual(['a', 'c'])
    await reader.close()
  })

  it('and follows has failed: reading goes on, onError is told, and opening it again is right', async () => {
    const fileSystem = await filled(['a'])
    const errors: unknown[] = []
    const follower = await StateManager.open(FOLDER, refusing('b'), {
      fileSystem,
      readOnly: { follow: true },
      onError: (error) => errors.push(error),
    })
    const writer = await StateManager.open(FOLDER, any, { fileSystem })
    const changes = (async () => {
      for await (const change of follower.changes()) expect(change.seq).toBe(0)
    })()
    await writer.apply({ add: 'b' })
    await expect(changes).rejects.toMatchObject({ code: 'REPLAY_FAILED', seq: 2 })
    expect(follower.status).toBe('failed')
    expect(follower.failure).toMatchObject({ code: 'REPLAY_FAILED' })
    expect(errors).toEqual([follower.failure])
    expect(follower.state.items).toEqual(['a'])
    await expect(follower.refresh()).rejects.toMatchObject({ code: 'REPLAY_FAILED' })
    await follower.close()
    await writer.close()
  })
})
