import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MiniStore, type OpenOptions } from '@mini-rs/ministore'
import { type FileSystem, nodeFileSystem } from '@mini-rs/ministore/fs'
import { describe, expect, it } from 'vitest'
import { BASE, writeJournal } from './support/journals.js'
import { CrashFileSystem, errno } from '@mini-rs/testkit'
import { temporaryFolder } from '@mini-rs/testkit/vitest'

async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of iterable) all.push(one)
  return all
}

async function numbered(count: number, options: OpenOptions<unknown> = {}) {
  const fileSystem = new CrashFileSystem()
  const store = await MiniStore.open(BASE, { fileSystem, maxSegmentBytes: 300, ...options })
  for (let n = 1; n <= count; n++) await store.append({ n })
  return { fileSystem, store }
}

/** Files of which one is told of: that its end has been read, and its size not yet been asked for. */
function onceRead(path: string, then: () => void): FileSystem {
  let isTold = false
  const open: FileSystem['open'] = async (openedPath, mode, permissions) => {
    const handle = await nodeFileSystem.open(openedPath, mode, permissions)
    if (openedPath !== path) return handle
    const sizeSync = handle.sizeSync.bind(handle)
    return Object.assign(handle, {
      sizeSync: () => {
        if (!isTold) {
          isTold = true
          then()
        }
        return sizeSync()
      },
    })
  }
  return { ...nodeFileSystem, open }
}

describe('reading', () => {
  it('finds nothing where there is no journal', async () => {
    const path = join(temporaryFolder(), 'missing', 'journal.jsonl')
    expect(await MiniStore.replay(path)).toEqual([])
    expect(await collect(MiniStore.entries(path))).toEqual([])
    expect(await MiniStore.reduce(path, (count: number) => count + 1, 0)).toBe(0)
    expect(await MiniStore.inspect(path)).toEqual({
      firstSeq: 1,
      lastSeq: 0,
      records: 0,
      segments: [],
      sizeBytes: 0,
    })
  })

  it('locates a record in its segment, line by line', async () => {
    const { fileSystem, store } = await numbered(40)
    for (const seq of [1, 7, 23, 40]) {
      const place = await MiniStore.locate(BASE, seq, { fileSystem })
      const text = fileSystem.get(place?.path ?? BASE).toString()
      expect(JSON.parse(text.split('\n')[(place?.line ?? 0) - 1] ?? '')).toEqual({ n: seq })
    }
    await store.dropBefore(20)
    expect(await MiniStore.locate(BASE, 1, { fileSystem })).toBeUndefined()
    expect(await MiniStore.locate('nothing/here.jsonl', 1, { fileSystem })).toBeUndefined()
  })

  it('tells where its files begin, and how large they are', async () => {
    const { fileSystem, store } = await numbered(40)
    const { sizeBytes, segments: count } = store.stats()
    expect(store.segments).toHaveLength(count)
    expect(store.segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)).toBe(sizeBytes)
    for (const { firstSeq } of store.segments) {
      const place = await MiniStore.locate(BASE, firstSeq, { fileSystem })
      // Behind the header, and behind the line that links it to the file before.
      expect(place?.line).toBeLessThanOrEqual(3)
    }
    await store.dropBefore(20)
    expect(store.segments[0]?.firstSeq).toBe(store.firstSeq)
  })

  it('honours from and to, both inclusive, across segments', async () => {
    const { fileSystem, store } = await numbered(40)
    expect(store.stats().segments).toBeGreaterThan(5)
    for (const [from, to] of [
      [1, 40],
      [7, 7],
      [13, 29],
      [40, 40],
      [1, 1],
      [39, 100],
      [5, 4],
    ] as const) {
      const expected = Array.from({ length: 40 }, (_, index) => index + 1).filter(
        (n) => n >= from && n <= to,
      )
      const entries = await collect(
        MiniStore.entries<{ n: number }>(BASE, { fileSystem, from, to }),
      )
      expect(entries.map(({ seq }) => seq)).toEqual(expected)
      expect(entries.map(({ record }) => record.n)).toEqual(expected)
      expect(entries.every(({ commitEnd }) => commitEnd)).toBe(true)
      const batches = await collect(store.batches({ from, to }))
      expect(batches.flatMap(({ records }) => records)).toEqual(expected.map((n) => ({ n })))
    }
    const sum = await MiniStore.reduce(
      BASE,
      (total: number, { n }: { n: number }) => total + n,
      0,
      { fileSystem },
    )
    expect(sum).toBe(820)
  })

  it('says where a range cuts a commit', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open<number>(BASE, { fileSystem })
    await store.appendMany([1, 2, 3])
    expect(await collect(store.batches({ to: 2 }))).toEqual([
      { firstSeq: 1, records: [1, 2], commitEnd: false },
    ])
    expect(await collect(store.batches())).toEqual([
      { firstSeq: 1, records: [1, 2, 3], commitEnd: true },
    ])
  })

  it('refuses numbers that were dropped, and a fold without its start', async () => {
    const { fileSystem, store } = await numbered(40)
    const dropped = await store.dropBefore(20)
    expect(dropped.droppedRecords).toBe(store.firstSeq - 1)
    expect(store.firstSeq).toBeGreaterThan(1)
    expect(store.firstSeq).toBeLessThanOrEqual(20)
    expect(store.droppedThroughSeq).toBe(store.firstSeq - 1)
    const isDropped = { code: 'SEQ_DROPPED', firstSeq: store.firstSeq }
    await expect(store.read(1)).rejects.toMatchObject(isDropped)
    await expect(MiniStore.replay(BASE, { fileSystem, from: 1 })).rejects.toMatchObject(isDropped)
    await expect(MiniStore.reduce(BASE, (n: number) => n, 0, { fileSystem })).rejects.toMatchObject(
      isDropped,
    )
    const entries = await collect(MiniStore.entries(BASE, { fileSystem }))
    expect(entries[0]?.seq).toBe(store.firstSeq)
  })

  it('leaves a file that is open elsewhere for the next call of dropBefore', async () => {
    const { fileSystem, store } = await numbered(40)
    const first = `${BASE}.000001`
    const second = `${BASE}.000002`
    fileSystem.hook = (call, path) => {
      if (call === 'remove' && path === second) throw errno('EBUSY', path)
    }
    const held = await store.dropBefore(41)
    expect(held).toMatchObject({ droppedSegments: 1, postponed: { code: 'EBUSY' } })
    expect(fileSystem.has(first)).toBe(false)
    fileSystem.hook = undefined
    expect((await store.dropBefore(41)).postponed).toBeUndefined()
    expect(store.firstSeq).toBe(41)
  })

  it('reads single records, old and new', async () => {
    const { store } = await numbered(40, { maxSegmentBytes: 500 })
    for (const seq of [1, 17, 25, 39, 40]) expect(await store.read(seq)).toEqual({ n: seq })
    expect(await store.read(41)).toBeUndefined()
    await expect(store.read(0)).rejects.toThrow(RangeError)
  })

  it('finds what it has passed once without reading its file from the start', async () => {
    const { fileSystem, store } = await numbered(0, { maxSegmentBytes: 1_000_000 })
    const pad = 'x'.repeat(1_000)
    const records = Array.from({ length: 2_900 }, (_, index) => ({ n: index + 1, pad }))
    for (let at = 0; at < records.length; at += 10) {
      await store.appendMany(records.slice(at, at + 10))
    }
    await store.close()
    const again = await MiniStore.open<{ n: number }>(BASE, { fileSystem })
    const readBytes = async (seq: number): Promise<number> => {
      let sum = 0
      fileSystem.hook = (call, _path, sizeBytes) => void (sum += call === 'read' ? sizeBytes : 0)
      expect((await again.read(seq))?.n).toBe(seq)
      fileSystem.hook = undefined
      return sum
    }
    const first = await readBytes(900)
    for (const seq of [700, 5, 899, 450, 1, 2_899]) await readBytes(seq)
    expect(await readBytes(890)).toBeLessThan(first / 2)
    // What was passed is forgotten with the segments that are dropped, and still right.
    await again.dropBefore(1_900)
    for (const seq of [2_000, 2_900, again.firstSeq]) await readBytes(seq)
    await expect(again.read(890)).rejects.toMatchObject({ code: 'SEQ_DROPPED' })
    await again.close()
  })

  it('shows the writer only what is durable', async () => {
    const { fileSystem, store } = await numbered(0, { durability: 'os' })
    await store.append('in the page cache')
    expect(await collect(store.entries())).toEqual([])
    expect(await store.read(1)).toBeUndefined()
    expect(await MiniStore.replay(BASE, { fileSystem })).toEqual(['in the page cache'])
    await store.flush()
    expect(await collect(store.entries())).toHaveLength(1)
  })

  it('ends when its signal is aborted', async () => {
    const { fileSystem } = await numbered(20)
    const controller = new AbortController()
    const reading = (async () => {
      for await (const { seq } of MiniStore.entries(BASE, {
        fileSystem,
        signal: controller.signal,
      })) {
        if (seq === 3) controller.abort()
      }
    })()
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('sees a whole chain while the writer rotates and drops beside it', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const store = await MiniStore.open<{ n: number }>(path, { maxSegmentBytes: 500 })
    const writing = (async () => {
      for (let n = 1; n <= 400; n++) await store.append({ n })
    })()
    let reads = 0
    while (store.lastSeq < 400) {
      const records = await MiniStore.replay<{ n: number }>(path)
      records.forEach((record, index) => expect(record.n).toBe(index + 1))
      reads++
    }
    await writing
    expect(reads).toBeGreaterThan(0)
    await store.close()
  })

  it.each(['sealed', 'foreign'])(
    'takes %s lines that are appended just as it comes to the end',
    async (kind) => {
      const path = join(temporaryFolder(), 'journal.jsonl')
      const { records } = await writeJournal(path, 9)
      rmSync(`${path}.ack`)
      const lines = readFileSync(path, 'utf8').split(/(?<=\n)/)
      const late = lines.slice(6).map((line) => (kind === 'sealed' ? line : `${line.trimEnd()}\n`))
      writeFileSync(path, lines.slice(0, 6).join(''))
      let isLate = true
      const fileSystem = onceRead(path, () => {
        appendFileSync(path, late.join(''))
        isLate = false
      })
      expect(await MiniStore.replay(path, { fileSystem })).toEqual(records)
      expect(isLate).toBe(false)
    },
  )

  it('shows no line twice, though a wrong seal comes far behind it', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    await writeJournal(path, 1)
    const foreign = Array.from(
      { length: 20_000 },
      (_, n) => `{"n":${n},"text":"${'.'.repeat(99)}"}\n`,
    )
    appendFileSync(path, foreign.join(''))
    const store = await MiniStore.open<unknown>(path)
    await store.append('sealed')
    await store.close()
    const bytes = readFileSync(path)
    bytes[bytes.lastIndexOf('sealed')] = 0x58
    writeFileSync(path, bytes)
    const seen: number[] = []
    const reading = (async () => {
      for await (const { seq } of MiniStore.entries(path)) seen.push(seq)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'JOURNAL_CORRUPT' })
    expect(seen.length).toBeGreaterThan(10_000)
    expect(seen).toEqual(seen.map((_, index) => index + 1))
  })

  it('inspects', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const { records } = await writeJournal(path, 9, { maxSegmentBytes: 500 })
    const inspection = await MiniStore.inspect(path)
    expect(inspection).toMatchObject({
      firstSeq: 1,
      lastSeq: records.length,
      records: records.length,
    })
    expect(inspection.segments.length).toBeGreaterThan(1)
  })
})

describe('rotation and retention', () => {
  it('never loses or renumbers a record, over reopenings', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    for (let round = 0; round < 5; round++) {
      const store = await MiniStore.open<{ n: number }>(path, { maxSegmentBytes: 400 })
      expect(store.lastSeq).toBe(round * 20)
      for (let n = 1; n <= 20; n++) await store.append({ n: round * 20 + n })
      await store.close()
    }
    const entries = await collect(MiniStore.entries<{ n: number }>(path))
    expect(entries.map(({ seq, record }) => seq === record.n)).toEqual(
      Array.from({ length: 100 }, () => true),
    )
  })

  it('drops everything when asked to, and goes on with the next number', async () => {
    const { fileSystem, store } = await numbered(10)
    await store.dropBefore(11)
    expect([store.firstSeq, store.lastSeq]).toEqual([11, 10])
    await store.close()
    const again = await MiniStore.open(BASE, { fileSystem })
    expect([again.firstSeq, again.lastSeq]).toEqual([11, 10])
    expect(await again.append('next')).toBe(11)
    await expect(again.dropBefore(0)).rejects.toThrow(RangeError)
  })

  it('keeps no more than maxSegments, and reports when it cannot delete', async () => {
    const { fileSystem, store } = await numbered(40, { maxSegments: 3 })
    expect(store.stats().segments).toBe(3)
    fileSystem.hook = (call, path) => {
      if (call === 'remove' && /\d$/.test(path))
        throw Object.assign(new Error('busy'), { code: 'EBUSY' })
    }
    await store.rotate()
    expect(store.stats()).toMatchObject({ segments: 4, retentionFailure: { code: 'EBUSY' } })
    fileSystem.hook = undefined
    expect(await store.append({ n: 41 })).toBe(41)
    await store.rotate()
    expect(store.stats()).toMatchObject({ segments: 3, retentionFailure: undefined })
  })

  it('numbers from 1 and says so when a foreign journal has lost its start', async () => {
    const fileSystem = new CrashFileSystem()
    const segment = (...lines: string[]): Buffer =>
      Buffer.from(['// MINISTORE JOURNAL v0.1.3', ...lines, ''].join('\n'))
    fileSystem.put(`${BASE}.003`, segment('"a"', '"b"'))
    fileSystem.put(BASE, segment('"c"'))
    const store = await MiniStore.open(BASE, { fileSystem })
    expect(store.recovery).toMatchObject({ isNumberingAssumed: true, firstSeq: 1, lastSeq: 3 })
    expect(await store.read(3)).toBe('c')
    fileSystem.put(`${BASE}.005`, segment('"x"'))
    await store.close()
    await expect(MiniStore.open(BASE, { fileSystem })).rejects.toThrow(/segment 4 is missing/)
  })
})
