import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { MiniStore, MiniStoreError, type OpenOptions } from '@mini-rs/ministore'
import { nodeFileSystem } from '@mini-rs/ministore/fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { expectWholeJournal, highestOf, journalBytes } from './support/check-journal.js'
import { LoopDisk, whyNoLoopDisk } from './support/loop-disk.js'
import { type Numbered, recordOf } from './support/numbered.mjs'
import { SpokenLines, programAt } from './support/spoken-lines.js'
import { countFromEnv, proving, Random, recordProof, seedOfRun } from '@mini-rs/testkit/vitest'

const CUTS = countFromEnv('POWER_CUTS', 5)
const CUTS_PER_JOURNAL = 10

/** The machine as it is after so many power cuts: each boot has its own name. */
function optionsOfBoot(boot: number): OpenOptions<Numbered> {
  return { fileSystem: { ...nodeFileSystem, bootId: async () => `boot ${boot}` } }
}

interface Cut {
  /**
   * The last number that had arrived when the switch was thrown. An answer that arrives later does not
   * count: with the power it would not have left the machine, and this kernel lets an fdatasync that
   * runs into the shutdown return 0 (10 times in 150 with a bare loop of pwrite and fdatasync in C).
   */
  readonly acknowledged: number
  readonly answersAfter: number
  /** The highest number that `dropBefore` was asked for. */
  readonly dropping: number
}

/** Lets a writer write until so many answers came, and cuts the power under it. */
async function cutUnderWriter(
  disk: LoopDisk,
  writer: Readonly<Record<string, unknown>>,
  answerCount: number,
): Promise<Cut> {
  const lines = new SpokenLines(process.execPath, [
    programAt('steady-writer.mjs'),
    JSON.stringify(writer),
  ])
  let acknowledged = 0
  try {
    // With none, the cut falls into the opening of the journal.
    const isAwaited = (line: string): boolean =>
      answerCount === 0 ? line === 'started' : line.startsWith('acknowledged ')
    const answers = await lines.waitFor(isAwaited, Math.max(1, answerCount))
    if (answers.length === 0) throw new Error(`the writer ended by itself: ${lines.errors}`)
    acknowledged = highestOf('acknowledged', lines.lines)
    await disk.cut()
  } finally {
    await lines.kill()
  }
  disk.remount()
  return {
    acknowledged,
    answersAfter: Math.max(0, highestOf('acknowledged', lines.lines) - acknowledged),
    dropping: highestOf('dropping', lines.lines),
  }
}

/** All that is promised after a power cut. Resolves to what the first open decided, and the last record now. */
async function expectNothingLost(
  path: string,
  boot: number,
  promised: Pick<Cut, 'acknowledged' | 'dropping'>,
): Promise<{ verdict: string; lastSeq: number }> {
  const options = optionsOfBoot(boot)
  const store = await MiniStore.open<Numbered>(path, options)
  const { lastSeq, firstSeq } = store
  await store.close()
  expect(lastSeq).toBeGreaterThanOrEqual(promised.acknowledged)
  expect(firstSeq).toBeLessThanOrEqual(Math.max(1, promised.dropping))
  const { first, last } = await expectWholeJournal(path)
  if (last > 0) expect([first, last]).toEqual([firstSeq, lastSeq])

  const bytes = journalBytes(path)
  const again = await MiniStore.open<Numbered>(path, options)
  const bytesAgain = journalBytes(path)
  const appended = await again.append(recordOf(lastSeq + 1))
  await again.close()
  expect(again.recovery).toMatchObject({ verdict: 'clean', setAside: undefined, lastSeq })
  expect(bytesAgain).toEqual(bytes)
  expect(appended).toBe(lastSeq + 1)
  expect((await expectWholeJournal(path)).last).toBe(lastSeq + 1)
  return { verdict: store.recovery.verdict, lastSeq: lastSeq + 1 }
}

/** One of the ways to write, drawn for a cut. */
function drawWriter(cut: number, random: Random): Readonly<Record<string, unknown>> {
  return {
    bootId: `boot ${cut}`,
    callers: [1, 4, 32][cut % 3],
    maxSegmentBytes: 4096 * (1 + random.int(16)),
    syncOn: ['threadPool', 'inline'][random.int(2)],
    drops: random.int(2) === 0,
    syncs: true,
  }
}

const reason = whyNoLoopDisk()

describe('a power cut', () => {
  it(
    `under a running writer loses no acknowledged record, ${CUTS} times`,
    { timeout: 60_000 + CUTS * 5_000 },
    async (context) => {
      if (reason !== undefined) return context.skip(`no power can be cut here: ${reason}`)
      const seed = seedOfRun('power cut')
      const random = new Random(seed)
      const disk = LoopDisk.create()
      onTestFinished(() => disk.destroy())
      disk.prepareCut()
      const verdicts: Record<string, number> = {}
      const figures = { verdicts, checkedRecords: 0, cutOpenings: 0, answersAfterCut: 0 }
      const proveAll = async (): Promise<void> => {
        let known = { dropping: 0, lastSeq: 0 }
        for (let cut = 0; cut < CUTS; cut++) {
          if (cut % CUTS_PER_JOURNAL === 0) known = { dropping: 0, lastSeq: 0 }
          const journal = `journal-${Math.floor(cut / CUTS_PER_JOURNAL)}`
          const path = join(disk.folder, journal, 'journal.jsonl')
          const answerCount = cut % 8 === 7 ? 0 : 1 + random.int(400)
          const done = await cutUnderWriter(disk, { path, ...drawWriter(cut, random) }, answerCount)
          const acknowledged = Math.max(known.lastSeq, done.acknowledged)
          known.dropping = Math.max(known.dropping, done.dropping)
          const promised = { acknowledged, dropping: known.dropping }
          const { verdict, lastSeq } = await expectNothingLost(path, cut + 1, promised)
          known.lastSeq = lastSeq
          verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
          figures.checkedRecords += lastSeq
          figures.answersAfterCut += done.answersAfter
          if (answerCount === 0) figures.cutOpenings++
        }
      }
      await proving({ row: 'power cut', count: CUTS, seed }, () => figures, proveAll)
      expect(figures.checkedRecords).toBeGreaterThan(0)
      console.log(`${CUTS} power cuts:`, figures)
    },
  )

  it('loses acknowledged records where the sync does nothing, so the cut is real', async (context) => {
    if (reason !== undefined) return context.skip(`no power can be cut here: ${reason}`)
    const disk = LoopDisk.create()
    onTestFinished(() => disk.destroy())
    disk.prepareCut()
    let lossCount = 0
    const cutCount = 3
    for (let cut = 0; cut < cutCount; cut++) {
      const folder = join(disk.folder, `journal-${cut}`)
      mkdirSync(folder)
      const path = join(folder, 'journal.jsonl')
      const writer = {
        path,
        bootId: 'boot 0',
        callers: 1,
        maxSegmentBytes: 2 ** 26,
        syncOn: 'inline',
        drops: false,
        syncs: false,
      }
      const done = await cutUnderWriter(disk, writer, 200)
      expect(done.acknowledged).toBeGreaterThanOrEqual(200)
      if (await hasLost(path, done.acknowledged)) lossCount++
    }
    const failures = cutCount - lossCount
    const row = 'power cut where the sync does nothing: loses records'
    recordProof({ row, count: cutCount, seed: undefined, failures })
    expect(lossCount).toBe(cutCount)
  })
})

async function hasLost(path: string, acknowledged: number): Promise<boolean> {
  try {
    const store = await MiniStore.open<Numbered>(path, optionsOfBoot(1))
    await store.close()
    return store.lastSeq < acknowledged
  } catch (error) {
    if (MiniStoreError.is(error) && error.code.startsWith('JOURNAL_')) return true
    throw error
  }
}
