import { SnapStore, type SnapStoreOptions } from '@mini-rs/minisnap'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { FOLDER, pathOf } from './support/snapshots.js'

interface Version3 {
  readonly names: readonly string[]
  readonly count: number
}

const migrate = {
  1: (old: { name: string }) => ({ names: [old.name] }),
  2: async (old: { names: string[] }) => ({ ...old, count: old.names.length }),
}

/** A disk with a snapshot of version 1. */
async function version1(): Promise<CrashFileSystem> {
  const fileSystem = new CrashFileSystem()
  await new SnapStore(FOLDER, { fileSystem }).create({ name: 'ada' }, 4)
  return fileSystem
}

function version3(
  fileSystem: CrashFileSystem,
  options: SnapStoreOptions<Version3> = {},
): SnapStore<Version3> {
  return new SnapStore<Version3>(FOLDER, { fileSystem, version: 3, migrate, ...options })
}

describe('migrations', () => {
  it('take an old state through every step', async () => {
    const { state, info } = await version3(await version1()).restore()
    expect(state).toEqual({ names: ['ada'], count: 1 })
    expect(info.version).toBe(1)
  })

  it('write nothing', async () => {
    const fileSystem = await version1()
    const before = fileSystem.get(pathOf(4))
    const { position } = fileSystem
    await version3(fileSystem).restore()
    expect(fileSystem.get(pathOf(4))).toEqual(before)
    expect(fileSystem.position).toBe(position)
  })

  it('are not run on a fresh store, nor on a state of this version', async () => {
    const never = { 1: () => expect.fail('ran'), 2: () => expect.fail('ran') }
    const fileSystem = new CrashFileSystem()
    const snapshots = version3(fileSystem, { migrate: never })
    expect(await snapshots.tryRestore()).toBeUndefined()
    await snapshots.create({ names: [], count: 0 }, 1)
    expect((await snapshots.restore()).info.version).toBe(3)
  })

  it('name the step that failed', async () => {
    const failing = { ...migrate, 2: () => Promise.reject(new Error('no such column')) }
    const restoring = version3(await version1(), { migrate: failing }).restore()
    await expect(restoring).rejects.toMatchObject({ code: 'MIGRATION_FAILED', seq: 4 })
    await expect(restoring).rejects.toThrow('the step from version 2: no such column')
  })

  it('name the step that is missing', async () => {
    const restoring = version3(await version1(), { migrate: { 1: migrate[1] } }).restore()
    await expect(restoring).rejects.toMatchObject({ code: 'MIGRATION_FAILED' })
    await expect(restoring).rejects.toThrow('no step from version 2')
  })

  it('refuse a state that is newer than the program, instead of falling back to an older one', async () => {
    const fileSystem = await version1()
    await version3(fileSystem).create({ names: [], count: 0 }, 9)
    const old = new SnapStore(FOLDER, { fileSystem })
    await expect(old.restore()).rejects.toMatchObject({ code: 'SNAPSHOT_TOO_NEW', seq: 9 })
    expect((await old.restore({ atOrBefore: 8 })).state).toEqual({ name: 'ada' })
  })
})

describe('a schema', () => {
  const schema = z.object({ names: z.array(z.string()), count: z.number() })

  it('checks what is restored, after migration', async () => {
    const { state } = await version3(await version1(), { schema }).restore()
    expect(state).toEqual({ names: ['ada'], count: 1 })
  })

  it('refuses a state that does not fit, and says where', async () => {
    const fileSystem = await version1()
    const restoring = new SnapStore<Version3>(FOLDER, { fileSystem, schema }).restore()
    await expect(restoring).rejects.toMatchObject({ code: 'STATE_INVALID', path: pathOf(4) })
    await expect(restoring).rejects.toThrow('$.count')
  })

  it('decodes', async () => {
    const fileSystem = new CrashFileSystem()
    await new SnapStore(FOLDER, { fileSystem }).create('2026-11-24T00:00:00.000Z', 1)
    const dates = z.string().transform((text) => new Date(text))
    const { state } = await new SnapStore<Date>(FOLDER, { fileSystem, schema: dates }).restore()
    expect(state.getUTCFullYear()).toBe(2026)
  })
})
