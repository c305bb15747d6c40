import { CrashFileSystem, ScriptedChoices, SeededChoices, errno } from '@mini-rs/testkit'
import { MiniStore } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { SLOT_BYTES, tryParseSlot, tryParseWatermark } from '../src/watermark/watermark.js'
import { BASE } from './support/journals.js'

const WATERMARK = `${BASE}.ack`

async function written(count: number): Promise<CrashFileSystem> {
  const fileSystem = new CrashFileSystem()
  const store = await MiniStore.open(BASE, { fileSystem })
  for (let n = 1; n <= count; n++) await store.append({ n })
  return fileSystem
}

/** The journal without its last commit, in place of the journal. */
function loseLastCommit(disk: CrashFileSystem): void {
  const bytes = disk.get(BASE)
  disk.put(BASE, bytes.subarray(0, bytes.lastIndexOf(10, bytes.length - 2) + 1))
}

describe('the watermark', () => {
  it('is two lines of JSON, written in turn, each with its own CRC', async () => {
    const disk = await written(3)
    const bytes = disk.get(WATERMARK)
    expect(bytes.length).toBe(2 * SLOT_BYTES)
    const slots = [bytes.subarray(0, SLOT_BYTES), bytes.subarray(SLOT_BYTES)]
    for (const slot of slots) expect(() => JSON.parse(slot.toString()) as unknown).not.toThrow()
    const seqs = slots.map((slot) => tryParseSlot(slot)?.seq)
    expect(seqs.toSorted()).toEqual([2, 3])
    const size = disk.get(BASE).length
    expect(tryParseWatermark(bytes)).toMatchObject({
      seq: 3,
      segment: 1,
      durable: { offset: size },
      written: { offset: size },
      bootId: 'boot-1',
      clean: false,
    })
  })

  it('tells readers how far a writer beside them has acknowledged', async () => {
    const fileSystem = new CrashFileSystem()
    expect(await MiniStore.acknowledgedSeq(BASE, { fileSystem })).toBeUndefined()
    const store = await MiniStore.open(BASE, { fileSystem })
    await store.append('a')
    expect(await MiniStore.acknowledgedSeq(BASE, { fileSystem })).toBe(1)
    await store.close()
    expect(await MiniStore.acknowledgedSeq(BASE, { fileSystem })).toBeUndefined()
  })

  it('is not synced by appends, and is synced, and clean, after close', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem })
    await store.append('a')
    expect(fileSystem.calls).not.toContain(`sync ${WATERMARK}`)
    await store.close()
    expect(fileSystem.calls).toContain(`sync ${WATERMARK}`)
    expect(tryParseWatermark(fileSystem.get(WATERMARK))).toMatchObject({ clean: true, seq: 1 })
  })

  it('falls back to the slot before when the newest is torn or damaged, for every byte of it', async () => {
    const bytes = (await written(3)).get(WATERMARK)
    const newest = tryParseSlot(bytes.subarray(0, SLOT_BYTES))?.seq === 3 ? 0 : SLOT_BYTES
    for (let at = 0; at < SLOT_BYTES; at++) {
      const damaged = Buffer.from(bytes)
      damaged[newest + at] = (damaged[newest + at] ?? 0) ^ 4
      expect(tryParseWatermark(damaged)?.seq).toBe(2)
    }
    expect(tryParseWatermark(Buffer.alloc(2 * SLOT_BYTES))).toBeUndefined()
    expect(tryParseWatermark(Buffer.alloc(0))).toBeUndefined()
  })

  it('notices a lost commit on the same boot, after a power cut, and after a clean close', async () => {
    const killed = await written(3)
    const cut = killed.powerCutAt(killed.position, new ScriptedChoices([]))
    const closed = killed.killedAt(killed.position)
    await (await MiniStore.open(BASE, { fileSystem: closed })).close()
    for (const disk of [killed.killedAt(killed.position), cut, closed]) {
      loseLastCommit(disk)
      await expect(MiniStore.open(BASE, { fileSystem: disk })).rejects.toMatchObject({
        code: 'JOURNAL_CORRUPT',
        lastSeq: 2,
      })
    }
  })

  it('tells a torn tail on the same boot, where it would be ambiguous on another', async () => {
    const disk = await written(3)
    const wrongSeal = `{"n":4}\t${' '.repeat(32)}\n`
    const sameBoot = disk.killedAt(disk.position)
    sameBoot.appendTo(BASE, Buffer.from(wrongSeal))
    const store = await MiniStore.open(BASE, { fileSystem: sameBoot })
    expect(store.recovery).toMatchObject({ verdict: 'torn', lastSeq: 3 })
    const otherBoot = disk.powerCutAt(disk.position, new ScriptedChoices([]))
    otherBoot.appendTo(BASE, Buffer.from(wrongSeal))
    await expect(MiniStore.open(BASE, { fileSystem: otherBoot })).rejects.toMatchObject({
      code: 'JOURNAL_AMBIGUOUS_TAIL',
    })
  })

  it("holds what was written with durability 'os' against a killed process, not against a power cut", async () => {
    const disk = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem: disk, durability: 'os' })
    await store.append('durable')
    await store.flush()
    await store.append('written')
    const killed = disk.killedAt(disk.position)
    loseLastCommit(killed)
    await expect(MiniStore.open(BASE, { fileSystem: killed })).rejects.toMatchObject({
      code: 'JOURNAL_CORRUPT',
    })
    const cut = disk.powerCutAt(disk.position, new ScriptedChoices([]))
    loseLastCommit(cut)
    const again = await MiniStore.open(BASE, { fileSystem: cut })
    expect(again.lastSeq).toBe(1)
  })

  it('is believed about a journal that is gone, and says how to be rid of it', async () => {
    const disk = await written(2)
    const again = disk.killedAt(disk.position)
    again.discard(BASE)
    await expect(MiniStore.open(BASE, { fileSystem: again })).rejects.toThrow(
      /replaced or deleted on purpose, remove journal\.jsonl\.ack/,
    )
    again.discard(WATERMARK)
    const store = await MiniStore.open(BASE, { fileSystem: again })
    expect(store.recovery.verdict).toBe('created')
  })

  it('does not miss segments that were dropped', async () => {
    const disk = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem: disk })
    await store.appendMany(['a', 'b'])
    const stale = disk.get(WATERMARK)
    await store.dropBefore(3)
    await store.append('c')
    await store.close()
    disk.put(WATERMARK, stale)
    const again = await MiniStore.open(BASE, { fileSystem: disk.killedAt(disk.position) })
    expect(again.recovery).toMatchObject({ verdict: 'clean', firstSeq: 3, lastSeq: 3 })
  })
})

describe('a watermark that cannot be written', () => {
  const failing = (disk: CrashFileSystem, calls: readonly string[]): void => {
    disk.hook = (call, path) => {
      if (path === WATERMARK && calls.includes(call)) throw errno('EIO', path)
    }
  }

  it('is removed, and tried again with each commit; appends resolve', async () => {
    const disk = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem: disk })
    failing(disk, ['write'])
    expect(await store.append('a')).toBe(1)
    expect(await store.append('b')).toBe(2)
    expect(disk.has(WATERMARK)).toBe(false)
    disk.hook = undefined
    expect(await store.append('c')).toBe(3)
    expect(tryParseWatermark(disk.get(WATERMARK))).toMatchObject({ seq: 3 })
  })

  it('fails the store at the next commit when it cannot be removed either: a stale one would lie', async () => {
    const disk = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem: disk })
    failing(disk, ['write', 'remove'])
    expect(await store.append('a')).toBe(1)
    expect(store.status).toBe('failed')
    await expect(store.append('b')).rejects.toMatchObject({
      code: 'STORE_FAILED',
      outcome: 'absent',
      cause: { code: 'WRITE_FAILED', path: WATERMARK },
    })
    await store.close()
    disk.hook = undefined
    expect((await MiniStore.open(BASE, { fileSystem: disk })).lastSeq).toBe(1)
  })

  it('keeps a store from opening when a stale one can neither be renewed nor removed', async () => {
    const disk = (await written(1)).killedAt(0)
    const first = await MiniStore.open(BASE, { fileSystem: disk })
    await first.close()
    failing(disk, ['write', 'remove'])
    await expect(MiniStore.open(BASE, { fileSystem: disk })).rejects.toMatchObject({ code: 'IO' })
    failing(disk, ['open', 'write', 'remove'])
    const store = await MiniStore.open(BASE, { fileSystem: disk }).catch((error: unknown) => error)
    expect(store).toMatchObject({ code: 'IO' })
  })
})

describe('a tail that was cut by an open whose sync failed', () => {
  it('does not come back, though the next open finds nothing to cut', async () => {
    const choices = new ScriptedChoices([2, 2, 2, 2, 2, 2, 2, 2, 0])
    const disk = new CrashFileSystem({ choices })
    const store = await MiniStore.open(BASE, { fileSystem: disk })
    await store.append('kept')
    disk.appendTo(BASE, Buffer.from('{"torn":'))
    await (await disk.open(BASE, 'readWrite')).sync()
    const killed = disk.killedAt(disk.position)
    let isCut = false
    killed.hook = (call) => {
      if (call === 'sync' && isCut) throw errno('EIO', BASE)
      if (call === 'truncate') isCut = true
    }
    await expect(MiniStore.open(BASE, { fileSystem: killed })).rejects.toMatchObject({ code: 'IO' })
    killed.hook = undefined
    const next = killed.killedAt(killed.position)
    const again = await MiniStore.open(BASE, { fileSystem: next })
    expect(again.recovery.verdict).toBe('clean')
    await again.rotate()
    await again.append('after')
    const cut = next.powerCutAt(next.position, new SeededChoices(1))
    expect((await MiniStore.open(BASE, { fileSystem: cut })).lastSeq).toBe(2)
  })
})

describe('names that the simulated disk has lost before', () => {
  /** The machine after a writer was killed in a rotation, before its folder was synced for that time. */
  async function killedInRotation(syncs: number): Promise<CrashFileSystem> {
    const disk = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem: disk })
    await store.append('kept')
    let left = syncs
    disk.hook = (call) => {
      if (call === 'syncDirectory') left--
      if (left === 0) throw errno('EIO', BASE)
    }
    await expect(store.rotate()).rejects.toMatchObject({ code: 'WRITE_FAILED' })
    return disk.killedAt(disk.position)
  }

  it.each([1, 2])('rename %i of a rotation, not synced by a writer that was killed', async (n) => {
    const killed = await killedInRotation(n)
    const again = await MiniStore.open(BASE, { fileSystem: killed })
    await again.append('acknowledged')
    const acknowledgedAt = killed.position
    await again.append('later')
    for (let position = 0; position <= killed.position; position++) {
      for (let seed = 1; seed <= 20; seed++) {
        const cut = killed.powerCutAt(position, new SeededChoices(seed))
        const reopened = await MiniStore.open(BASE, { fileSystem: cut })
        expect(reopened.lastSeq).toBeGreaterThanOrEqual(position < acknowledgedAt ? 1 : 2)
      }
    }
  })
})
