import fs, { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import {
  type FileHandle,
  makeDirectories,
  nodeFileSystem,
  readFully,
  replaceFile,
  writeAll,
  writeAllSync,
} from '@mini-rs/ministore/fs'
import { describe, expect, it, vi } from 'vitest'
import { CrashFileSystem, ScriptedChoices, errno } from '@mini-rs/testkit'
import { retryWhileBusy } from '../src/fs/busy.js'
import { temporaryFolder } from '@mini-rs/testkit/vitest'

describe("Node's file system behind the port", () => {
  it('writes, reads, cuts, syncs and tells size and identity', async () => {
    const path = join(temporaryFolder(), 'file')
    const handle = await nodeFileSystem.open(path, 'createNew', 0o600)
    await writeAll(handle, Buffer.from('hello world'), 0)
    writeAllSync(handle, Buffer.from('W'), 6)
    await handle.sync()
    handle.syncSync()
    await handle.truncate(8)
    const into = Buffer.alloc(100)
    expect(await readFully(handle, into, 0)).toBe(8)
    expect(into.toString('utf8', 0, 8)).toBe('hello Wo')
    const stat = nodeFileSystem.statSync(path)
    expect(handle.statSync()).toEqual(stat)
    expect(stat).toMatchObject({ kind: 'file', sizeBytes: 8 })
    await handle.close()
    await expect(nodeFileSystem.open(path, 'createNew')).rejects.toMatchObject({ code: 'EEXIST' })
    const missing = nodeFileSystem.open(`${path}-2`, 'readWrite')
    await expect(missing).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await nodeFileSystem.stat(`${path}-2`)).toBeUndefined()
  })

  it('tells files apart whose numbers are larger than a number can say exactly', () => {
    const path = join(temporaryFolder(), 'file')
    writeFileSync(path, 'x')
    const { statSync } = fs
    const large = 2n ** 60n + 1n
    const spy = vi.spyOn(fs, 'statSync').mockImplementation((...args) => {
      const stats = statSync(...args)
      const ino = typeof stats?.ino === 'bigint' ? large : Number(large)
      return Object.assign(stats as object, { ino }) as fs.Stats
    })
    syncBuiltinESMExports()
    try {
      expect(nodeFileSystem.statSync(path)?.inode).toBe(large)
    } finally {
      spy.mockRestore()
      syncBuiltinESMExports()
    }
  })

  it('knows the boot where the machine tells it', async () => {
    expect(await nodeFileSystem.bootId()).toBe(await nodeFileSystem.bootId())
  })

  it('creates missing folders one by one', async () => {
    const path = join(temporaryFolder(), 'a', 'b', 'c')
    await makeDirectories(nodeFileSystem, path)
    await makeDirectories(nodeFileSystem, path)
    expect((await nodeFileSystem.stat(path))?.kind).toBe('directory')
  })
})

describe('writeAll', () => {
  it('throws when the disk takes nothing, instead of trying for ever', async () => {
    const stuck = { write: async () => 0 } as unknown as FileHandle
    await expect(writeAll(stuck, Buffer.from('x'), 0)).rejects.toMatchObject({ code: 'EIO' })
  })
})

describe('makeDirectories', () => {
  it('makes the name of a folder durable that a killed process has left', async () => {
    const before = new CrashFileSystem()
    await before.makeDirectory('/data')
    const disk = before.killedAt(before.position)
    await makeDirectories(disk, '/data')
    const cut = disk.powerCutAt(disk.position, new ScriptedChoices([1, 1, 1, 1]))
    expect((await cut.stat('/data'))?.kind).toBe('directory')
    const unsynced = before.killedAt(before.position)
    const lost = unsynced.powerCutAt(unsynced.position, new ScriptedChoices([1, 1, 1, 1]))
    expect(await lost.stat('/data')).toBeUndefined()
  })

  it.each(['EACCES', 'EPERM'])(
    'does without where the folder above cannot be read: %s',
    async (code) => {
      const disk = new CrashFileSystem()
      await disk.makeDirectory('/data')
      disk.hook = (call, path) => {
        if (call === 'syncDirectory' && path === '/') throw errno(code, path)
      }
      await expect(makeDirectories(disk, '/data')).resolves.toBeUndefined()
    },
  )
})

describe('replaceFile', () => {
  it('replaces the whole content, and leaves nothing else behind', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'state.json')
    writeFileSync(path, 'a long old content')
    await replaceFile(nodeFileSystem, path, Buffer.from('new'))
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(readdirSync(folder)).toEqual(['state.json'])
  })

  it.each(['open', 'write', 'sync', 'rename'] as const)(
    'keeps the old content when %s fails, and removes its temporary file',
    async (call) => {
      const fileSystem = new CrashFileSystem()
      fileSystem.put('/state.json', Buffer.from('old'))
      fileSystem.hook = (made, path) => {
        if (made === call) throw errno('EIO', path)
      }
      const replacing = replaceFile(fileSystem, '/state.json', Buffer.from('new'))
      await expect(replacing).rejects.toMatchObject({ code: 'EIO' })
      expect(fileSystem.get('/state.json').toString()).toBe('old')
      expect(fileSystem.paths).toEqual(['/state.json'])
    },
  )

  it('syncs the file before the rename and the folder after it', async () => {
    const fileSystem = new CrashFileSystem()
    await replaceFile(fileSystem, '/state.json', Buffer.from('new'))
    const order = fileSystem.calls.map((call) => call.split(' ')[0])
    expect(order).toEqual(['open', 'write', 'size', 'sync', 'close', 'rename', 'syncDirectory'])
  })
})

describe('retryWhileBusy', () => {
  /** Attempts that fail so often, and the waits between them. */
  async function retried(failures: number, code: string): Promise<{ waits: number[] }> {
    const waits: number[] = []
    const attempt = async (): Promise<void> => {
      if (waits.length < failures) throw errno(code, '/state.json')
    }
    await retryWhileBusy(attempt, async (ms) => waits.push(ms))
    return { waits }
  }

  it.each(['EPERM', 'EACCES', 'EBUSY'])('waits longer and longer after %s', async (code) => {
    expect(await retried(3, code)).toEqual({ waits: [1, 2, 4] })
  })

  it('gives up after two seconds in all', async () => {
    await expect(retried(12, 'EBUSY')).rejects.toMatchObject({ code: 'EBUSY' })
    expect((await retried(11, 'EBUSY')).waits.reduce((sum, ms) => sum + ms, 0)).toBe(2047)
  })

  it('does not wait for any other error', async () => {
    await expect(retried(1, 'ENOSPC')).rejects.toMatchObject({ code: 'ENOSPC' })
  })
})
