import { inspect } from 'node:util'
import {
  MiniStateError,
  type MiniStateErrorCode,
  StateManager,
  type StateManagerOptions,
  defineState,
} from '@mini-rs/ministate'
import { MiniStore } from '@mini-rs/ministore'
import { CrashFileSystem, MemoryLog, errno } from '@mini-rs/testkit'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { FOLDER, JOURNAL } from './support/states.js'

const definition = defineState({
  initial: { n: 0 },
  invariant: ({ n }) => n < 100 || 'too many',
  mutations: (m) => ({
    add: m(z.number(), (state, by) => void (state.n += by)),
    any: m((_state, _payload: object) => {}),
    deny: m((_state, why: string, context) => context.reject('DENIED', why)),
    fail: m(() => {
      throw new Error('a bug')
    }),
    seq: m((_state, _payload: null, context) => context.seq),
    call: m(() => {
      inside()
    }),
  }),
})

type Manager = StateManager<{ n: number }, (typeof definition)['mutations']>

/** What the recipe of `call` does. */
let inside: () => unknown = () => undefined

function open(options: StateManagerOptions & { engine?: 'immutable' } = {}): Promise<Manager> {
  return StateManager.open(FOLDER, definition, { fileSystem: new CrashFileSystem(), ...options })
}

async function withJournal(...records: readonly unknown[]): Promise<CrashFileSystem> {
  const fileSystem = new CrashFileSystem()
  const store = await MiniStore.open(JOURNAL, { fileSystem })
  for (const record of records) await store.append(record)
  await store.close()
  return fileSystem
}

/** A disk whose state was compacted, with snapshots of 4 and 8. */
async function compacted(): Promise<CrashFileSystem> {
  const fileSystem = new CrashFileSystem()
  const manager = await open({ fileSystem, maxSegmentBytes: 40 })
  for (let n = 1; n <= 8; n++) {
    await manager.apply({ add: 1 })
    if (n % 4 === 0) await manager.createSnapshot()
  }
  await manager.compact()
  await manager.close()
  return fileSystem
}

function snapshotsOf(fileSystem: CrashFileSystem): string[] {
  return fileSystem.paths.filter((path) => path.includes('snapshot_'))
}

interface Provoked {
  /** Rejects, or throws. */
  readonly provoke: () => unknown
  readonly details: Partial<Record<keyof MiniStateError, unknown>>
}

/** One for every code: the compiler says which is missing. */
const PROVOKED: Readonly<Record<MiniStateErrorCode, Provoked>> = {
  PAYLOAD_INVALID: {
    provoke: async () => (await open()).apply({ add: 'x' as never }),
    details: {
      mutation: 'add',
      outcome: 'absent',
      issues: [{ path: '$', message: expect.any(String) }],
    },
  },
  PAYLOAD_NOT_SERIALIZABLE: {
    provoke: async () => (await open()).apply({ any: { when: [new Date(0)] } }),
    details: {
      mutation: 'any',
      outcome: 'absent',
      issues: [{ path: '$.when[0]', message: 'is a Date' }],
    },
  },
  MUTATION_INVALID: {
    provoke: async () => (await open()).apply('nobody' as never),
    details: { mutation: 'nobody', outcome: 'absent' },
  },
  MUTATION_TOO_NEW: {
    provoke: async () => {
      const fileSystem = await withJournal({ 'add@2': 1 })
      return open({ fileSystem }).catch((error: MiniStateError) =>
        Promise.reject(error.cause as Error),
      )
    },
    details: { mutation: 'add@2' },
  },
  REJECTED: {
    provoke: async () => (await open()).apply({ deny: 'because' }),
    details: {
      mutation: 'deny',
      outcome: 'absent',
      rejection: { code: 'DENIED', message: 'because' },
    },
  },
  RECIPE_FAILED: {
    provoke: async () => (await open()).applyAll([{ add: 1 }, 'fail']),
    details: { mutation: 'fail', index: 1, outcome: 'absent', cause: new Error('a bug') },
  },
  INVARIANT_VIOLATED: {
    provoke: async () => (await open()).apply({ add: 100 }),
    details: { mutation: 'add', outcome: 'absent', message: expect.stringContaining('too many') },
  },
  WRONG_EXPECTED_SEQ: {
    provoke: async () => (await open()).apply({ add: 1 }, { expectedSeq: 7 }),
    details: { seq: 0, outcome: 'absent' },
  },
  COMMIT_FAILED: {
    provoke: async () => {
      const fileSystem = new CrashFileSystem()
      const manager = await open({ fileSystem })
      fileSystem.hook = (call, path) => {
        if (call === 'write') throw errno('ENOSPC', path)
      }
      return manager.apply({ add: 1 })
    },
    details: { outcome: 'absent', cause: expect.objectContaining({ code: 'WRITE_FAILED' }) },
  },
  REPLAY_FAILED: {
    provoke: async () => open({ fileSystem: await withJournal({ add: 1 }, 'fail') }),
    details: { seq: 2, mutation: 'fail', path: JOURNAL, line: 3, cause: new Error('a bug') },
  },
  HISTORY_GAP: {
    provoke: async () => {
      const fileSystem = await compacted()
      for (const path of snapshotsOf(fileSystem)) fileSystem.discard(path)
      return open({ fileSystem })
    },
    details: { firstSeq: 1, lastSeq: expect.any(Number), path: JOURNAL },
  },
  SNAPSHOT_AHEAD: {
    provoke: async () => {
      const fileSystem = new CrashFileSystem()
      const manager = await open({ fileSystem })
      await manager.apply({ add: 1 })
      await manager.createSnapshot()
      await manager.close()
      for (const path of fileSystem.paths) if (path.startsWith(JOURNAL)) fileSystem.discard(path)
      return open({ fileSystem })
    },
    details: { seq: 1, lastSeq: 0, path: JOURNAL },
  },
  SEQ_DROPPED: {
    provoke: async () => (await open({ fileSystem: await compacted() })).at(2),
    details: { seq: 2, cause: expect.objectContaining({ code: 'HISTORY_GAP' }) },
  },
  SEQ_UNKNOWN: {
    provoke: async () => {
      const log = MemoryLog.cluster<unknown>().connect()
      const manager = await open({ log })
      return manager.apply({ seq: null }).catch((error: MiniStateError) => {
        expect(error).toMatchObject({ code: 'RECIPE_FAILED', outcome: 'absent' })
        throw error.cause
      })
    },
    details: {},
  },
  BATCH_UNSUPPORTED: {
    provoke: async () => (await open({ seal: false })).applyAll([{ add: 1 }, { add: 1 }]),
    details: { outcome: 'absent' },
  },
  ID_UNSUPPORTED: {
    provoke: async () => (await open()).apply({ add: 1 }, { id: 'request-1' }),
    details: { outcome: 'absent' },
  },
  ENGINE_UNSUPPORTED: {
    provoke: async () => (await open({ engine: 'inPlace' } as never)).state,
    details: {},
  },
  FORK_TARGET_EXISTS: {
    provoke: async () => (await open()).fork(FOLDER),
    details: { path: FOLDER },
  },
  READ_ONLY: {
    provoke: async () => (await open({ readOnly: true })).apply({ add: 1 }),
    details: { path: FOLDER, outcome: 'absent' },
  },
  REENTRANT: {
    provoke: async () => {
      const manager = await open()
      inside = () => manager.apply({ add: 1 })
      return manager
        .apply('call')
        .catch((error: MiniStateError) => Promise.reject(error.cause as Error))
    },
    details: { outcome: 'absent' },
  },
  STATE_FAILED: {
    provoke: async () => {
      const fileSystem = new CrashFileSystem()
      const manager = await open({ fileSystem })
      fileSystem.hook = (call, path) => {
        if (call === 'sync') throw errno('EIO', path)
      }
      await expect(manager.apply({ add: 1 })).rejects.toMatchObject({ outcome: 'unknown' })
      expect(manager.status).toBe('failed')
      return manager.apply({ add: 1 })
    },
    details: { outcome: 'absent', cause: expect.objectContaining({ code: 'SYNC_FAILED' }) },
  },
  STATE_CLOSED: {
    provoke: async () => {
      const manager = await open()
      await manager.close()
      return manager.apply({ add: 1 })
    },
    details: { outcome: 'absent' },
  },
}

it.each(Object.entries(PROVOKED))(
  '%s comes with its details',
  async (code, { provoke, details }) => {
    const error: unknown = await Promise.resolve()
      .then(provoke)
      .then(
        () => 'nothing was thrown',
        (reason: unknown) => reason,
      )
    expect(MiniStateError.is(error)).toBe(true)
    expect(error).toMatchObject({ name: 'MiniStateError', code, ...details })
    const { message } = error as MiniStateError
    // What failed, and what to do: a sentence, not a word.
    expect(message.length).toBeGreaterThan(30)
  },
)

it('errors of ministore and minisnap pass through as they are', async () => {
  const fileSystem = new CrashFileSystem()
  const manager = await open({ fileSystem })
  await expect(open({ fileSystem })).rejects.toMatchObject({
    name: 'MiniStoreError',
    code: 'JOURNAL_LOCKED',
  })
  fileSystem.hook = (call, path) => {
    if (call === 'write' && path.includes('snapshot_')) throw errno('ENOSPC', path)
  }
  await expect(manager.createSnapshot()).rejects.toMatchObject({
    name: 'MiniSnapError',
    code: 'WRITE_FAILED',
  })
  fileSystem.hook = undefined
  await expect(
    manager.createSnapshot({ signal: AbortSignal.abort(new Error('mine')) }),
  ).rejects.toThrow('mine')
  expect(await manager.apply({ add: 1 })).toBe(1)
  await manager.close()
})

it('an error that is printed lists nothing that is not known of it', async () => {
  const error: unknown = await (
    await open()
  )
    .apply('nobody' as never)
    .catch((reason: unknown) => reason)
  expect(inspect(error)).toMatch(
    /code: 'MUTATION_INVALID',\n\s+mutation: 'nobody',\n\s+outcome: 'absent'\n}$/,
  )
  expect(MiniStateError.is(error) && error.seq).toBeUndefined()
})
