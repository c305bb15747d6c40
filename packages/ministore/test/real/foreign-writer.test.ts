import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MiniStore } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { type Numbered, recordOf } from './support/numbered.mjs'
import { SpokenLines, programAt } from './support/spoken-lines.js'
import { proving, temporaryFolder } from '@mini-rs/testkit/vitest'

const COMMITS = 20

/** Appends the `commit`th commit of the script: every third has three records. */
async function commitTo(store: MiniStore<Numbered>, commit: number): Promise<void> {
  const count = commit % 3 === 2 ? 3 : 1
  const first = store.lastSeq + 1
  await store.appendMany(Array.from({ length: count }, (_, index) => recordOf(first + index)))
}

describe('another program', () => {
  const startProgram = (): SpokenLines =>
    new SpokenLines(process.execPath, [programAt('foreign-program.mjs')])

  it(`that appends a line is noticed at each of ${COMMITS} commits, and its line stays`, async () => {
    const folder = temporaryFolder()
    const program = startProgram()
    const appendAtEach = async (): Promise<void> => {
      for (let boundary = 0; boundary < COMMITS; boundary++) {
        const path = join(folder, `${boundary}.jsonl`)
        const store = await MiniStore.open<Numbered>(path)
        for (let commit = 0; commit < boundary; commit++) await commitTo(store, commit)
        const { lastSeq } = store
        const text = `{"theirs":${boundary}}\n`
        const expected = readFileSync(path, 'latin1') + text
        await program.ask(JSON.stringify({ deed: 'append', path, text }))
        const refusal = { code: 'FOREIGN_WRITER', outcome: 'absent' }
        await expect(commitTo(store, boundary)).rejects.toMatchObject(refusal)
        expect([store.status, store.lastSeq]).toEqual(['failed', lastSeq])
        const later = { code: 'STORE_FAILED', outcome: 'absent' }
        await expect(commitTo(store, boundary)).rejects.toMatchObject(later)
        await store.close()
        expect(readFileSync(path, 'latin1')).toBe(expected)

        const again = await MiniStore.open<unknown>(path)
        expect([again.lastSeq, again.recovery.unverifiedRecords]).toEqual([lastSeq + 1, 1])
        expect(await again.read(lastSeq + 1)).toEqual({ theirs: boundary })
        await again.close()
      }
    }
    const row = 'foreign appends'
    await proving({ row, count: COMMITS, seed: undefined }, () => ({}), appendAtEach)
  })

  it(`that replaces the file is noticed at each of ${COMMITS} commits, and its file stays`, async () => {
    const folder = temporaryFolder()
    const program = startProgram()
    const replaceAtEach = async (): Promise<void> => {
      for (let boundary = 0; boundary < COMMITS; boundary++) {
        const path = join(folder, `${boundary}.jsonl`)
        const store = await MiniStore.open<Numbered>(path)
        for (let commit = 0; commit < boundary; commit++) await commitTo(store, commit)
        const { lastSeq } = store
        // Of the very same bytes every second time: only the inode tells that it is another file.
        const text = boundary % 2 === 0 ? readFileSync(path, 'latin1') : 'theirs, all of it\n'
        await program.ask(JSON.stringify({ deed: 'replace', path, text }))
        const refusal = { code: 'FOREIGN_WRITER', outcome: 'unknown' }
        await expect(commitTo(store, boundary)).rejects.toMatchObject(refusal)
        expect([store.status, store.lastSeq]).toEqual(['failed', lastSeq])
        await store.close()
        expect(readFileSync(path, 'latin1')).toBe(text)
      }
    }
    const row = 'foreign replacements'
    await proving({ row, count: COMMITS, seed: undefined }, () => ({}), replaceAtEach)
  })

  it('that appends is noticed at once by a rotation and by the opening after it', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const store = await MiniStore.open<Numbered>(path)
    await commitTo(store, 0)
    const expected = `${readFileSync(path, 'latin1')}"theirs"\n`
    await startProgram().ask(JSON.stringify({ deed: 'append', path, text: '"theirs"\n' }))
    const refusal = { code: 'FOREIGN_WRITER', outcome: 'absent' }
    await expect(store.rotate()).rejects.toMatchObject(refusal)
    await store.close()
    expect(readFileSync(path, 'latin1')).toBe(expected)
    expect(await MiniStore.replay(path)).toEqual([recordOf(1), 'theirs'])
  })
})
