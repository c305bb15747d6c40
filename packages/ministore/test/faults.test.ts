import { MiniStore, type OpenOptions } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { BASE } from './support/journals.js'
import { type Call, CrashFileSystem, errno } from '@mini-rs/testkit'

async function open(
  options: OpenOptions<unknown> = {},
): Promise<{ fileSystem: CrashFileSystem; store: MiniStore<unknown> }> {
  const fileSystem = new CrashFileSystem()
  const store = await MiniStore.open(BASE, { fileSystem, ...options })
  return { fileSystem, store }
}

/** Lets calls of one kind fail while `isOn`. */
function failing(fileSystem: CrashFileSystem, call: Call, code: string): void {
  fileSystem.hook = (made, path) => {
    if (made === call) throw errno(code, path)
  }
}

async function replay(fileSystem: CrashFileSystem): Promise<unknown[]> {
  return MiniStore.replay(BASE, { fileSystem })
}

describe('a write that fails', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'])(
    'with %s is taken back: absent, the store stays open, and works again',
    async (code) => {
      const { fileSystem, store } = await open()
      await store.append('before')
      const bytes = Buffer.from(fileSystem.get(BASE))
      failing(fileSystem, 'write', code)
      await expect(store.append('lost')).rejects.toMatchObject({
        code: 'WRITE_FAILED',
        outcome: 'absent',
        cause: { code },
      })
      expect(fileSystem.get(BASE)).toEqual(bytes)
      expect(store.status).toBe('open')
      fileSystem.hook = undefined
      expect(await store.append('after')).toBe(2)
      expect(await replay(fileSystem)).toEqual(['before', 'after'])
    },
  )

  it('half-way through leaves nothing behind, at every length', async () => {
    for (let taken = 1; taken < 60; taken++) {
      const { fileSystem, store } = await open()
      await store.append('before')
      let isSecond = false
      fileSystem.hook = (call, path, sizeBytes) => {
        if (call !== 'write') return undefined
        if (isSecond) throw errno('ENOSPC', path)
        isSecond = true
        return Math.min(taken, sizeBytes - 1)
      }
      await expect(store.append('a record of some length')).rejects.toMatchObject({
        outcome: 'absent',
      })
      fileSystem.hook = undefined
      expect(await store.append('after')).toBe(2)
      expect(await replay(fileSystem)).toEqual(['before', 'after'])
    }
  })

  it('only short is continued until every byte is out', async () => {
    const { fileSystem, store } = await open()
    fileSystem.hook = (call, _path, sizeBytes) =>
      call === 'write' ? Math.min(3, sizeBytes) : undefined
    await store.appendMany(['in', 'small', 'pieces'])
    expect(await replay(fileSystem)).toEqual(['in', 'small', 'pieces'])
  })

  it.each(['truncate', 'sync'] as const)(
    'and cannot be taken back because of a failing %s: unknown, and the store has failed',
    async (call) => {
      const { fileSystem, store } = await open()
      fileSystem.hook = (made, path) => {
        if (made === 'write' || made === call) throw errno('EIO', path)
      }
      await expect(store.append('lost')).rejects.toMatchObject({
        code: 'WRITE_FAILED',
        outcome: 'unknown',
      })
      fileSystem.hook = undefined
      expect(store.status).toBe('failed')
      await expect(store.append('later')).rejects.toMatchObject({
        code: 'STORE_FAILED',
        outcome: 'absent',
        cause: store.failure,
      })
    },
  )
})

describe('a sync that fails', () => {
  it.each(['EIO', 'ENOSPC', 'EDQUOT'])(
    'with %s fails the store at once, without a retry',
    async (code) => {
      const { fileSystem, store } = await open()
      await store.append('durable')
      failing(fileSystem, 'sync', code)
      const first = store.append('first')
      const second = store.append('second')
      await expect(first).rejects.toMatchObject({
        code: 'SYNC_FAILED',
        outcome: 'unknown',
        cause: { code },
      })
      await expect(second).rejects.toMatchObject({ code: 'SYNC_FAILED', outcome: 'unknown' })
      const syncs = fileSystem.count('sync')
      fileSystem.hook = undefined
      await expect(store.append('third')).rejects.toMatchObject({ code: 'STORE_FAILED' })
      await expect(store.flush()).rejects.toMatchObject({ code: 'STORE_FAILED' })
      expect(fileSystem.count('sync')).toBe(syncs)
      expect([store.status, store.lastSeq, store.durableSeq]).toEqual(['failed', 1, 1])
      const seen: unknown[] = []
      for await (const { record } of store.entries()) seen.push(record)
      expect(seen).toEqual(['durable'])
      await store.close()
      const again = await MiniStore.open(BASE, { fileSystem })
      expect(again.lastSeq).toBeGreaterThanOrEqual(1)
      await again.close()
    },
  )

  it('rejects what was queued behind it too, with the failure as the cause', async () => {
    const { fileSystem, store } = await open({ maxCommitBytes: 1 })
    failing(fileSystem, 'sync', 'EIO')
    const [first, second] = await Promise.allSettled([store.append('a'), store.append('b')])
    expect(first.status === 'rejected' && second.status === 'rejected').toBe(true)
    expect(second).toMatchObject({
      reason: { code: 'SYNC_FAILED', cause: { code: 'SYNC_FAILED' } },
    })
    expect(fileSystem.get(BASE).includes('"b"')).toBe(false)
  })

  it('is what durability rests on: with the sync taken away, an append resolves without one', async () => {
    const { fileSystem, store } = await open()
    const before = fileSystem.count('sync')
    await store.append(1)
    expect(fileSystem.count('sync')).toBe(before + 1)
    await store.close()
    const relaxed = await MiniStore.open(BASE, { fileSystem, durability: 'os' })
    const syncs = fileSystem.count('sync')
    await relaxed.append(2)
    expect(fileSystem.count('sync')).toBe(syncs)
    expect([relaxed.lastSeq, relaxed.durableSeq]).toEqual([2, 1])
    await relaxed.flush()
    expect(fileSystem.count('sync')).toBe(syncs + 1)
    expect(relaxed.durableSeq).toBe(2)
  })
})

describe('a rotation that fails', () => {
  const nextFails = (fileSystem: CrashFileSystem, call: Call, at: number): void => {
    let seen = 0
    fileSystem.hook = (made, path) => {
      if (made === call && ++seen === at) throw errno('EIO', path)
    }
  }

  it.each([
    ['open', 1],
    ['write', 1],
    ['sync', 2],
    ['rename', 1],
    ['rename', 2],
  ] as const)('at %s %i is undone: absent, and the store stays open', async (call, at) => {
    const { fileSystem, store } = await open()
    await store.append('before')
    nextFails(fileSystem, call, at)
    await expect(store.rotate()).rejects.toMatchObject({ code: 'WRITE_FAILED', outcome: 'absent' })
    fileSystem.hook = undefined
    expect(fileSystem.paths).toEqual([BASE, `${BASE}.ack`])
    expect(store.status).toBe('open')
    expect(await store.append('after')).toBe(2)
    expect(await replay(fileSystem)).toEqual(['before', 'after'])
  })

  it.each([1, 2])(
    'at directory sync %i fails the store, and the next open finishes it',
    async (at) => {
      const { fileSystem, store } = await open()
      await store.append('before')
      nextFails(fileSystem, 'syncDirectory', at)
      await expect(store.rotate()).rejects.toMatchObject({
        code: 'WRITE_FAILED',
        outcome: 'unknown',
      })
      fileSystem.hook = undefined
      expect(store.status).toBe('failed')
      await store.close()
      const again = await MiniStore.open(BASE, { fileSystem })
      expect(again.recovery.verdict).toBe(at === 1 ? 'interruptedRotation' : 'clean')
      expect(await again.append('after')).toBe(2)
      expect(await replay(fileSystem)).toEqual(['before', 'after'])
    },
  )
})

describe('another program that writes the file', () => {
  /** Appends behind our back, to the very file. */
  const appendBehind = (fileSystem: CrashFileSystem, text: string): void =>
    fileSystem.appendTo(BASE, Buffer.from(text))

  it('is noticed before the write: absent, and the store has failed', async () => {
    const { fileSystem, store } = await open()
    await store.append('ours')
    appendBehind(fileSystem, '"theirs"\n')
    await expect(store.append('lost')).rejects.toMatchObject({
      code: 'FOREIGN_WRITER',
      outcome: 'absent',
    })
    expect(store.status).toBe('failed')
    expect(await replay(fileSystem)).toEqual(['ours', 'theirs'])
  })

  it('is noticed between write and acknowledgement: unknown', async () => {
    const { fileSystem, store } = await open()
    fileSystem.hook = (call) => {
      if (call === 'sync') appendBehind(fileSystem, '"theirs"\n')
    }
    await expect(store.append('ours')).rejects.toMatchObject({
      code: 'FOREIGN_WRITER',
      outcome: 'unknown',
    })
    expect(store.lastSeq).toBe(0)
  })

  it('is noticed when it has removed or replaced the file, and its file is left alone', async () => {
    for (const replacement of [undefined, Buffer.from('somebody else has put this here')]) {
      const { fileSystem, store } = await open()
      fileSystem.discard(BASE)
      if (replacement !== undefined) fileSystem.put(BASE, replacement)
      await expect(store.append('lost')).rejects.toMatchObject({
        code: 'FOREIGN_WRITER',
        outcome: 'unknown',
      })
      expect(store.status).toBe('failed')
      expect(fileSystem.has(BASE) ? fileSystem.get(BASE) : undefined).toEqual(replacement)
    }
  })

  it('is suspected when the path cannot be looked at', async () => {
    const { fileSystem, store } = await open()
    fileSystem.statSync = () => {
      throw errno('EACCES', BASE)
    }
    await expect(store.append('ours')).rejects.toMatchObject({ code: 'FOREIGN_WRITER' })
    expect(store.status).toBe('failed')
  })

  it('is noticed before a rotation would archive its file', async () => {
    const { fileSystem, store } = await open()
    await store.append('ours')
    fileSystem.put(BASE, Buffer.from('theirs'))
    await expect(store.rotate()).rejects.toMatchObject({
      code: 'FOREIGN_WRITER',
      outcome: 'absent',
    })
    expect(fileSystem.paths).toEqual([BASE, `${BASE}.ack`])
  })
})

describe('recovery on a disk that fails', () => {
  it('names the file and changes nothing', async () => {
    const { fileSystem, store } = await open()
    await store.append('kept')
    await store.close()
    fileSystem.discard(`${BASE}.ack`)
    const bytes = Buffer.from(fileSystem.get(BASE))
    for (const call of ['list', 'open', 'read', 'write', 'sync'] as const) {
      failing(fileSystem, call, 'EIO')
      await expect(MiniStore.open(BASE, { fileSystem }), call).rejects.toMatchObject({
        code: 'IO',
        path: BASE,
      })
      expect(fileSystem.get(BASE)).toEqual(bytes)
    }
    fileSystem.hook = undefined
    expect(await replay(fileSystem)).toEqual(['kept'])
  })
})

describe('a task that fails with the store', () => {
  it.each([
    ['a rotation', (store: MiniStore<unknown>) => store.rotate(), 'syncDirectory', 2],
    ['a flush', (store: MiniStore<unknown>) => store.flush(), 'sync', 1],
    ['what it drops', (store: MiniStore<unknown>) => store.dropBefore(9), 'syncDirectory', 2],
  ] as const)('%s: what waits behind it is not written', async (_, run, failed, at) => {
    const { fileSystem, store } = await open({ durability: 'os' })
    await store.append('before')
    let calls = 0
    fileSystem.hook = (call, path) => {
      if (call === failed && ++calls === at) throw errno('EIO', path)
    }
    const task = run(store)
    const behind = store.append('behind')
    await expect(task).rejects.toMatchObject({ cause: { code: 'EIO' } })
    await expect(behind).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'absent' })
    expect(store.status).toBe('failed')
    fileSystem.hook = undefined
    await store.close()
    const again = await MiniStore.open(BASE, { fileSystem })
    expect(await replay(fileSystem)).toEqual(['before'])
    await again.close()
  })
})
