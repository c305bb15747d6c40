import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { type Judgement, judge, judgePath, writeJournal } from './support/journals.js'
import { Random, seedOfRun, temporaryFolder } from '@mini-rs/testkit/vitest'

const COMMITS = 20

/** Whether nothing wrong was shown: what came back is a prefix of whole commits, and a shorter one was reported or refused. */
function isHonest(
  judged: Judgement,
  records: readonly unknown[],
  commitEnds: readonly number[],
): boolean {
  if (judged.refused !== undefined) return true
  const isPrefix = judged.records.every(
    (record, index) => JSON.stringify(record) === JSON.stringify(records[index]),
  )
  const isWhole = judged.records.length === 0 || commitEnds.includes(judged.records.length)
  const isComplete = judged.records.length === records.length
  return isPrefix && isWhole && (isComplete || judged.report?.setAside !== undefined)
}

async function sample(): Promise<{
  path: string
  bytes: Buffer
  records: unknown[]
  commitEnds: number[]
}> {
  const path = join(temporaryFolder(), 'journal.jsonl')
  const written = await writeJournal(path, COMMITS)
  return { path, bytes: readFileSync(path), ...written }
}

describe('a journal that was cut', () => {
  it('gives back all commits before the cut, keeps the cut bytes, and goes on, at every byte', async () => {
    const { path, bytes, records, commitEnds } = await sample()
    const folder = join(path, '..', 'cut')
    for (let cut = 0; cut < bytes.length; cut++) {
      const cutPath = join(folder, String(cut), 'journal.jsonl')
      mkdirSync(join(cutPath, '..'), { recursive: true })
      writeFileSync(cutPath, bytes.subarray(0, cut))
      const store = await MiniStore.open(cutPath, { lock: false })
      const whole = commitEnds.findLast((_, index) => endOfCommit(bytes, index) <= cut + 1) ?? 0
      expect(store.lastSeq, `cut at byte ${cut}`).toBe(whole)
      const { setAside, verdict } = store.recovery
      if (setAside !== undefined) {
        const good = endOfPrefix(bytes, cut)
        expect(readFileSync(setAside.path)).toEqual(bytes.subarray(good, cut))
      } else expect(['clean', 'healed', 'created']).toContain(verdict)
      await store.append({ n: -1, text: 'after the cut' })
      await store.close()
      const replayed = await MiniStore.replay(cutPath)
      expect(replayed).toEqual([...records.slice(0, whole), { n: -1, text: 'after the cut' }])
      const again = await MiniStore.open(cutPath, { lock: false })
      expect(again.recovery.verdict).toBe('clean')
      await again.close()
    }
  })
})

/** Where commit `index` ends: its sealed line is the only one without a single tab at its end. */
function endOfCommit(bytes: Buffer, index: number): number {
  return commitEndOffsets(bytes)[index] ?? Number.POSITIVE_INFINITY
}

function endOfPrefix(bytes: Buffer, cut: number): number {
  const headerEnd = bytes.indexOf(10) + 1
  return commitEndOffsets(bytes).findLast((end) => end <= cut) ?? headerEnd
}

function commitEndOffsets(bytes: Buffer): number[] {
  const ends: number[] = []
  for (
    let at = bytes.indexOf(10) + 1, nl = bytes.indexOf(10, at);
    nl !== -1;
    nl = bytes.indexOf(10, at)
  ) {
    const text = bytes.toString('latin1', at, nl)
    if (/\t[ \t]{32}$/.test(text)) ends.push(nl + 1)
    at = nl + 1
  }
  return ends
}

describe('a journal with a flipped bit', () => {
  it('is refused, or set aside and reported, or shown as it was, for every bit', async () => {
    const { bytes, records, commitEnds } = await sample()
    const verdicts = new Map<string, number>()
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const judged = await judge(damaged)
      if (!isHonest(judged, records, commitEnds)) expect.fail(`bit ${bit}: silent damage`)
      const verdict = judged.refused ?? judged.report?.verdict ?? ''
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
    }
    console.log('every bit flipped:', Object.fromEntries(verdicts))
    expect(verdicts.get('JOURNAL_CORRUPT')).toBeGreaterThan(bytes.length * 6)
    expect(verdicts.get('clean') ?? 0).toBe(0)
  })

  it('is told from a whole one on real files too', async () => {
    const { path, bytes, records, commitEnds } = await sample()
    const random = new Random(seedOfRun('bit flips'))
    for (let round = 0; round < 150; round++) {
      const bit = random.int(bytes.length * 8)
      const damaged = Buffer.from(bytes)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const damagedPath = `${path}-${round}`
      writeFileSync(damagedPath, damaged)
      const judged = await judgePath(damagedPath, { lock: false })
      expect(isHonest(judged, records, commitEnds), `bit ${bit}`).toBe(true)
      if (judged.refused !== undefined) expect(readFileSync(damagedPath)).toEqual(damaged)
    }
  })

  it('would go unnoticed without seals: what the seals are for', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const store = await MiniStore.open(path, { seal: false })
    for (let n = 0; n < 5; n++) await store.append({ n, text: 'unsealed' })
    await store.close()
    const bytes = readFileSync(path)
    const records = await MiniStore.replay(path)
    let silent = 0
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const judged = await judge(damaged, { seal: false })
      if (!isHonest(judged, records, [1, 2, 3, 4, 5])) silent++
    }
    expect(silent).toBeGreaterThan(100)
  })
})

describe('a journal with a zeroed sector', () => {
  it('is refused, or its tail is set aside and reported', async () => {
    const { bytes, records, commitEnds } = await sample()
    for (let offset = 0; offset < bytes.length; offset += 512) {
      const damaged = Buffer.from(bytes)
      damaged.fill(0, offset, Math.min(offset + 512, bytes.length))
      const judged = await judge(damaged)
      expect(isHonest(judged, records, commitEnds), `sector at ${offset}`).toBe(true)
      expect(judged.refused !== undefined || judged.report?.setAside !== undefined).toBe(true)
    }
  })
})

describe('a journal whose first sector was zeroed', () => {
  it('is no empty journal, neither to a writer nor to a reader', async () => {
    const { path, bytes } = await sample()
    const damaged = Buffer.from(bytes).fill(0, 0, 512)
    writeFileSync(path, damaged)
    await expect(MiniStore.open(path)).rejects.toMatchObject({ code: 'JOURNAL_HEADER' })
    await expect(MiniStore.replay(path)).rejects.toMatchObject({ code: 'JOURNAL_HEADER' })
    writeFileSync(path, Buffer.alloc(2000))
    await expect(MiniStore.replay(path)).rejects.toMatchObject({ code: 'JOURNAL_CORRUPT' })
    rmSync(`${path}.ack`)
    expect(await MiniStore.replay(path)).toEqual([])
  })
})

describe('damage in an archived segment', () => {
  it('is noticed when it is read, and refused at open where it breaks the chain', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'journal.jsonl')
    await writeJournal(path, COMMITS, { maxSegmentBytes: 400 })
    const archived = `${path}.000001`
    const bytes = readFileSync(archived)
    for (const offset of [40, bytes.length - 10]) {
      const damaged = Buffer.from(bytes)
      damaged[offset] = (damaged[offset] ?? 0) ^ 1
      writeFileSync(archived, damaged)
      await expect(MiniStore.replay(path)).rejects.toMatchObject({ code: 'JOURNAL_CORRUPT' })
    }
    await expect(MiniStore.open(path)).rejects.toMatchObject({
      code: 'JOURNAL_CORRUPT',
      path: archived,
    })
    writeFileSync(archived, bytes)
    copyFileSync(archived, `${path}.001`)
    await expect(MiniStore.open(path)).rejects.toThrow(/there twice/)
    expect(readdirSync(folder).some((name) => name.includes('torn'))).toBe(false)
  })
})
