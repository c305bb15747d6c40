import {
  MiniStateError,
  StateManager,
  type StateManagerOptions,
  defineState,
} from '@mini-rs/ministate'
import { SnapStore } from '@mini-rs/minisnap'
import { CrashFileSystem, MemorySnapshotStore } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { FOLDER } from './support/states.js'

const counter = defineState({
  initial: { n: 0 },
  mutations: (m) => ({ add: m((state, by: number) => void (state.n += by)) }),
})

const WRONG: readonly (readonly [string, unknown, typeof TypeError | typeof RangeError])[] = [
  ['options', null, TypeError],
  ['options', 5, TypeError],
  ['journal', { journal: '' }, TypeError],
  ['journal', { journal: 'a/b' }, TypeError],
  ['journal', { journal: 'a\\b' }, TypeError],
  ['journal', { journal: 5 }, TypeError],
  ['engine', { engine: 'fast' }, TypeError],
  ['freeze', { freeze: 'yes' }, TypeError],
  ['onReplayError', { onReplayError: 'ignore' }, TypeError],
  ['onError', { onError: 'log' }, TypeError],
  ['readOnly', { readOnly: 'yes' }, TypeError],
  ['readOnly', { readOnly: {} }, TypeError],
  ['readOnly', { readOnly: { follow: 1 } }, TypeError],
  ['snapshots', { snapshots: 5 }, TypeError],
  ['snapshots', { snapshots: null }, TypeError],
  ['everyRecords', { snapshots: { everyRecords: 0 } }, RangeError],
  ['everyRecords', { snapshots: { everyRecords: 1.5 } }, RangeError],
  ['everyRecords', { snapshots: { everyRecords: 'auto' } }, TypeError],
  ['everyBytes', { snapshots: { everyBytes: 0 } }, RangeError],
  ['everyBytes', { snapshots: { everyBytes: 'often' } }, TypeError],
  ['onClose', { snapshots: { onClose: 1 } }, TypeError],
  ['compact', { snapshots: { compact: 'no' } }, TypeError],
  ['keepFrom', { snapshots: { keepFrom: 5 } }, TypeError],
  ['keep', { snapshots: { keep: 0 } }, RangeError],
  ['keep', { snapshots: { keep: 'all' } }, TypeError],
  // Of ministore and minisnap, which check their own.
  ['durability', { durability: 'maybe' }, TypeError],
  ['maxSegmentBytes', { maxSegmentBytes: 0 }, RangeError],
  ['maxRecordBytes', { maxRecordBytes: 'x' }, TypeError],
  ['segmentDigits', { segmentDigits: 2 }, RangeError],
  ['sliceMs', { sliceMs: -1 }, RangeError],
  ['compression', { compression: 'rar' }, TypeError],
]

describe('StateManager.open', () => {
  it.each(WRONG)('refuses a wrong %s: %j, and leaves nothing open', async (name, options, kind) => {
    const fileSystem = new CrashFileSystem()
    const all =
      typeof options === 'object' && options !== null ? { fileSystem, ...options } : options
    const opening = StateManager.open(FOLDER, counter, all as never)
    await expect(opening).rejects.toThrow(kind)
    await expect(opening).rejects.toThrow(name)
    const manager = await StateManager.open(FOLDER, counter, { fileSystem })
    await manager.close()
  })

  it.each(['', 5, undefined])('refuses the folder %j', async (dir) => {
    await expect(StateManager.open(dir as string, counter)).rejects.toThrow(TypeError)
  })

  it('does not change the options that it is given', async () => {
    const options = Object.freeze({
      fileSystem: new CrashFileSystem(),
      snapshots: Object.freeze({ everyRecords: 5, keep: 1 }),
    })
    const manager = await StateManager.open(FOLDER, counter, options)
    for (let n = 0; n < 12; n++) await manager.apply({ add: 1 })
    await manager.close()
    expect(options.snapshots).toEqual({ everyRecords: 5, keep: 1 })
  })

  it('takes undefined for an option as if it were not there', async () => {
    const manager = await StateManager.open(FOLDER, counter, {
      fileSystem: new CrashFileSystem(),
      journal: undefined,
      engine: undefined,
      snapshots: undefined,
    } as never)
    expect(manager.journalPath).toBe(`${FOLDER}/journal.jsonl`)
    await manager.close()
  })

  it('names the journal as it is told, and creates the folder', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await StateManager.open('/a/b/c', counter, { fileSystem, journal: 'wal.jsonl' })
    await manager.apply({ add: 1 })
    expect(manager.journalPath).toBe('/a/b/c/wal.jsonl')
    expect(manager.stateDir).toBe('/a/b/c')
    expect(fileSystem.has('/a/b/c/wal.jsonl')).toBe(true)
    await manager.close()
  })

  it('hands options on to the snapshots: pretty, compression, keep', async () => {
    const fileSystem = new CrashFileSystem()
    const snapshotWith = async (options: StateManagerOptions): Promise<void> => {
      const given = { fileSystem, ...options, engine: 'immutable' } as const
      const manager = await StateManager.open(FOLDER, counter, given)
      await manager.apply({ add: 1 })
      await manager.createSnapshot()
      await manager.close()
    }
    const pathOf = (seq: number): string => `${FOLDER}/snapshot_${'0'.repeat(19)}${seq}.json`
    await snapshotWith({ pretty: true, snapshots: { keep: 1 } })
    expect(fileSystem.get(pathOf(1)).toString()).toMatch(/\n {2}/)
    await snapshotWith({ compression: 'gzip', snapshots: { keep: 1 } })
    expect(fileSystem.paths.filter((path) => path.includes('snapshot_'))).toEqual([
      `${pathOf(2)}.gz`,
    ])
    expect((await new SnapStore(FOLDER, { fileSystem }).list()).map(({ seq }) => seq)).toEqual([2])
  })

  it('takes another place for snapshots', async () => {
    const fileSystem = new CrashFileSystem()
    const snapshotStore = new MemorySnapshotStore<{ n: number }>()
    const options = { fileSystem, snapshotStore: snapshotStore as never }
    const manager = await StateManager.open(FOLDER, counter, options)
    await manager.apply({ add: 3 })
    await manager.createSnapshot()
    await manager.close()
    expect(fileSystem.paths.filter((path) => path.includes('snapshot_'))).toEqual([])
    const again = await StateManager.open(FOLDER, counter, options)
    expect(again.recovery).toMatchObject({ snapshot: { seq: 1 }, replayedRecords: 0 })
    expect(again.state).toEqual({ n: 3 })
    await again.close()
  })
})

describe('MiniStateError', () => {
  it('is recognised by its brand, and by nothing else', () => {
    expect(MiniStateError.is(new MiniStateError('READ_ONLY', 'no'))).toBe(true)
    expect(MiniStateError.is(new Error('no'))).toBe(false)
    expect(MiniStateError.is({ code: 'READ_ONLY' })).toBe(false)
    expect(MiniStateError.is(null)).toBe(false)
    const error = new MiniStateError('REJECTED', 'no', { cause: 5, seq: 3 })
    expect(error).toMatchObject({ name: 'MiniStateError', code: 'REJECTED', cause: 5, seq: 3 })
    expect(Object.keys(error)).not.toContain('cause')
  })
})
