import { MiniStore } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { crc32 } from '../src/format/crc32.js'
import { writeSeal } from '../src/format/seal.js'
import { BASE, judge } from './support/journals.js'
import { CrashFileSystem } from '@mini-rs/testkit'

const HEADER = '// MINISTORE JOURNAL v0.1.0\n'

/** A journal with one sealed line, whatever the line holds. */
function sealed(line: string): Buffer {
  const text = Buffer.from(`${HEADER}${line}`)
  const bytes = Buffer.alloc(text.length + 34)
  text.copy(bytes)
  writeSeal(bytes, text.length, crc32(text))
  return bytes
}

async function replay(bytes: Uint8Array, maxRecordBytes?: number): Promise<unknown[]> {
  const fileSystem = new CrashFileSystem()
  fileSystem.put(BASE, bytes)
  return MiniStore.replay(BASE, { fileSystem, ...(maxRecordBytes && { maxRecordBytes }) })
}

describe('hostile data', () => {
  it('comes back as data, and changes no prototype', async () => {
    const [record] = await replay(
      sealed('{"__proto__":{"polluted":1},"constructor":{"prototype":2}}'),
    )
    expect(Object.keys(record as object)).toEqual(['__proto__', 'constructor'])
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    const fileSystem = new CrashFileSystem()
    const store = await MiniStore.open(BASE, { fileSystem })
    await store.append(JSON.parse('{"__proto__":{"polluted":1}}'))
    expect(Object.keys((await store.read(1)) as object)).toEqual(['__proto__'])
  })

  it('cannot nest a million brackets', async () => {
    const deep = '['.repeat(1_000_000) + ']'.repeat(1_000_000)
    await expect(replay(sealed(deep))).rejects.toMatchObject({ code: 'JOURNAL_CORRUPT', line: 2 })
    await expect(replay(Buffer.from(`${HEADER}${deep}\n`))).rejects.toMatchObject({
      code: 'JOURNAL_CORRUPT',
    })
  })

  it('cannot make a reader hold an endless line', async () => {
    const endless = Buffer.concat([Buffer.from(HEADER), Buffer.alloc(3_000_000, '1')])
    await expect(replay(endless, 1_000_000)).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' })
    const long = sealed(JSON.stringify('x'.repeat(5000)))
    await expect(replay(long, 4000)).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE', line: 2 })
  })

  it.each([
    ['no journal at all', 'hello\n', 'JOURNAL_HEADER'],
    ['random bytes', Buffer.from([1, 2, 3, 255, 254, 10, 7]), 'JOURNAL_HEADER'],
    ['a header without an end', '/'.repeat(600), 'JOURNAL_HEADER'],
    ['a broken link', `${HEADER.trim()} {"segment":0}\n`, 'JOURNAL_HEADER'],
    ['another version', '// MINISTORE JOURNAL v0.2.0\n', 'JOURNAL_VERSION'],
    ['a blank line', `${HEADER}\n"a"\n`, 'JOURNAL_CORRUPT'],
    ['a comment line', `${HEADER}// hi\n"a"\n`, 'JOURNAL_CORRUPT'],
    ['a byte order mark', `${HEADER}\ufeff"a"\n`, 'JOURNAL_CORRUPT'],
    ['invalid UTF-8', Buffer.from(`${HEADER}"\xff"\n`, 'latin1'), 'JOURNAL_CORRUPT'],
    ['a sealed line that is no JSON', sealed('{"a":'), 'JOURNAL_CORRUPT'],
  ])('with %s is refused by name', async (_what, bytes, code) => {
    await expect(replay(Buffer.from(bytes))).rejects.toMatchObject({ code })
  })

  it('is left as it is when it is refused', async () => {
    const bytes = Buffer.from('not a journal, but somebody needs it\n')
    const { refused, fileSystem } = await judge(bytes)
    expect(refused).toBe('JOURNAL_HEADER')
    expect(fileSystem.get(BASE)).toEqual(bytes)
  })

  it('with a legible but wrong seal at its very end is ambiguous, and can be set aside', async () => {
    const bytes = sealed('"a"')
    bytes[HEADER.length + 1] = 0x62
    expect((await judge(bytes)).refused).toBe('JOURNAL_AMBIGUOUS_TAIL')
    const { report, records } = await judge(bytes, { onAmbiguousTail: 'setAside' })
    expect(report).toMatchObject({ verdict: 'ambiguous', setAside: { offsetBytes: HEADER.length } })
    expect(records).toEqual([])
    expect(await replay(bytes), 'a reader shows what is before it').toEqual([])
  })
})
