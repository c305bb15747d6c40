import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MiniStore, MiniStoreError, type OpenOptions, systemClock } from '@mini-rs/ministore'
import { type FileSystem, nodeFileSystem } from '@mini-rs/ministore/fs'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { BASE } from './support/journals.js'
import { CrashFileSystem } from '@mini-rs/testkit'
import { temporaryFolder } from '@mini-rs/testkit/vitest'

async function open(options: OpenOptions<unknown> = {}): Promise<MiniStore<unknown>> {
  return MiniStore.open(BASE, { fileSystem: new CrashFileSystem(), ...options })
}

describe('syncOn: inline', () => {
  it('lets timers and sockets have a turn between two appends of a lone caller', async () => {
    let nowMs = 0
    const clock = { ...systemClock, monotonicMs: () => nowMs }
    const store = await open({ syncOn: 'inline', clock })
    let turns = 0
    const count = (): void => void (turns++, setImmediate(count))
    setImmediate(count)
    for (let n = 0; n <= 100; n++) {
      nowMs += 1
      await store.append(n)
    }
    expect(turns).toBe(20)
  })
})

describe('append', () => {
  it('tells which records may still share a commit', async () => {
    const store = await open()
    expect(store.formingSeq).toBe(1)
    const first = store.append(1)
    const second = store.append(2)
    expect(store.formingSeq).toBe(1)
    await new Promise((resolve) => process.nextTick(resolve)) // the first commit is formed
    expect(store.formingSeq).toBe(3)
    const third = store.append(3)
    const flushed = store.flush()
    const fourth = store.append(4)
    expect(store.formingSeq).toBe(3)
    await Promise.all([first, second, third, flushed, fourth])
    expect(store.formingSeq).toBe(5)
  })

  it('resolves to consecutive numbers in the order of the calls', async () => {
    const store = await open()
    const numbers = await Promise.all(Array.from({ length: 50 }, (_, n) => store.append({ n })))
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, n) => n + 1))
    expect([store.firstSeq, store.lastSeq, store.durableSeq, store.droppedThroughSeq]).toEqual([
      1, 50, 50, 0,
    ])
  })

  it.each([0, 1, 5])(
    'takes what callers append in one turn, each %i promises deep, as one commit',
    async (deep) => {
      const store = await open()
      const caller = async (n: number): Promise<number> => {
        for (let depth = 0; depth < deep; depth++) await Promise.resolve()
        return store.append(n)
      }
      await Promise.all(Array.from({ length: 64 }, (_, n) => caller(n)))
      expect(store.stats()).toMatchObject({ commits: 1, records: 64 })
    },
  )

  it('groups what is appended while a sync runs into one commit', async () => {
    const store = await open()
    const callers = Array.from({ length: 64 }, async (_, caller) => {
      for (let round = 0; round < 10; round++) await store.append({ caller, round })
    })
    await Promise.all(callers)
    const { commits, syncs, meanRecordsPerCommit } = store.stats()
    expect([commits, syncs, meanRecordsPerCommit]).toEqual([10, 10, 64])
  })

  it('has moved durableSeq before the first promise of its commit settles', async () => {
    const store = await open()
    const seen = [1, 2, 3].map(async (n) => {
      await store.append(n)
      return store.durableSeq
    })
    expect(await Promise.all(seen)).toEqual([3, 3, 3])
  })

  it('serialises at the call, so that a later change has no effect', async () => {
    const store = await open()
    const record = { value: 1 }
    const appended = store.append(record)
    record.value = 2
    await appended
    expect(await store.read(1)).toEqual({ value: 1 })
  })

  it('compares expectedSeq with the last number handed out, and writes nothing when it differs', async () => {
    const store = await open()
    const [first, wrong, right] = await Promise.allSettled([
      store.append('a', { expectedSeq: 0 }),
      store.append('b', { expectedSeq: 0 }),
      store.appendMany(['c', 'd'], { expectedSeq: 1 }),
    ])
    expect(first).toMatchObject({ value: 1 })
    expect(wrong).toMatchObject({
      reason: { code: 'WRONG_EXPECTED_SEQ', outcome: 'absent', lastSeq: 1 },
    })
    expect(right).toMatchObject({ value: { first: 2, last: 3 } })
    await expect(store.append('e', { expectedSeq: -1 })).rejects.toThrow(RangeError)
  })

  it.each([
    [{ a: [1, undefined] }, '$.a[1]', 'undefined'],
    // oxlint-disable-next-line no-sparse-arrays
    [[1, , 3], '$[1]', 'a hole'],
    [{ a: Number.NaN }, '$.a', 'NaN'],
    [Number.NEGATIVE_INFINITY, '$', '-Infinity'],
    [{ 'the key': 1n }, '$["the key"]', 'a bigint'],
    [() => 1, '$', 'a function'],
    [[Symbol('s')], '$[0]', 'a symbol'],
    [{ m: new Map() }, '$.m', 'a Map'],
    [{ s: new Set() }, '$.s', 'a Set'],
    [{ r: /x/ }, '$.r', 'a RegExp'],
    [{ p: Promise.resolve() }, '$.p', 'a Promise'],
    [{ b: new Uint8Array(2) }, '$.b', 'a Uint8Array'],
    [{ b: new ArrayBuffer(2) }, '$.b', 'a ArrayBuffer'],
    ['\ud800', '$', 'a lone surrogate'],
    [{ '\udc00': 1 }, '$["\\udc00"]', 'a lone surrogate in the key'],
    [{ d: new Date(Number.NaN), n: Number.NaN }, '$.n', 'NaN'],
  ])('refuses %o, naming the path', async (record, path, what) => {
    const store = await open()
    const refused = store.append(record)
    await expect(refused).rejects.toMatchObject({
      code: 'RECORD_NOT_SERIALIZABLE',
      outcome: 'absent',
      issues: [{ path, message: `is ${what}` }],
    })
    expect(store.lastSeq).toBe(0)
  })

  it('refuses a cycle and nesting beyond 127, and takes 127', async () => {
    const store = await open()
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    await expect(store.append(cycle)).rejects.toMatchObject({ code: 'RECORD_NOT_SERIALIZABLE' })
    const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
    await expect(store.append(nested(128))).rejects.toMatchObject({
      code: 'RECORD_NOT_SERIALIZABLE',
    })
    await store.append(nested(127))
    expect(await store.read(1)).toEqual(nested(127))
  })

  it('omits undefined properties, honours toJSON once and stores −0 as 0', async () => {
    const store = await open()
    let calls = 0
    const custom = { toJSON: () => ({ calls: ++calls }) }
    await store.append({
      gone: undefined,
      when: new Date(0),
      custom,
      zero: -0,
      toJSON: 'only data',
    })
    expect(await store.read(1)).toEqual({
      when: '1970-01-01T00:00:00.000Z',
      custom: { calls: 1 },
      zero: 0,
      toJSON: 'only data',
    })
  })

  it('refuses a record one byte past maxRecordBytes', async () => {
    const store = await open({ maxRecordBytes: 10 })
    await store.append('12345678')
    await expect(store.append('123456789')).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      sizeBytes: 11,
    })
  })

  it('rejects with BACKLOG_FULL beyond maxPendingBytes, and ready() tells when there is room', async () => {
    const store = await open({ maxPendingBytes: 20 })
    const first = store.append('1234567890')
    const refused = store.append('1234567890')
    await expect(refused).rejects.toMatchObject({ code: 'BACKLOG_FULL', outcome: 'absent' })
    const second = store.append('12345')
    await store.ready()
    expect([await first, await second]).toEqual([1, 2])
  })
})

describe('appendMany', () => {
  it('is one commit', async () => {
    const store = await open()
    expect(await store.appendMany([1, 2, 3])).toEqual({ first: 1, last: 3 })
    const ends: boolean[] = []
    for await (const { commitEnd } of store.entries()) ends.push(commitEnd)
    expect(ends).toEqual([false, false, true])
  })

  it('writes nothing when one record cannot be written', async () => {
    const store = await open()
    await expect(store.appendMany([1, undefined])).rejects.toBeInstanceOf(MiniStoreError)
    await expect(store.appendMany([])).rejects.toThrow(RangeError)
    await expect(store.appendMany('text' as never)).rejects.toThrow(TypeError)
    expect(store.lastSeq).toBe(0)
  })

  it('goes in whole though it is larger than a segment and a group commit', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await open({ fileSystem, maxSegmentBytes: 200, maxCommitBytes: 100 })
    const records = Array.from({ length: 50 }, (_, n) => ({ n }))
    await store.append('first')
    await store.appendMany(records)
    expect(store.stats().segments).toBe(2)
    expect(await MiniStore.replay(BASE, { fileSystem })).toHaveLength(51)
  })
})

describe('schema and codec', () => {
  it('names issues in a plain array, also where a library has a class of its own for them', async () => {
    class Issues extends Array<{ message: string; path: number[] }> {}
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => ({ issues: Issues.from([{ message: 'no', path: [0] }]) }),
      },
    } as const
    const store = await MiniStore.open(BASE, { fileSystem: new CrashFileSystem(), schema })
    const error: unknown = await store.append(1 as never).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ issues: [{ path: '$[0]', message: 'no' }] })
  })

  it('validates before anything is written, writes the input and reads the output', async () => {
    const fileSystem = new CrashFileSystem()
    const schema = z.object({ at: z.string().transform((text) => new Date(text)) })
    const store = await MiniStore.open(BASE, { fileSystem, schema })
    await store.append({ at: '2026-01-01T00:00:00.000Z' })
    const wrong = store.append({ at: 5 } as never)
    await expect(wrong).rejects.toMatchObject({
      code: 'RECORD_INVALID',
      issues: [{ path: '$.at' }],
    })
    expect(await store.read(1)).toEqual({ at: new Date('2026-01-01T00:00:00.000Z') })
    await store.close()
    const narrower = v.object({ at: v.number() })
    const reading = MiniStore.replay(BASE, { fileSystem, schema: narrower })
    await expect(reading).rejects.toMatchObject({ code: 'RECORD_INVALID', line: 2, firstSeq: 1 })
  })

  it('recognises a schema that is a function, and refuses one that answers with a promise', async () => {
    const schema = Object.assign(() => {}, {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: async (value: unknown) => ({ value }),
      },
    })
    const store = await MiniStore.open(BASE, { fileSystem: new CrashFileSystem(), schema })
    await expect(store.append(1)).rejects.toThrow(/asynchronous/)
    await expect(open({ schema: {} as never })).rejects.toThrow(TypeError)
    await expect(open({ codec: {} as never })).rejects.toThrow(TypeError)
  })

  it('carries what JSON cannot by a codec', async () => {
    const codec = {
      encode: (map: Map<string, number>) => [...map],
      decode: (value: unknown) => new Map(value as [string, number][]),
    }
    const store = await MiniStore.open(BASE, { fileSystem: new CrashFileSystem(), codec })
    await store.append(new Map([['a', 1]]))
    expect(await store.read(1)).toEqual(new Map([['a', 1]]))
  })
})

describe('stringify', () => {
  it('is written as it is, of what the codec made', async () => {
    const disk = new CrashFileSystem()
    const codec = { encode: (n: number) => [n], decode: (value: unknown) => (value as number[])[0] }
    const stringify = (value: unknown): string => `{"own":${JSON.stringify(value)}}`
    const store = await MiniStore.open(BASE, { fileSystem: disk, stringify })
    await store.append('a')
    await store.appendMany(['b', 'c'])
    expect(await MiniStore.replay(BASE, { fileSystem: disk })).toEqual([
      { own: 'a' },
      { own: 'b' },
      { own: 'c' },
    ])
    await store.close()
    const coded = await MiniStore.open(BASE, { fileSystem: disk, codec: codec as never, stringify })
    await coded.append(7)
    await coded.close()
    expect((await MiniStore.replay(BASE, { fileSystem: disk })).at(-1)).toEqual({ own: [7] })
  })

  it.each([
    ['{"a":\n1}', 'a line break'],
    ['{"a":1}\r', 'a line break'],
    ['{"a":\t1}', 'a tab'],
    ['{"a":1} ', 'a space at its end'],
    ['', 'an empty text'],
    ['"\ud800"', 'a lone surrogate'],
    [undefined, 'no text, but undefined'],
    [Object.create(null), 'no text, but object'],
    [`${'['.repeat(128)}${']'.repeat(128)}`, 'nests deeper than 127'],
  ])('is refused where it cannot be a line: %j', async (text, what) => {
    const disk = new CrashFileSystem()
    const options = { fileSystem: disk, stringify: (value: unknown) => value as string }
    const store = await MiniStore.open(BASE, options)
    await store.append('"before"')
    await expect(store.append(text)).rejects.toMatchObject({
      code: 'RECORD_NOT_SERIALIZABLE',
      outcome: 'absent',
      message: expect.stringContaining(what),
    })
    await store.append('"behind"')
    await store.close()
    expect(await MiniStore.replay(BASE, { fileSystem: disk })).toEqual(['before', 'behind'])
  })

  it('that answers no JSON makes damage, which readers name', async () => {
    const disk = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem: disk, stringify: () => '{"a":' })
    await store.append(1)
    const reading = MiniStore.replay(BASE, { fileSystem: disk })
    await expect(reading).rejects.toMatchObject({ code: 'JOURNAL_CORRUPT', line: 2 })
  })
})

describe('opening', () => {
  it.each([
    [{ stringify: 'JSON' }, TypeError],
    [{ durability: 'none' }, TypeError],
    [{ syncOn: 'main' }, TypeError],
    [{ seal: 1 }, TypeError],
    [{ maxSegmentBytes: 0 }, RangeError],
    [{ segmentDigits: 2 }, RangeError],
    [{ maxRecordBytes: 1.5 }, RangeError],
    [{ mode: '644' }, TypeError],
    [{ onAmbiguousTail: 'cut' }, TypeError],
    [null, TypeError],
  ])('refuses the options %o', async (options, kind) => {
    await expect(MiniStore.open(BASE, options as never)).rejects.toThrow(kind)
  })

  it('refuses a path that is not a file', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'directory'))
    const opening = MiniStore.open(join(folder, 'directory'))
    await expect(opening).rejects.toMatchObject({ code: 'PATH_NOT_FILE' })
    await expect(MiniStore.open('')).rejects.toThrow(TypeError)
  })

  it.each(['journal.jsonl', join('deep', 'er', 'journal.jsonl')])(
    'names a file that stands where %s needs a folder',
    async (name) => {
      const file = join(temporaryFolder(), 'file')
      writeFileSync(file, 'mine')
      const refusal = {
        code: 'PATH_NOT_FOLDER',
        path: file,
        message: expect.stringMatching(/^\S+ is a file, and a folder is needed there/),
      }
      await expect(MiniStore.open(join(file, name))).rejects.toMatchObject(refusal)
      await expect(MiniStore.replay(join(file, name))).rejects.toMatchObject(refusal)
      expect(readFileSync(file, 'utf8')).toBe('mine')
    },
  )

  it('names a file that stands where the folder would be, whatever a file system says', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, 'mine')
    const fileSystem: FileSystem = {
      ...nodeFileSystem,
      realPath: async (path: string): Promise<string> => {
        if (path.startsWith(join(file, '/'))) throw Object.assign(new Error(), { code: 'ENOENT' })
        return nodeFileSystem.realPath(path)
      },
    }
    const opening = MiniStore.open(join(file, 'journal.jsonl'), { fileSystem })
    await expect(opening).rejects.toMatchObject({ code: 'PATH_NOT_FOLDER', path: file })
  })

  it('creates missing folders, and syncs the parent of each', async () => {
    const path = join(temporaryFolder(), 'a', 'b', 'journal.jsonl')
    const store = await MiniStore.open(path)
    expect(store.recovery).toMatchObject({ verdict: 'created', firstSeq: 1, lastSeq: 0 })
    await store.close()
  })
})

describe('close', () => {
  it('settles what waits, is idempotent, and ends appending', async () => {
    const store = await open()
    const appended = store.append('last')
    await Promise.all([store.close(), store.close()])
    expect(await appended).toBe(1)
    expect(store.status).toBe('closed')
    const closed = { code: 'STORE_CLOSED', outcome: 'absent' }
    await expect(store.append('late')).rejects.toMatchObject(closed)
    await expect(store.flush()).rejects.toMatchObject(closed)
    await expect(store.rotate()).rejects.toMatchObject(closed)
    await store[Symbol.asyncDispose]()
  })

  it('syncs what durability os left to the operating system', async () => {
    const store = await open({ durability: 'os' })
    await store.append(1)
    await store.close()
    expect(store.durableSeq).toBe(1)
  })
})
