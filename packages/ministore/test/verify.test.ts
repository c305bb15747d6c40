import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { BASE, judge, writeJournal } from './support/journals.js'
import { CrashFileSystem } from '@mini-rs/testkit'
import { temporaryFolder } from '@mini-rs/testkit/vitest'

const HEADER_BYTES = 28

/** A journal in memory, with the bytes of its commits. */
async function journal(commits = 9, options = {}): Promise<CrashFileSystem> {
  const fileSystem = new CrashFileSystem()
  await writeJournal(BASE, commits, { fileSystem, ...options })
  return fileSystem
}

function flip(fileSystem: CrashFileSystem, path: string, offset: number): void {
  fileSystem.alter(path, (bytes) => (bytes[offset] = (bytes[offset] ?? 0) ^ 1))
}

/** Where the text `record <commit>.<index>` of {@link writeJournal} stands. */
function offsetOf(fileSystem: CrashFileSystem, path: string, text: string): number {
  const offset = fileSystem.get(path).indexOf(text)
  if (offset === -1) throw new Error(`no ${text}`)
  return offset
}

function kinds(report: Awaited<ReturnType<typeof MiniStore.verify>>): string[][] {
  return report.segments.map(({ blocks }) => blocks.map(({ kind }) => kind))
}

describe('verify', () => {
  it('finds nothing wrong with a journal that was closed, and changes nothing', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const { records, commitEnds } = await writeJournal(path, 20, { maxSegmentBytes: 600 })
    const before = readdirSync(join(path, '..'))
    const progress: number[] = []
    const report = await MiniStore.verify(path, {
      onProgress: ({ doneBytes, totalBytes }) => progress.push(doneBytes / totalBytes),
    })
    expect(report).toMatchObject({
      verdict: 'clean',
      isDamaged: false,
      firstSeq: 1,
      lastSeq: records.length,
      records: records.length,
      commits: commitEnds.length,
      unverifiedRecords: 0,
    })
    expect(report.segments.length).toBeGreaterThan(3)
    expect(kinds(report).flat()).toEqual(report.segments.map(() => 'sealed'))
    expect(progress.at(-1)).toBe(1)
    expect(progress).toEqual(progress.toSorted((a, b) => a - b))
    expect(readdirSync(join(path, '..'))).toEqual(before)
    expect(Object.isFrozen(report)).toBe(true)
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ lastSeq: report.lastSeq })
  })

  it('calls a tail torn that the watermark of this boot knows to be unacknowledged, as open does', async () => {
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem })
    await store.append('acknowledged')
    const seal = `\t${' \t'.repeat(16)}`
    fileSystem.appendTo(BASE, Buffer.from(`"in flight"${seal}\n`))
    const killed = fileSystem.killedAt(fileSystem.position)
    const report = await MiniStore.verify(BASE, { fileSystem: killed })
    expect(report).toMatchObject({ verdict: 'torn', isDamaged: false, lastSeq: 1 })
    expect(kinds(report)).toEqual([['sealed', 'torn']])
    killed.discard(`${BASE}.ack`)
    const without = await MiniStore.verify(BASE, { fileSystem: killed })
    expect(without).toMatchObject({ verdict: 'JOURNAL_AMBIGUOUS_TAIL', isDamaged: true })
  })

  it('says of a path without a journal what open would do', async () => {
    const report = await MiniStore.verify(join(temporaryFolder(), 'none', 'journal.jsonl'))
    expect(report).toMatchObject({ verdict: 'created', isDamaged: false, records: 0, segments: [] })
  })

  it('finds every damaged commit, and all that verifies between them', async () => {
    const fileSystem = await journal()
    for (const text of ['record 1.0', 'record 4.0', 'record 6.0']) {
      flip(fileSystem, BASE, offsetOf(fileSystem, BASE, text))
    }
    const report = await MiniStore.verify(BASE, { fileSystem })
    expect(report).toMatchObject({ verdict: 'JOURNAL_CORRUPT', isDamaged: true, records: 12 })
    const [segment] = report.segments
    expect(segment?.blocks.map(({ kind, firstSeq, lines }) => [kind, firstSeq, lines])).toEqual([
      ['sealed', 1, 1],
      ['damaged', 2, 1],
      ['sealed', 3, 4],
      ['damaged', 7, 1],
      ['sealed', 8, 3],
      ['damaged', 11, 1],
      ['sealed', 12, 4],
    ])
    let at = HEADER_BYTES
    for (const block of segment?.blocks ?? []) {
      expect(block.offsetBytes).toBe(at)
      expect(block.firstLine).toBe(block.firstSeq + 1)
      at += block.sizeBytes
    }
    expect(at).toBe(segment?.sizeBytes)
  })

  it('agrees with open on every flipped bit, and never calls a flipped journal whole', async () => {
    const whole = (await journal(6)).get(BASE)
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const damaged = Buffer.from(whole)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const judged = await judge(Buffer.from(damaged))
      const fileSystem = new CrashFileSystem()
      fileSystem.put(BASE, damaged)
      const report = await MiniStore.verify(BASE, { fileSystem })
      expect(report.verdict, `bit ${bit}`).toBe(judged.refused ?? judged.report?.verdict)
      const isTail = report.verdict === 'healed' || report.verdict === 'torn'
      expect(report.isDamaged || isTail, `bit ${bit}`).toBe(true)
      const ranges = report.segments.flatMap(({ blocks }) => blocks)
      expect(ranges.some(({ kind }) => kind !== 'sealed') || report.segments[0]?.fault).toBeTruthy()
      const lost = ranges.filter(({ kind }) => kind === 'damaged' || kind === 'ambiguous')
      expect(lost.reduce((sum, { lines }) => sum + lines, 0)).toBeLessThanOrEqual(6)
    }
  })

  it('tells a torn tail, which is no damage, from an ambiguous one and from a missing newline', async () => {
    const whole = (await journal(4)).get(BASE)
    const verify = async (bytes: Buffer): ReturnType<typeof MiniStore.verify> => {
      const fileSystem = new CrashFileSystem()
      fileSystem.put(BASE, bytes)
      return MiniStore.verify(BASE, { fileSystem })
    }
    const torn = await verify(whole.subarray(0, whole.length - 40))
    expect(torn).toMatchObject({ verdict: 'torn', isDamaged: false, records: 5, lastSeq: 5 })
    expect(kinds(torn)).toEqual([['sealed', 'torn']])
    const healed = await verify(whole.subarray(0, whole.length - 1))
    expect(healed).toMatchObject({ verdict: 'healed', isDamaged: false, records: 6, lastSeq: 6 })
    expect(kinds(healed)).toEqual([['sealed', 'unterminated']])
    const flipped = Buffer.from(whole)
    flipped[whole.length - 50] = 0x23
    const ambiguous = await verify(flipped)
    expect(ambiguous).toMatchObject({ verdict: 'JOURNAL_AMBIGUOUS_TAIL', isDamaged: true })
    expect(kinds(ambiguous)).toEqual([['sealed', 'ambiguous']])
  })

  it('sees that only a seal is damaged, and that its records are proven', async () => {
    const fileSystem = await journal()
    const lineEnd = fileSystem.get(BASE).indexOf(10, offsetOf(fileSystem, BASE, 'record 1.0'))
    fileSystem.damage(BASE, lineEnd - 5, Buffer.of(0x78))
    const report = await MiniStore.verify(BASE, { fileSystem })
    expect(report).toMatchObject({ verdict: 'JOURNAL_CORRUPT', isDamaged: true, records: 15 })
    expect(kinds(report)).toEqual([['sealed', 'sealDamaged', 'sealed']])
  })

  it('finds damage inside an archived segment that open does not look for', async () => {
    const fileSystem = await journal(20, { maxSegmentBytes: 600 })
    const archived = `${BASE}.000002`
    flip(fileSystem, archived, fileSystem.get(archived).indexOf('record') + 2)
    const report = await MiniStore.verify(BASE, { fileSystem })
    expect(report).toMatchObject({ verdict: 'clean', isDamaged: true })
    expect(kinds(report)[1]).toContain('damaged')
    expect(report.segments[2]?.fault).toBeUndefined()
  })

  it('names a missing segment, and a replaced one', async () => {
    const fileSystem = await journal(20, { maxSegmentBytes: 600 })
    fileSystem.discard(`${BASE}.000002`)
    const missing = await MiniStore.verify(BASE, { fileSystem })
    expect(missing).toMatchObject({ verdict: 'JOURNAL_CORRUPT', isDamaged: true })
    expect(missing.segments[1]?.fault).toMatch(/segment 2 is missing/)
    const other = await journal(30, { maxSegmentBytes: 600 })
    const swapped = await journal(20, { maxSegmentBytes: 700 })
    other.put(`${BASE}.000001`, swapped.get(`${BASE}.000001`))
    const replaced = await MiniStore.verify(BASE, { fileSystem: other })
    expect(replaced.segments[1]?.fault).toMatch(/prevCrc/)
  })

  it('finds a damaged header, and reads on behind it', async () => {
    const fileSystem = await journal()
    flip(fileSystem, BASE, 5)
    const report = await MiniStore.verify(BASE, { fileSystem })
    expect(report).toMatchObject({ verdict: 'JOURNAL_HEADER', isDamaged: true, records: 15 })
    expect(report.segments[0]?.fault).toMatch(/header is damaged/)
    expect(kinds(report)).toEqual([['damaged', 'sealed']])
  })

  it('counts what no seal covers, and goes on behind a damaged line of it', async () => {
    const lines = ['// MINISTORE JOURNAL v0.1.0', '{"n":1}', '{"n":2', '{"n":3}', '{"n":4}', '']
    const fileSystem = new CrashFileSystem()
    fileSystem.put(BASE, Buffer.from(lines.join('\n')))
    const report = await MiniStore.verify(BASE, { fileSystem })
    expect(report).toMatchObject({ isDamaged: true, records: 3, unverifiedRecords: 3, lastSeq: 4 })
    expect(kinds(report)).toEqual([['foreign', 'damaged', 'foreign']])
  })

  it('does not trust a foreign line that a wrong seal covers', async () => {
    const fileSystem = await journal(3)
    const bytes = fileSystem.get(BASE)
    const end = bytes.indexOf(10, offsetOf(fileSystem, BASE, 'record 2.0'))
    fileSystem.damage(BASE, end - 1, Buffer.of(0x0d)) // the tab becomes a carriage return: still JSON, and no sealed line any more
    const report = await MiniStore.verify(BASE, { fileSystem })
    expect(report).toMatchObject({ isDamaged: true, records: 2, unverifiedRecords: 0 })
  })

  it('refuses a file that is no journal only in its report', async () => {
    const path = join(temporaryFolder(), 'package.json')
    writeFileSync(path, '{ "name": "x" }\n')
    expect(await MiniStore.verify(path)).toMatchObject({ verdict: 'JOURNAL_HEADER', records: 0 })
    expect(readFileSync(path, 'utf8')).toBe('{ "name": "x" }\n')
  })

  it('keeps its table small where damage is everywhere', async () => {
    const lines = Array.from({ length: 60_000 }, (_, n) => (n % 2 === 0 ? `{"n":${n}}` : 'x'))
    const fileSystem = new CrashFileSystem()
    fileSystem.put(BASE, Buffer.from(`// MINISTORE JOURNAL v0.1.0\n${lines.join('\n')}\n`))
    const report = await MiniStore.verify(BASE, { fileSystem })
    expect(report).toMatchObject({ records: 30_000, lastSeq: 60_000 })
    expect(report.segments[0]?.blocks).toHaveLength(10_000)
    expect(report.segments[0]?.blocks.at(-1)?.kind).toBe('mixed')
  })

  it('stops when it is told to', async () => {
    const fileSystem = await journal()
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(MiniStore.verify(BASE, { fileSystem, signal })).rejects.toThrow('enough')
  })
})
