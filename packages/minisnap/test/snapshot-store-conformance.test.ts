import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SnapStore, type SnapStoreOptions, json } from '@mini-rs/minisnap'
import { msgpack } from '@mini-rs/minisnap/msgpack'
import { type FileSystem, nodeFileSystem } from '@mini-rs/ministore/fs'
import {
  type NextCreateFailure,
  type SnapshotSubject,
  snapshotStoreConformance,
} from '@mini-rs/testkit'

/** The call that fails for a create to end so. Of a folder that is there, only the rename is synced. */
const FAILING_CALLS = {
  unavailable: 'rename',
  unknownWritten: 'syncDirectory',
  pruneFails: 'remove',
} satisfies Record<NextCreateFailure, keyof FileSystem>

/** The real disk, one call of which fails when that is asked for. */
function failingDisk(): { fileSystem: FileSystem; failNext: (failure: NextCreateFailure) => void } {
  let failing: keyof FileSystem | undefined
  const failIfAsked = (call: keyof FileSystem): void => {
    if (failing !== call) return
    failing = undefined
    throw Object.assign(new Error(`no ${call}`), { code: 'EACCES' })
  }
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    rename: async (from, to) => {
      failIfAsked('rename')
      await nodeFileSystem.rename(from, to)
    },
    syncDirectory: async (path) => {
      failIfAsked('syncDirectory')
      await nodeFileSystem.syncDirectory(path)
    },
    remove: async (path) => {
      failIfAsked('remove')
      await nodeFileSystem.remove(path)
    },
  }
  return { fileSystem, failNext: (failure) => (failing = FAILING_CALLS[failure]) }
}

/** A store on real files. */
async function subjectWith(options: SnapStoreOptions<unknown>): Promise<SnapshotSubject> {
  const parent = await mkdtemp(join(tmpdir(), 'minisnap-'))
  const folder = join(parent, 'snapshots')
  const { fileSystem, failNext } = failingDisk()
  const store = new SnapStore<unknown>(folder, { ...options, fileSystem })
  return {
    store,
    reopen: async () => new SnapStore<unknown>(folder, options),
    damage: async (seq) => {
      const found = (await store.list()).find((one) => one.seq === seq)
      if (found === undefined) throw new Error(`there is no snapshot ${seq}`)
      const bytes = await readFile(found.path)
      const middle = bytes.length >> 1
      bytes[middle] = (bytes[middle] ?? 0) ^ 1
      await writeFile(found.path, bytes)
    },
    failNext,
    cleanUp: () => rm(parent, { recursive: true, force: true }),
  }
}

const VARIANTS: readonly (readonly [string, SnapStoreOptions<unknown>])[] = [
  ['SnapStore', {}],
  ['SnapStore with tags, compact', { codec: json({ tagged: true }), pretty: false }],
  ['SnapStore with gzip that keeps 3', { compression: 'gzip', keep: 3 }],
  ['SnapStore with msgpack that keeps 1', { codec: msgpack(), keep: 1 }],
]

for (const [name, options] of VARIANTS) snapshotStoreConformance(name, () => subjectWith(options))
