import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MiniStore, type RepairMode, type RepairReport, systemClock } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { BASE, writeJournal } from './support/journals.js'
import { CrashFileSystem, errno } from '@mini-rs/testkit'
import { Random, seedOfRun, temporaryFolder } from '@mini-rs/testkit/vitest'

const SMALL = { maxSegmentBytes: 600 }
const clock = { ...systemClock, now: () => Date.UTC(2026, 10, 23, 19, 15, 0, 123) }
const STAMP = '20261123T191500123Z'

async function journal(commits = 9, options = {}): Promise<CrashFileSystem> {
  const fileSystem = new CrashFileSystem()
  await writeJournal(BASE, commits, { fileSystem, ...options })
  return fileSystem
}

/** Breaks the record that holds `text`, wherever it is; returns the path of its file. */
function breakRecord(fileSystem: CrashFileSystem, text: string): string {
  for (const path of fileSystem.paths) {
    const offset = fileSystem.get(path).indexOf(`${text} `)
    if (offset === -1) continue
    fileSystem.damage(path, offset, Buffer.of(0x58))
    return path
  }
  throw new Error(`no ${text}`)
}

function snapshot(fileSystem: CrashFileSystem): Map<string, string> {
  return new Map(fileSystem.paths.map((path) => [path, fileSystem.get(path).toString('latin1')]))
}

function repair(fileSystem: CrashFileSystem, mode: RepairMode): Promise<RepairReport> {
  return MiniStore.repair(BASE, { ...mode, dryRun: false, fileSystem, clock })
}

async function texts(fileSystem: CrashFileSystem): Promise<string[]> {
  const records = await MiniStore.replay<{ text: string }>(BASE, { fileSystem })
  return records.map(({ text }) => text)
}

describe('a repair on a real disk', () => {
  it('goes full circle: damage, verify, dry run, repair, open, append, reopen, read', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const { records } = await writeJournal(path, 9)
    const bytes = readFileSync(path)
    bytes[bytes.indexOf('record 4.0')] = 0x58
    writeFileSync(path, bytes)
    expect(await MiniStore.verify(path)).toMatchObject({ isDamaged: true, records: 14 })
    await expect(MiniStore.open(path)).rejects.toMatchObject({ code: 'JOURNAL_CORRUPT' })

    const files = readdirSync(join(path, '..'))
    const planned = await MiniStore.repair(path, { skipCorrupt: true })
    expect(planned).toMatchObject({ isWritten: false, isNeeded: true, droppedRecords: 1 })
    expect(readdirSync(join(path, '..'))).toEqual(files)
    expect(readFileSync(path)).toEqual(bytes)

    const done = await MiniStore.repair(path, { skipCorrupt: true, dryRun: false })
    expect(done).toMatchObject({
      isWritten: true,
      firstSeq: 1,
      lastSeq: 14,
      dropped: [{ firstSeq: 7, lastSeq: 7 }],
      renumbered: [{ firstSeq: 8, lastSeq: 15, newFirstSeq: 7 }],
    })
    expect(readFileSync(done.originals[0]?.keptAs ?? '')).toEqual(bytes)
    expect(await MiniStore.verify(path)).toMatchObject({ verdict: 'clean', isDamaged: false })
    const store = await MiniStore.open(path)
    expect(await store.append({ n: -1 })).toBe(15)
    await store.close()
    const again = await MiniStore.open(path)
    expect(again.recovery.verdict).toBe('clean')
    await again.close()
    expect(await MiniStore.replay(path)).toEqual([...records.toSpliced(6, 1), { n: -1 }])
  })

  it('is kept out while a store is open, and keeps stores out while it writes', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const store = await MiniStore.open(path)
    await expect(
      MiniStore.repair(path, { skipCorrupt: true, dryRun: false }),
    ).rejects.toMatchObject({ code: 'JOURNAL_LOCKED' })
    expect(await MiniStore.repair(path, { skipCorrupt: true })).toMatchObject({ isNeeded: false })
    await store.close()
  })

  it('does nothing where there is no journal, and touches no file that is none', async () => {
    const folder = temporaryFolder()
    const none = { skipCorrupt: true, dryRun: false } as const
    const report = await MiniStore.repair(join(folder, 'a', 'journal.jsonl'), none)
    expect(report).toMatchObject({ isNeeded: false, isWritten: false })
    expect(existsSync(join(folder, 'a'))).toBe(false)
    const path = join(folder, 'package.json')
    writeFileSync(path, '{ "name": "x" }\n')
    await expect(MiniStore.repair(path, none)).rejects.toMatchObject({ code: 'JOURNAL_HEADER' })
    expect(readFileSync(path, 'utf8')).toBe('{ "name": "x" }\n')
  })
})

describe('skipCorrupt', () => {
  it('leaves a journal alone that is not damaged, even where its tail is torn', async () => {
    const fileSystem = await journal()
    const before = snapshot(fileSystem)
    expect(await repair(fileSystem, { skipCorrupt: true })).toMatchObject({
      isNeeded: false,
      isWritten: false,
      lastSeq: 15,
      originals: [],
    })
    expect(snapshot(fileSystem)).toEqual(before)
    fileSystem.appendTo(BASE, Buffer.from('{"never":"acknow'))
    expect(await repair(fileSystem, { skipCorrupt: true })).toMatchObject({ isNeeded: false })
  })

  it('mends damage in an archived segment, and all that its CRC goes into', async () => {
    const fileSystem = await journal(20, SMALL)
    const all = await texts(fileSystem)
    const path = breakRecord(fileSystem, 'record 8.1')
    breakRecord(fileSystem, 'record 12.0')
    const before = snapshot(fileSystem)
    const report = await repair(fileSystem, { skipCorrupt: true })
    expect(report).toMatchObject({ isWritten: true, droppedRecords: 4 })
    expect(report.originals[0]).toEqual({ path, keptAs: `${path}.broken-${STAMP}` })
    for (const { path: original, keptAs } of report.originals) {
      expect(fileSystem.get(keptAs).toString('latin1')).toBe(before.get(original))
    }
    const verified = await MiniStore.verify(BASE, { fileSystem })
    expect(verified).toMatchObject({ verdict: 'clean', isDamaged: false, lastSeq: all.length - 4 })
    const kept = all.filter((text) => !/^record (8\.|12\.0)/.test(text))
    expect(await texts(fileSystem)).toEqual(kept)
    const untouched = [...before].filter(([name]) => name < path && /\d{6}$/.test(name))
    for (const [name, text] of untouched) expect(snapshot(fileSystem).get(name)).toBe(text)
  })

  it('closes the gap that a missing segment leaves, and says which numbers went', async () => {
    const fileSystem = await journal(20, SMALL)
    const { segments } = await MiniStore.verify(BASE, { fileSystem })
    const [, gone] = segments
    fileSystem.discard(`${BASE}.000002`)
    const report = await repair(fileSystem, { skipCorrupt: true })
    const firstSeq = gone?.firstSeq ?? 0
    const lastSeq = firstSeq + (gone?.records ?? 0) - 1
    expect(report.dropped).toEqual([{ firstSeq, lastSeq }])
    expect(report.renumbered[0]).toMatchObject({ firstSeq: lastSeq + 1, newFirstSeq: firstSeq })
    expect(await MiniStore.verify(BASE, { fileSystem })).toMatchObject({ isDamaged: false })
    const store = await MiniStore.open(BASE, { fileSystem })
    expect(store.lastSeq).toBe(report.lastSeq)
    await store.close()
  })

  it('keeps the records whose seal alone is damaged, and those behind a damaged header', async () => {
    const fileSystem = await journal()
    const all = await texts(fileSystem)
    const bytes = fileSystem.get(BASE)
    const x = Buffer.from('x')
    fileSystem.damage(BASE, bytes.indexOf(10, bytes.indexOf('record 1.0')) - 5, x)
    fileSystem.damage(BASE, 5, x)
    expect(await MiniStore.verify(BASE, { fileSystem })).toMatchObject({ records: 15 })
    fileSystem.damage(BASE, 5, Buffer.from('N'))
    fileSystem.damage(BASE, bytes.indexOf('0.1.0'), Buffer.from('1'))
    const report = await repair(fileSystem, { skipCorrupt: true })
    expect(report).toMatchObject({ isWritten: true, droppedRecords: 0, renumbered: [] })
    expect(await texts(fileSystem)).toEqual(all)
  })

  it('drops a segment of which nothing is left, and goes on with the number', async () => {
    const fileSystem = await journal(20, SMALL)
    const all = await texts(fileSystem)
    const archived = fileSystem.get(`${BASE}.000002`)
    const count = archived.toString('utf8').split('\n').length - 2
    fileSystem.alter(`${BASE}.000002`, (bytes) => bytes.fill(0x58, bytes.indexOf(10) + 1))
    const first = fileSystem.get(`${BASE}.000001`).toString('utf8').split('\n').length - 2
    const report = await repair(fileSystem, { skipCorrupt: true })
    expect(report.droppedRecords).toBe(count)
    expect(await texts(fileSystem)).toEqual(all.toSpliced(first, count))
    expect(await MiniStore.verify(BASE, { fileSystem })).toMatchObject({ verdict: 'clean' })
  })

  it('keeps what no seal covers as it is', async () => {
    const fileSystem = new CrashFileSystem()
    const lines = ['// MINISTORE JOURNAL v0.1.0', '{"n":1}', '{"n":2', '{"n":3.0}', '']
    fileSystem.put(BASE, Buffer.from(lines.join('\n')))
    await repair(fileSystem, { skipCorrupt: true })
    expect(fileSystem.get(BASE).toString()).toBe(lines.toSpliced(2, 1).join('\n'))
  })

  it('removes the watermark, which speaks of the old files, before the journal loses its marker', async () => {
    const fileSystem = await journal()
    fileSystem.put(`${BASE}.ack`, Buffer.from('{}'))
    breakRecord(fileSystem, 'record 3.0')
    fileSystem.calls.length = 0
    await repair(fileSystem, { skipCorrupt: true })
    expect(fileSystem.has(`${BASE}.ack`)).toBe(false)
    const removed = fileSystem.calls.indexOf(`remove ${BASE}.ack`)
    expect(fileSystem.calls[removed + 1]).toMatch(/^syncDirectory/)
    const renames = fileSystem.calls.flatMap((call, at) => (call.startsWith('rename ') ? [at] : []))
    expect(renames.filter((at) => at > removed)).toEqual([renames.at(-1)])
  })

  it.skipIf(process.platform === 'win32')(
    'gives nobody more rights to the files than before',
    async () => {
      const path = join(temporaryFolder(), 'journal.jsonl')
      await writeJournal(path, 20, { ...SMALL, mode: 0o600 })
      const text = readFileSync(`${path}.000001`, 'latin1')
      writeFileSync(`${path}.000001`, text.replace('record 0.0', 'record X.0'), 'latin1')
      await MiniStore.repair(path, { skipCorrupt: true, dryRun: false })
      const names = readdirSync(join(path, '..'))
      expect(names.filter((name) => name.includes('.broken-')).length).toBeGreaterThan(0)
      const modes = names
        .filter((name) => !name.endsWith('.lock'))
        .map((name) => statSync(join(path, '..', name)).mode & 0o777)
      expect(new Set(modes)).toEqual(new Set([0o600]))
    },
  )

  it('gives up on its signal while it reads, and has changed nothing', async () => {
    const fileSystem = await journal()
    breakRecord(fileSystem, 'record 3.0')
    const before = snapshot(fileSystem)
    const controller = new AbortController()
    const repairing = MiniStore.repair(BASE, {
      skipCorrupt: true,
      dryRun: false,
      fileSystem,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    })
    await expect(repairing).rejects.toThrow('enough')
    expect(snapshot(fileSystem)).toEqual(before)
  })

  it('refuses two files of one number: only a person can know which is right', async () => {
    const fileSystem = await journal(20, SMALL)
    fileSystem.put(`${BASE}.001`, fileSystem.get(`${BASE}.000001`))
    const before = snapshot(fileSystem)
    await expect(repair(fileSystem, { skipCorrupt: true })).rejects.toThrow(/there twice/)
    expect(snapshot(fileSystem)).toEqual(before)
  })
})

describe('cutAt', () => {
  it('ends the journal before a record, whatever is damaged behind it', async () => {
    const fileSystem = await journal()
    const all = await texts(fileSystem)
    breakRecord(fileSystem, 'record 4.0')
    const report = await repair(fileSystem, { cutAt: 7 })
    expect(report).toMatchObject({ isWritten: true, lastSeq: 6, droppedRecords: 9, renumbered: [] })
    expect(report.dropped).toEqual([{ firstSeq: 7, lastSeq: 15 }])
    expect(await texts(fileSystem)).toEqual(all.slice(0, 6))
  })

  it('goes back to the beginning of a commit that it would cut, for a commit is all or nothing', async () => {
    const fileSystem = await journal()
    const report = await repair(fileSystem, { cutAt: 5 })
    expect(report).toMatchObject({ isWritten: true, lastSeq: 2 })
    expect(await texts(fileSystem)).toHaveLength(2)
  })

  it('cuts in an archived segment, which becomes the active one', async () => {
    for (const cutAt of [1, 2, 9, 12]) {
      const fileSystem = await journal(20, SMALL)
      const all = await texts(fileSystem)
      const report = await repair(fileSystem, { cutAt })
      expect(await texts(fileSystem)).toEqual(all.slice(0, report.lastSeq))
      const store = await MiniStore.open<unknown>(BASE, { fileSystem })
      expect(store.recovery.verdict).toBe('clean')
      expect(await store.append('next')).toBe(report.lastSeq + 1)
      await store.close()
      expect(await MiniStore.verify(BASE, { fileSystem })).toMatchObject({ isDamaged: false })
    }
  })

  it('refuses to keep damage, and to cut before the oldest record', async () => {
    const fileSystem = await journal()
    breakRecord(fileSystem, 'record 4.0')
    const before = snapshot(fileSystem)
    await expect(repair(fileSystem, { cutAt: 9 })).rejects.toMatchObject({
      code: 'JOURNAL_CORRUPT',
      firstSeq: 7,
    })
    expect(snapshot(fileSystem)).toEqual(before)
    const dropped = await journal(20, SMALL)
    dropped.discard(`${BASE}.000001`)
    await expect(repair(dropped, { cutAt: 2 })).rejects.toThrow(/cutAt must be at least/)
    expect(await repair(dropped, { cutAt: 99 })).toMatchObject({ isNeeded: false })
  })

  it('checks what it is asked for', async () => {
    const wrong = [{}, { cutAt: 1, skipCorrupt: true }, { skipCorrupt: false }, { cutAt: '1' }]
    for (const options of wrong) {
      await expect(MiniStore.repair(BASE, options as never)).rejects.toThrow(TypeError)
    }
    await expect(MiniStore.repair(BASE, { cutAt: 0 })).rejects.toThrow(RangeError)
  })
})

describe('a repair of random damage', () => {
  it('keeps exactly what verifies, invents nothing, and leaves a journal that opens', async () => {
    const random = new Random(seedOfRun('repair'))
    const whole = snapshot(await journal(25, { maxSegmentBytes: 700 }))
    const all = await texts(restored(whole))
    let written = 0
    for (let round = 0; round < 150; round++) {
      const fileSystem = restored(whole)
      for (let hits = random.int(4) + 1; hits > 0; hits--) hurt(fileSystem, random)
      const before = await MiniStore.verify(BASE, { fileSystem })
      if (before.verdict === 'JOURNAL_HEADER' && before.records === 0) continue
      const report = await repair(fileSystem, { skipCorrupt: true }).catch((error: unknown) => {
        // A file of which neither header nor record is left may be no journal.
        expect(error).toMatchObject({ code: expect.stringMatching(/^JOURNAL_(HEADER|VERSION)$/) })
      })
      if (report === undefined) continue
      if (report.isWritten) written++
      const after = await MiniStore.verify(BASE, { fileSystem })
      expect(after, `round ${round}`).toMatchObject({ isDamaged: false, records: before.records })
      const store = await MiniStore.open<unknown>(BASE, { fileSystem })
      expect(await store.append({ text: 'next' }), `round ${round}`).toBe(report.lastSeq + 1)
      await store.close()
      const kept = await texts(fileSystem)
      expect(kept.pop()).toBe('next')
      expect(kept, `round ${round}`).toEqual(all.filter((text) => kept.includes(text)))
      expect(kept).toHaveLength(before.records)
    }
    expect(written).toBeGreaterThan(100)
  })
})

/** A flipped bit, a zeroed sector, a cut, or a lost file. */
function hurt(fileSystem: CrashFileSystem, random: Random): void {
  const paths = fileSystem.paths.filter((path) => /jsonl(\.\d+)?$/.test(path))
  const path = paths[random.int(paths.length)] ?? BASE
  const bytes = fileSystem.get(path)
  const offset = random.int(Math.max(1, bytes.length))
  const kind = random.int(12)
  if (kind === 0 && path !== BASE) fileSystem.discard(path)
  else if (kind === 1) fileSystem.put(path, bytes.subarray(0, offset))
  else if (kind === 2) {
    const sector = offset - (offset % 512)
    fileSystem.alter(path, (all) => all.fill(0, sector, Math.min(sector + 512, all.length)))
  } else {
    fileSystem.damage(path, offset, Buffer.of((bytes[offset] ?? 0) ^ (1 << random.int(8))))
  }
}

describe('a repair that a crash interrupts', () => {
  const modes: RepairMode[] = [{ skipCorrupt: true }, { cutAt: 9 }]
  for (const mode of modes) {
    it(`keeps the originals at every call, and is finished by the next one: ${JSON.stringify(mode)}`, async () => {
      const damaged = await journal(12, { maxSegmentBytes: 400 })
      breakRecord(damaged, 'record 6.0')
      const second = `${BASE}.000002`
      damaged.damage(second, 200, Buffer.alloc(damaged.get(second).length - 200, 0x58))
      const isCut = mode.cutAt !== undefined
      if (isCut)
        damaged.put(
          `${BASE}.000002`,
          (await journal(12, { maxSegmentBytes: 400 })).get(`${BASE}.000002`),
        )
      const before = snapshot(damaged)
      const reference = restored(before)
      const wanted = await repair(reference, mode)
      const finished = journalOf(reference)
      const outcomes = { old: 0, refused: 0, done: 0 }
      for (let call = 1; call <= reference.calls.length; call++) {
        const fileSystem = restored(before)
        let count = 0
        fileSystem.hook = () => {
          if (++count >= call) throw errno('EIO', 'the power is off')
        }
        await repair(fileSystem, mode).catch(() => undefined)
        fileSystem.hook = undefined
        const now = journalOf(fileSystem)
        const isOld = [...journalOf(restored(before))].every(
          ([path, text]) => now.get(path) === text,
        )
        if (!isOld)
          for (const { path, keptAs } of wanted.originals) {
            expect(fileSystem.get(keptAs).toString('latin1'), `call ${call}`).toBe(before.get(path))
          }
        const isDone =
          [...finished].every(([path, text]) => now.get(path) === text) &&
          now.size === finished.size
        if (!isOld && !isDone) {
          await expect(MiniStore.open(BASE, { fileSystem })).rejects.toThrow(/run the repair again/)
          await expect(MiniStore.replay(BASE, { fileSystem })).rejects.toMatchObject({
            code: 'JOURNAL_CORRUPT',
          })
          const dry = await MiniStore.repair(BASE, { ...mode, fileSystem })
          expect(dry).toMatchObject({ hasFinishedEarlier: true, lastSeq: wanted.lastSeq })
        }
        outcomes[isOld ? 'old' : isDone ? 'done' : 'refused']++
        const report = await repair(fileSystem, mode)
        expect(report.lastSeq, `call ${call}`).toBe(wanted.lastSeq)
        expect(journalOf(fileSystem), `call ${call}`).toEqual(finished)
        const leftovers = fileSystem.paths.filter((path) => /repair|part/.test(path))
        expect(leftovers).toEqual([])
      }
      console.log(`${JSON.stringify(mode)} interrupted:`, outcomes)
      expect(outcomes.old).toBeGreaterThan(10)
      expect(outcomes.refused).toBeGreaterThan(2)
    })
  }
})

function restored(files: ReadonlyMap<string, string>): CrashFileSystem {
  const fileSystem = new CrashFileSystem()
  for (const [path, text] of files) fileSystem.put(path, Buffer.from(text, 'latin1'))
  return fileSystem
}

/** The journal's own files, without what stands beside it. */
function journalOf(fileSystem: CrashFileSystem): Map<string, string> {
  return new Map([...snapshot(fileSystem)].filter(([path]) => /jsonl(\.\d+)?$/.test(path)))
}

describe('cutAt at the damaged end of a segment', () => {
  it.each([
    ['the active one', 4, {}],
    ['an archived one', 20, SMALL],
  ] as const)('cuts it, and the journal opens: %s', async (_name, commits, options) => {
    for (const hasWatermark of [true, false]) {
      const fileSystem = await journal(commits, options)
      const path = commits === 4 ? BASE : `${BASE}.000002`
      const lines = fileSystem.get(path).toString('utf8').split('\n')
      const text = /record \d+\.\d+/.exec(lines.at(-2) ?? '')?.[0] ?? ''
      breakRecord(fileSystem, text)
      const before = await texts(await journal(commits, options))
      const cutAt = before.findIndex((one) => one.startsWith(text)) + 1
      if (!hasWatermark) fileSystem.discard(`${BASE}.ack`)
      const report = await repair(fileSystem, { cutAt })
      expect(report).toMatchObject({ isWritten: true })
      const store = await MiniStore.open(BASE, { fileSystem })
      expect(store.lastSeq).toBe(report.lastSeq)
      expect(report.lastSeq).toBeLessThan(cutAt)
      await store.close()
    }
  })
})

describe('a journal that lost acknowledged records', () => {
  it('is refused by every call, explained by verify, and opened again by a repair that accepts the loss', async () => {
    const fileSystem = await journal(4)
    const bytes = fileSystem.get(BASE)
    const cut = bytes.lastIndexOf(10, bytes.lastIndexOf('record 3.0')) + 1
    fileSystem.put(BASE, bytes.subarray(0, cut))
    for (const attempt of [
      () => MiniStore.open(BASE, { fileSystem }),
      () => MiniStore.replay(BASE, { fileSystem }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'JOURNAL_CORRUPT' })
      await expect(attempt()).rejects.toThrow(
        /acknowledged records are missing.*remove journal\.jsonl\.ack$/,
      )
    }
    const report = await MiniStore.verify(BASE, { fileSystem })
    expect(report).toMatchObject({ verdict: 'JOURNAL_CORRUPT', isDamaged: true })
    expect(report.missing).toMatch(/had reached byte/)
    const wanted = await MiniStore.repair(BASE, { fileSystem, skipCorrupt: true })
    expect(wanted).toMatchObject({ isNeeded: true, isWritten: false, originals: [] })
    expect(await repair(fileSystem, { skipCorrupt: true })).toMatchObject({ isWritten: true })
    expect(await MiniStore.verify(BASE, { fileSystem })).toMatchObject({ isDamaged: false })
    const store = await MiniStore.open(BASE, { fileSystem })
    expect(store.recovery.verdict).toBe('clean')
    await store.append('after')
    await store.close()
    expect((await MiniStore.replay(BASE, { fileSystem })).at(-1)).toBe('after')
  })
})
