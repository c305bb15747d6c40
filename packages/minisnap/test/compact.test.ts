import { MiniStore } from '@mini-rs/ministore'
import { SnapStore, compact } from '@mini-rs/minisnap'
import { CrashFileSystem, MemoryCluster, MemorySnapshotStore } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { FOLDER, pathOf } from './support/snapshots.js'

const JOURNAL = '/journal.jsonl'

type Ids = readonly number[]

/** A log of five segments, ten records each, and snapshots of these numbers. */
async function fiveSegments(seqs: readonly number[], keep = 2) {
  const fileSystem = new CrashFileSystem()
  const log = await MiniStore.open<number>(JOURNAL, { fileSystem })
  const snapshots = new SnapStore<Ids>(FOLDER, { fileSystem, keep })
  for (let id = 1; id <= 50; id++) {
    await log.append(id)
    if (seqs.includes(id)) await snapshots.create(upTo(id), id, { log })
    if (id % 10 === 0 && id < 50) await log.rotate()
  }
  return { fileSystem, log, snapshots }
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

/** What a program does when it starts: the newest snapshot, and the records after it. */
async function recover(fileSystem: CrashFileSystem): Promise<{ ids: number[]; replayed: number }> {
  const restored = await new SnapStore<Ids>(FOLDER, { fileSystem }).tryRestore()
  const tail = await MiniStore.replay<number>(JOURNAL, {
    fileSystem,
    from: (restored?.seq ?? 0) + 1,
  })
  return { ids: [...(restored?.state ?? []), ...tail], replayed: tail.length }
}

describe('compact', () => {
  it('drops only segments at or before the older of two snapshots', async () => {
    const { fileSystem, log, snapshots } = await fiveSegments([25, 45])
    const report = await compact(log, snapshots)
    expect(report).toMatchObject({ droppedSegments: 2, droppedRecords: 20, throughSeq: 25 })
    expect(report.freedBytes).toBeGreaterThan(0)
    expect(log.firstSeq).toBe(21)
    await log.close()
    expect(await recover(fileSystem)).toEqual({ ids: upTo(50), replayed: 5 })
  })

  it('leaves the tail that the older snapshot needs when the newer is damaged afterwards', async () => {
    const { fileSystem, log, snapshots } = await fiveSegments([25, 45])
    await compact(log, snapshots)
    await log.close()
    fileSystem.damage(pathOf(45), 20, Buffer.from('#'))
    expect(await recover(fileSystem)).toEqual({ ids: upTo(50), replayed: 25 })
  })

  it('drops nothing while there are fewer whole snapshots than are kept', async () => {
    const { fileSystem, log, snapshots } = await fiveSegments([45])
    const nothing = { droppedSegments: 0, droppedRecords: 0, freedBytes: 0, throughSeq: undefined }
    expect(await compact(log, snapshots)).toEqual(nothing)
    await snapshots.create(upTo(50), 50, { log })
    fileSystem.damage(pathOf(45), 20, Buffer.from('#'))
    expect(await compact(log, snapshots)).toEqual(nothing)
    expect(log.firstSeq).toBe(1)
  })

  it('drops one snapshot worth when one is kept', async () => {
    const { log, snapshots } = await fiveSegments([45], 1)
    expect(await compact(log, snapshots)).toMatchObject({ droppedRecords: 40, throughSeq: 45 })
  })

  it('drops nothing at or after keepFrom', async () => {
    const { log, snapshots } = await fiveSegments([25, 45])
    const report = await compact(log, snapshots, { keepFrom: 11 })
    expect(report).toMatchObject({ droppedRecords: 10, throughSeq: 10 })
    expect(log.firstSeq).toBe(11)
    await expect(compact(log, snapshots, { keepFrom: 0 })).rejects.toThrow(RangeError)
  })

  it('archives the active segment when that lets it go', async () => {
    const { log, snapshots } = await fiveSegments([45])
    await snapshots.create(upTo(50), 50, { log })
    await log.append(51)
    await log.append(52)
    expect(await compact(log, snapshots)).toMatchObject({ droppedRecords: 40 })
    await snapshots.create(upTo(52), 52, { log })
    await snapshots.create(upTo(52), 53).catch(() => undefined)
    const whole = await snapshots.verify()
    expect(whole.map(({ seq }) => seq)).toEqual([53, 52])
  })

  it('empties a log whose every record is in both snapshots', async () => {
    const { fileSystem, log, snapshots } = await fiveSegments([45, 50], 1)
    expect(await compact(log, snapshots)).toMatchObject({ droppedRecords: 50, throughSeq: 50 })
    expect(log).toMatchObject({ firstSeq: 51, lastSeq: 50 })
    expect(await log.append(51)).toBe(51)
    await log.close()
    expect(await recover(fileSystem)).toEqual({ ids: upTo(51), replayed: 1 })
  })

  it('counts no snapshot that is ahead of the log', async () => {
    const { log, snapshots } = await fiveSegments([45])
    await snapshots.create(upTo(60), 60)
    expect(await compact(log, snapshots)).toMatchObject({
      droppedSegments: 0,
      throughSeq: undefined,
    })
  })

  it('has nothing to do when it is called again', async () => {
    const { log, snapshots } = await fiveSegments([25, 45])
    await compact(log, snapshots)
    expect(await compact(log, snapshots)).toMatchObject({ droppedSegments: 0, throughSeq: 25 })
  })

  it('works on any log behind the port', async () => {
    const log = new MemoryCluster<number>().connect()
    const fileSystem = new CrashFileSystem()
    const snapshots = new SnapStore<Ids>(FOLDER, { fileSystem })
    for (const id of upTo(20)) {
      const seq = await log.append(id)
      if (id % 5 === 0) await snapshots.create(upTo(id), seq, { log })
    }
    const { throughSeq } = await compact(log, snapshots)
    expect(throughSeq).toBe((await snapshots.list())[1]?.seq)
    expect(log.droppedThroughSeq).toBeLessThanOrEqual(throughSeq ?? 0)
  })

  it('works with any store behind the port', async () => {
    const { log } = await fiveSegments([])
    const snapshots = new MemorySnapshotStore<Ids>()
    for (const seq of [25, 45]) await snapshots.create(upTo(seq), seq, { log })
    expect(await compact(log, snapshots)).toMatchObject({ droppedRecords: 20, throughSeq: 25 })
    await snapshots.create(upTo(50), 50, { log })
    snapshots.damage(50)
    expect(await compact(log, snapshots)).toMatchObject({
      droppedRecords: 0,
      throughSeq: undefined,
    })
  })
})

describe('a crash between snapshot and compaction, and at every call of either', () => {
  it('loses nothing and applies nothing twice, and the next call finishes the work', async () => {
    const script = async (fileSystem: CrashFileSystem): Promise<void> => {
      const log = await MiniStore.open<number>(JOURNAL, { fileSystem })
      const snapshots = new SnapStore<Ids>(FOLDER, { fileSystem })
      await snapshots.create(upTo(50), 50, { log })
      await compact(log, snapshots)
      await log.close()
    }
    const { fileSystem, log } = await fiveSegments([25, 45])
    await log.close()
    const clean = fileSystem.killedAt(fileSystem.position)
    await script(clean)
    let cases = 0
    for (let at = 0; at < clean.calls.length; at++) {
      const disk = fileSystem.killedAt(fileSystem.position)
      let call = 0
      disk.hook = (_call, path) => {
        if (call++ >= at) throw Object.assign(new Error(`dead: ${path}`), { code: 'EIO' })
      }
      await script(disk).catch(() => undefined)
      const next = disk.killedAt(disk.position)
      expect((await recover(next)).ids).toEqual(upTo(50))
      await script(next)
      expect((await recover(next)).ids).toEqual(upTo(50))
      const left = await MiniStore.open<number>(JOURNAL, { fileSystem: next })
      expect(left.firstSeq).toBe(41)
      await left.close()
      expect(next.paths.filter((path) => path.includes('.tmp'))).toEqual([])
      cases++
    }
    expect(cases).toBeGreaterThan(50)
  })
})
