import { MiniStore } from '@mini-rs/ministore'
import { StateManager, type StateManagerOptions, defineState } from '@mini-rs/ministate'
import { CrashFileSystem, errno } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { ENGINES, FOLDER, JOURNAL, openState, snapshotPath, stateOf } from './support/states.js'

/** Recipes that refuse what is in `broken`: what a new version of a program may do. */
function listing(broken: ReadonlySet<string> = new Set()) {
  return defineState({
    initial: { items: [] as string[] },
    mutations: (m) => ({
      add: m((state, text: string) => {
        state.items.push(text)
        if (broken.has(text)) throw new Error(`${text} is refused`)
      }),
    }),
  })
}

const lenient = listing()
const strict = listing(new Set(['b']))

async function filled(texts: readonly string[]): Promise<CrashFileSystem> {
  const fileSystem = new CrashFileSystem()
  const manager = await StateManager.open(FOLDER, lenient, { fileSystem })
  for (const add of texts) await manager.apply({ add })
  await manager.close()
  return fileSystem
}

describe.each(ENGINES)('a record that cannot be applied, %s', (engine) => {
  const open = (
    fileSystem: CrashFileSystem,
    definition: typeof strict,
    options: StateManagerOptions = {},
  ) => openState(fileSystem, definition, { engine, ...options })

  it('is REPLAY_FAILED with number, file and line, and nothing is changed', async () => {
    const fileSystem = await filled(['a', 'b', 'c'])
    const bytes = fileSystem.get(JOURNAL)
    await expect(open(fileSystem, strict)).rejects.toMatchObject({
      code: 'REPLAY_FAILED',
      seq: 2,
      mutation: 'add',
      path: JOURNAL,
      line: 3,
      cause: { message: 'b is refused' },
    })
    expect(fileSystem.get(JOURNAL)).toEqual(bytes)
    const manager = await open(fileSystem, lenient) // the lock was let go
    expect((await stateOf(manager)).items).toEqual(['a', 'b', 'c'])
    await manager.close()
  })

  it('with skip is left out by a durable record, and by every later opening', async () => {
    const fileSystem = await filled(['a', 'b', 'c'])
    const manager = await open(fileSystem, strict, { onReplayError: 'skip' })
    expect((await stateOf(manager)).items).toEqual(['a', 'c'])
    expect(manager.recovery.skippedRecords).toMatchObject([{ seq: 2 }])
    expect(manager.sequence()).toBe(4)
    expect(await manager.apply({ add: 'd' })).toBe(5)
    await manager.close()
    expect(fileSystem.get(JOURNAL).toString()).toContain('{"@skip":{"seq":2,"reason":')
    // Also by one whose recipe would take it, and from every snapshot.
    for (const definition of [strict, lenient, lenient]) {
      const again = await open(fileSystem, definition)
      expect((await stateOf(again)).items).toEqual(['a', 'c', 'd'])
      expect(again.recovery.skippedRecords.map(({ seq }) => seq)).toEqual([2])
      const mutations: unknown[] = []
      for await (const { mutation } of again.history()) mutations.push(mutation)
      expect(mutations).toEqual([{ add: 'a' }, { add: 'c' }, { add: 'd' }])
      await again.createSnapshot()
      await again.close()
    }
  })

  it('is honoured by at and fork, though the skip stands later', async () => {
    const fileSystem = await filled(['a', 'b', 'c'])
    const manager = await open(fileSystem, strict, { onReplayError: 'skip' })
    expect(await manager.at(3)).toEqual({ items: ['a', 'c'] })
    expect(await manager.at(2)).toEqual({ items: ['a'] })
    await manager.fork('/fork', { at: 2 })
    await manager.close()
    const fork = await StateManager.open('/fork', lenient, { fileSystem })
    expect(fork.state).toEqual({ items: ['a'] })
    await fork.close()
  })

  it('is taken out of a state whose snapshot had applied it', async () => {
    const fileSystem = await filled(['a', 'b', 'c'])
    const before = await open(fileSystem, lenient)
    await before.createSnapshot() // holds b
    await before.close()
    const damaged = snapshotPath(3)
    fileSystem.alter(damaged, (bytes) => bytes.fill(0x20, 10, 40))
    const strictly = await open(fileSystem, strict, { onReplayError: 'skip' })
    expect((await stateOf(strictly)).items).toEqual(['a', 'c'])
    await strictly.close()
    // The snapshot comes back, from a backup say: it still holds b, and may not be used.
    const whole = await filled(['a', 'b', 'c'])
    const copy = await StateManager.open(FOLDER, lenient, { fileSystem: whole })
    await copy.createSnapshot()
    await copy.close()
    fileSystem.put(damaged, whole.get(damaged))
    const again = await open(fileSystem, lenient)
    expect((await stateOf(again)).items).toEqual(['a', 'c'])
    expect(again.recovery.snapshot).toBeUndefined()
    await again.createSnapshot()
    await again.close()
    const last = await open(fileSystem, lenient)
    expect(last.recovery).toMatchObject({ snapshot: { seq: 4 }, replayedRecords: 0 })
    expect((await stateOf(last)).items).toEqual(['a', 'c'])
    await last.close()
  })

  it('is taken back by a follower that had applied it', async () => {
    const fileSystem = await filled(['a', 'b'])
    const follower = await open(fileSystem, lenient, { readOnly: { follow: true } })
    await follower.refresh()
    expect((await stateOf(follower)).items).toEqual(['a', 'b'])
    const writer = await open(fileSystem, strict, { onReplayError: 'skip' })
    await writer.apply({ add: 'c' })
    await follower.refresh()
    expect((await stateOf(follower)).items).toEqual(['a', 'c'])
    await follower.close()
    await writer.close()
  })

  it('is not skipped when the skip cannot be made durable', async () => {
    const fileSystem = await filled(['a', 'b', 'c'])
    fileSystem.hook = (call, path) => {
      if (call === 'write' && path.endsWith('.jsonl')) throw errno('ENOSPC', path)
    }
    const opened = open(fileSystem, strict, { onReplayError: 'skip' })
    await expect(opened).rejects.toMatchObject({ cause: { code: 'ENOSPC' } })
    fileSystem.hook = undefined
    await expect(open(fileSystem, strict)).rejects.toMatchObject({ code: 'REPLAY_FAILED' })
  })

  it('is not skipped by a reader, which writes nothing', async () => {
    const fileSystem = await filled(['a', 'b'])
    const reader = open(fileSystem, strict, { readOnly: true, onReplayError: 'skip' })
    await expect(reader).rejects.toMatchObject({ code: 'REPLAY_FAILED', seq: 2 })
  })
})

describe('a log that holds what the definition does not know', () => {
  async function withRecord(record: unknown): Promise<CrashFileSystem> {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open(JOURNAL, { fileSystem })
    await store.append({ add: 'a' })
    await store.append(record)
    await store.close()
    return fileSystem
  }

  it.each([
    ['an unknown mutation', { remove: 'a' }, 'MUTATION_INVALID'],
    ['a newer payload', { 'add@2': { text: 'a' } }, 'MUTATION_TOO_NEW'],
    ['two keys', { add: 'a', other: 1 }, 'MUTATION_INVALID'],
    ['no mutation at all', 17, 'MUTATION_INVALID'],
    ['a reserved tag', { '@later': {} }, 'MUTATION_INVALID'],
    ['a skip of nothing', { '@skip': {} }, 'MUTATION_INVALID'],
    ['a name of every object', 'constructor', 'MUTATION_INVALID'],
  ])('%s: REPLAY_FAILED, never skipped by default', async (_, record, code) => {
    const fileSystem = await withRecord(record)
    await expect(StateManager.open(FOLDER, lenient, { fileSystem })).rejects.toMatchObject({
      code: 'REPLAY_FAILED',
      seq: 2,
      line: 3,
      cause: { code },
    })
  })
})

describe('snapshots and a log that do not fit', () => {
  const options = { maxSegmentBytes: 100 }

  async function compacted(): Promise<CrashFileSystem> {
    const fileSystem = new CrashFileSystem()
    const manager = await StateManager.open(FOLDER, lenient, { fileSystem, ...options })
    for (let n = 1; n <= 20; n++) {
      await manager.apply({ add: `${n}` })
      if (n % 5 === 0) await manager.createSnapshot()
    }
    await manager.compact()
    await manager.apply({ add: '21' })
    await manager.close()
    return fileSystem
  }

  const damage = (fileSystem: CrashFileSystem, seq: number): void =>
    fileSystem.alter(snapshotPath(seq), (bytes) => bytes.fill(0x20, 10, 30))

  it('a damaged newest snapshot: an older one and a longer tail, reported', async () => {
    const fileSystem = await compacted()
    damage(fileSystem, 20)
    const manager = await StateManager.open(FOLDER, lenient, { fileSystem })
    expect(manager.state.items).toHaveLength(21)
    expect(manager.recovery).toMatchObject({
      snapshot: { seq: 15 },
      replayedRecords: 6,
      skippedSnapshots: [{ seq: 20 }],
    })
    await manager.close()
  })

  it('all damaged, and the log compacted: HISTORY_GAP, never the initial state', async () => {
    const fileSystem = await compacted()
    damage(fileSystem, 20)
    damage(fileSystem, 15)
    const before = fileSystem.get(JOURNAL)
    await expect(StateManager.open(FOLDER, lenient, { fileSystem })).rejects.toMatchObject({
      code: 'HISTORY_GAP',
      firstSeq: 1,
    })
    expect(fileSystem.get(JOURNAL)).toEqual(before)
    const reader = StateManager.open(FOLDER, lenient, { fileSystem, readOnly: true })
    await expect(reader).rejects.toMatchObject({ code: 'HISTORY_GAP' })
  })

  it('all gone, and the log compacted: HISTORY_GAP', async () => {
    const fileSystem = await compacted()
    fileSystem.discard(snapshotPath(20))
    fileSystem.discard(snapshotPath(15))
    const opened = StateManager.open(FOLDER, lenient, { fileSystem })
    await expect(opened).rejects.toMatchObject({ code: 'HISTORY_GAP', firstSeq: 1 })
  })

  it('all damaged, and the log whole: all of it is replayed', async () => {
    const fileSystem = await filled(['a', 'b'])
    const first = await StateManager.open(FOLDER, lenient, { fileSystem })
    await first.createSnapshot()
    await first.close()
    damage(fileSystem, 2)
    const manager = await StateManager.open(FOLDER, lenient, { fileSystem })
    expect(manager.state.items).toEqual(['a', 'b'])
    expect(manager.recovery).toMatchObject({ snapshot: undefined, replayedRecords: 2 })
    expect(manager.recovery.skippedSnapshots).toMatchObject([{ seq: 2 }])
    await manager.close()
  })

  it('a snapshot ahead of the log: SNAPSHOT_AHEAD; not where all of it was dropped', async () => {
    const fileSystem = await filled(['a', 'b', 'c'])
    const first = await StateManager.open(FOLDER, lenient, { fileSystem })
    await first.createSnapshot()
    await first.close()
    for (const path of fileSystem.paths) if (path.includes('journal')) fileSystem.discard(path)
    await expect(StateManager.open(FOLDER, lenient, { fileSystem })).rejects.toMatchObject({
      code: 'SNAPSHOT_AHEAD',
      seq: 3,
      lastSeq: 0,
    })

    const dropped = await filled(['a', 'b', 'c'])
    const second = await StateManager.open(FOLDER, lenient, {
      fileSystem: dropped,
      snapshots: { keep: 1 },
    })
    await second.createSnapshot()
    await second.compact()
    await second.close()
    const again = await StateManager.open(FOLDER, lenient, { fileSystem: dropped })
    expect(again.recovery).toMatchObject({ snapshot: { seq: 3 }, replayedRecords: 0 })
    expect(await again.apply({ add: 'd' })).toBe(4)
    await again.close()
  })

  it('at asks for a state that compaction has taken: SEQ_DROPPED', async () => {
    const fileSystem = await compacted()
    const manager = await StateManager.open(FOLDER, lenient, { fileSystem })
    await expect(manager.at(3)).rejects.toMatchObject({ code: 'SEQ_DROPPED', seq: 3 })
    expect((await manager.at(17)).items).toHaveLength(17)
    expect((await manager.at(15)).items).toHaveLength(15)
    await expect(manager.at(22)).rejects.toThrow(RangeError)
    await manager.close()
  })
})

describe('a state of an older shape', () => {
  interface Named {
    names: string[]
  }
  const newer = (migrate: Record<number, (state: { items: string[] }) => unknown>) =>
    defineState({
      initial: { names: [] } as Named,
      version: 3,
      migrate,
      mutations: (m) => ({
        add: m((state, text: string) => {
          state.names.push(text)
        }),
      }),
    })

  it('is migrated step by step, and written in the new shape by the next snapshot', async () => {
    const fileSystem = await filled(['a'])
    const first = await StateManager.open(FOLDER, lenient, { fileSystem })
    await first.createSnapshot()
    await first.apply({ add: 'b' })
    await first.close()
    const definition = newer({
      1: ({ items }) => ({ items: items.map((one) => one.toUpperCase()) }),
      2: ({ items }) => ({ names: items }),
    })
    const manager = await StateManager.open(FOLDER, definition, { fileSystem })
    expect(manager.state).toEqual({ names: ['A', 'b'] })
    expect(manager.recovery).toMatchObject({ migratedFrom: 1, snapshot: { version: 1 } })
    await manager.createSnapshot()
    await manager.close()
    const again = await StateManager.open(FOLDER, definition, { fileSystem })
    expect(again.recovery).toMatchObject({ migratedFrom: undefined, snapshot: { version: 3 } })
    await again.close()
    const tooOld = StateManager.open(FOLDER, lenient, { fileSystem })
    await expect(tooOld).rejects.toMatchObject({ code: 'SNAPSHOT_TOO_NEW' })
  })

  it('whose migration throws half-way is as it was, with all files', async () => {
    const fileSystem = await filled(['a'])
    const first = await StateManager.open(FOLDER, lenient, { fileSystem })
    await first.createSnapshot()
    await first.close()
    const before = fileSystem.paths.map((path) => [path, fileSystem.get(path).toString('base64')])
    const definition = newer({
      1: (state) => state,
      2: () => {
        throw new Error('no')
      },
    })
    const opened = StateManager.open(FOLDER, definition, { fileSystem })
    await expect(opened).rejects.toMatchObject({ code: 'MIGRATION_FAILED' })
    const after = fileSystem.paths.map((path) => [path, fileSystem.get(path).toString('base64')])
    const untouched = (all: string[][]) =>
      all.filter(([path]) => !/\.(?:ack|lock)$/.test(path ?? ''))
    expect(untouched(after as string[][])).toEqual(untouched(before as string[][]))
    const again = await StateManager.open(FOLDER, lenient, { fileSystem })
    expect(again.state.items).toEqual(['a'])
    await again.close()
  })
})
