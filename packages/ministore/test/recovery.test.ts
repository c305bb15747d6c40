import { MiniStore, systemClock } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { BASE, judge } from './support/journals.js'
import { CrashFileSystem } from '@mini-rs/testkit'

const HEADER = '// MINISTORE JOURNAL v0.1.0\n'

describe('an unterminated last line without a seal', () => {
  it.each([
    ['{"n":2}', 'healed', 2],
    ['"text"', 'healed', 2],
    ['12', 'torn', 1],
    ['{"n":', 'torn', 1],
  ] as const)('%s is %s in a store that writes no seals', async (line, verdict, count) => {
    const bytes = Buffer.from(`${HEADER}{"n":1}\n${line}`)
    const { report, records } = await judge(bytes, { seal: false })
    expect(report?.verdict).toBe(verdict)
    expect(records).toHaveLength(count)
  })

  it('is torn in a store that writes seals: it could be half of a batch', async () => {
    const { report, records } = await judge(Buffer.from(`${HEADER}{"n":1}\n{"n":2}`))
    expect(report).toMatchObject({ verdict: 'torn', setAside: { sizeBytes: 7 } })
    expect(records).toEqual([{ n: 1 }])
  })
})

describe('commits that were not synced one by one', () => {
  it('say so with a space before their seal, unless nothing unsynced stands before them', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem, durability: 'os' })
    for (const n of [1, 2, 3]) await store.append(n)
    await store.flush()
    await store.append(4)
    await store.close()
    const lines = fileSystem.get(BASE).toString().split('\n').slice(1, -1)
    expect(lines.map((line) => /^\d \t/.test(line))).toEqual([false, true, true, false])
  })

  it('are torn as a whole when one of them is missing: the later ones prove nothing', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem, durability: 'os' })
    for (let n = 0; n < 4; n++) await store.append({ n, text: 'x'.repeat(1000) })
    await store.close()
    const bytes = Buffer.from(fileSystem.get(BASE))
    bytes.fill(0, 1536, 2048)
    const { report, records } = await judge(bytes)
    expect(report?.verdict).toBe('torn')
    expect(records).toHaveLength(1)
  })

  it('are corrupt when they were synced one by one: the later ones prove the earlier ones', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem })
    for (let n = 0; n < 4; n++) await store.append({ n, text: 'x'.repeat(1000) })
    await store.close()
    const bytes = Buffer.from(fileSystem.get(BASE))
    bytes.fill(0, 1536, 2048)
    expect((await judge(bytes)).refused).toBe('JOURNAL_CORRUPT')
  })
})

describe('recovery', () => {
  it('writes the last commit once more, and syncs it, before it shows a record', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem })
    for (let n = 0; n < 3; n++) await store.append({ n })
    await store.close()
    fileSystem.discard(`${BASE}.ack`)
    const bytes = Buffer.from(fileSystem.get(BASE))
    const written: number[] = []
    fileSystem.hook = (call, path, sizeBytes) => {
      if (call === 'write' && path === BASE) written.push(sizeBytes)
    }
    const syncs = fileSystem.count('sync')
    const again = await MiniStore.open(BASE, { fileSystem })
    expect(written).toEqual([bytes.length - bytes.lastIndexOf('{')])
    expect(fileSystem.count('sync')).toBe(syncs + 1)
    expect(fileSystem.get(BASE)).toEqual(bytes)
    await again.close()
  })

  it('sweeps what an interrupted rotation left, and sets nothing aside twice under one name', async () => {
    const fileSystem = new CrashFileSystem()
    fileSystem.put(`${BASE}.next`, Buffer.from(HEADER))
    const clock = { ...systemClock, now: () => 0 }
    for (let round = 0; round < 2; round++) {
      if (round > 0) fileSystem.discard(`${BASE}.ack`)
      fileSystem.put(BASE, Buffer.from(`${HEADER}{"half`))
      const store = await MiniStore.open(BASE, { fileSystem, clock })
      await store.close()
    }
    const torn = [0, 1].map(
      (ms) => `${BASE}.torn-19700101T000000${String(ms).padStart(3, '0')}Z-28`,
    )
    expect(fileSystem.paths).toEqual([BASE, `${BASE}.ack`, ...torn])
  })

  it('finishes a rotation that was cut after its first rename', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem })
    await store.appendMany(['a', 'b'])
    await store.close()
    fileSystem.put(`${BASE}.000001`, fileSystem.get(BASE))
    fileSystem.discard(BASE)
    const again = await MiniStore.open(BASE, { fileSystem })
    expect(again.recovery).toMatchObject({
      verdict: 'interruptedRotation',
      firstSeq: 1,
      lastSeq: 2,
    })
    expect(fileSystem.get(BASE).toString()).toMatch(
      /"segment":2,"firstSeq":3,"prevCrc":"[0-9a-f]{8}"\}\n$/,
    )
    expect(await again.append('c')).toBe(3)
  })
})
