import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { appendFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MiniStore } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { writeJournal } from './support/journals.js'
import { temporaryFolder } from '@mini-rs/testkit/vitest'

const CLI = fileURLToPath(new URL('../dist/cli.cjs', import.meta.url))

/** The command in a pipe, as a script would run it. */
function run(...args: string[]): {
  code: number | null
  out: string
  lines: string[]
  err: string
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: '1' },
  })
  return { code: status, out: stdout, lines: stdout.split('\n').slice(0, -1), err: stderr }
}

async function journal(commits = 9, options = {}): Promise<{ path: string; records: unknown[] }> {
  const path = join(temporaryFolder(), 'journal.jsonl')
  const { records } = await writeJournal(path, commits, options)
  return { path, records }
}

function damage(path: string, text = 'record 4.0'): void {
  const bytes = readFileSync(path)
  bytes[bytes.indexOf(text)] = 0x58
  writeFileSync(path, bytes)
}

describe('cat', () => {
  it('prints nothing but the records, as pure lines of JSON', async () => {
    const { path, records } = await journal(20, { maxSegmentBytes: 600 })
    const { code, out, err } = run('cat', path)
    expect(out).toBe(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })

  it('prints a range, or one record, with its number if asked', async () => {
    const { path, records } = await journal(20, { maxSegmentBytes: 600 })
    expect(
      run('cat', path, '--from', '3', '--to', '5').lines.map((line) => JSON.parse(line)),
    ).toEqual(records.slice(2, 5))
    expect(run('cat', path, '--seq', '7', '--json').out).toBe(
      `{"seq":7,"record":${JSON.stringify(records[6])}}\n`,
    )
    const missing = run('cat', path, '--seq', '999')
    expect(missing).toMatchObject({ code: 3, out: '' })
    expect(missing.err).toContain('there is no record 999')
  })

  it('loses nothing of a number that JavaScript cannot hold, and escapes nothing in a pipe', () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const record = '{"big":12345678901234567890,"x":1.0,"t":"\u202e\u0085"}'
    writeFileSync(path, `// MINISTORE JOURNAL v0.1.0\n${record}\n`)
    expect(run('cat', path).out).toBe(`${record}\n`)
  })

  it('prints what stands before damage, then says so', async () => {
    const { path } = await journal()
    damage(path)
    const { code, lines, err } = run('cat', path)
    expect({ code, count: lines.length }).toEqual({ code: 1, count: 6 })
    expect(err).toMatch(/^ministore: .*acknowledged data is damaged.*\n.*verify.*\n$/)
  })

  it('ends quietly when its reader has seen enough', async () => {
    const { path } = await journal(1)
    const store = await MiniStore.open<unknown>(path)
    await store.appendMany(Array.from({ length: 100_000 }, (_, n) => ({ n })))
    await store.close()
    const child = spawn(process.execPath, [CLI, 'cat', path], { stdio: ['ignore', 'pipe', 'pipe'] })
    let err = ''
    child.stderr.on('data', (text: Buffer) => (err += text.toString()))
    await once(child.stdout, 'data')
    child.stdout.destroy()
    const [code] = await once(child, 'close')
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })
})

describe('tail', () => {
  it('prints the last ten, or as many as asked for, from as many files as it takes', async () => {
    const { path, records } = await journal(20, { maxSegmentBytes: 600 })
    const all = records.map((record) => JSON.stringify(record))
    expect(run('tail', path).lines).toEqual(all.slice(-10))
    expect(run('tail', path, '-n', '2').lines).toEqual(all.slice(-2))
    expect(run('tail', path, '-n', '30').lines).toEqual(all.slice(-30))
    expect(run('tail', path, '-n', '1000').lines).toEqual(all)
    expect(run('tail', path, '-n', '0').lines).toEqual([])
    expect(run('tail', path, '-n', '1', '--json').out).toBe(
      `{"seq":${all.length},"record":${all.at(-1)}}\n`,
    )
  })

  it('follows what is appended, and ends quietly when it is interrupted', async () => {
    const { path } = await journal()
    const child = spawn(process.execPath, [CLI, 'tail', '-n', '1', '-f', path])
    let err = ''
    child.stderr.on('data', (text: Buffer) => (err += text.toString()))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    expect((await lines.next()).value).toMatch(/^\{"n":14/)
    const store = await MiniStore.open<unknown>(path)
    await store.append({ hello: 'follower' })
    await store.close()
    expect((await lines.next()).value).toBe('{"hello":"follower"}')
    // As it stands in the file: JavaScript cannot hold that number.
    appendFileSync(path, '{"big":12345678901234567890}\n')
    expect((await lines.next()).value).toBe('{"big":12345678901234567890}')
    child.kill('SIGINT')
    const [code] = await once(child, 'close')
    expect({ code, err }).toEqual({ code: 130, err: '' })
  })
})

describe('stats', () => {
  it('prints numbers, sizes and files', async () => {
    const { path, records } = await journal(20, { maxSegmentBytes: 600 })
    const { code, out } = run('stats', path)
    expect(code).toBe(0)
    expect(out).toContain(`${records.length} records, numbers 1–${records.length}`)
    expect(out).toContain('journal.jsonl.000001')
    const { sizeBytes, ...rest } = JSON.parse(run('stats', path, '--json').out)
    expect({ sizeBytes, ...rest }).toEqual(await MiniStore.inspect(path))
  })
})

describe('verify', () => {
  it('exits with 0 on a whole journal and 1 on damage, and prints the table of blocks', async () => {
    const { path } = await journal()
    const whole = run('verify', path)
    expect(whole).toMatchObject({ code: 0, err: '' })
    expect(whole.lines[0]).toBe(`${path}: whole`)
    damage(path)
    const damaged = run('verify', path)
    expect(damaged.code).toBe(1)
    expect(damaged.lines[0]).toBe(`${path}: damaged; open refuses it with JOURNAL_CORRUPT`)
    expect(damaged.out).toMatch(/14 of 15 records in 8 commits, numbers 1–15/)
    expect(damaged.out).toMatch(/sealed +28 .*\n +damaged +\d+ +\d+ +8 +7\n +sealed/)
    expect(damaged.out).not.toContain('\u001b')
    const { code, out } = run('verify', path, '--json')
    expect({ code, report: JSON.parse(out) }).toEqual({
      code: 1,
      report: JSON.parse(JSON.stringify(await MiniStore.verify(path))),
    })
  })
})

describe('repair', () => {
  it('says what it would do, does it with --write, and keeps the originals', async () => {
    const { path } = await journal()
    damage(path)
    const bytes = readFileSync(path)
    const dry = run('repair', path, '--skip-corrupt')
    expect(dry.code).toBe(1)
    expect(dry.out).toContain('1 record would be left out: 7')
    expect(dry.out).toContain('8–15 → 7–14')
    expect(dry.out).toContain('Nothing was changed.')
    expect(readFileSync(path)).toEqual(bytes)
    const done = run('repair', path, '--skip-corrupt', '--write', '--json')
    expect(done.code).toBe(0)
    const [original] = JSON.parse(done.out).originals
    expect(readFileSync(original.keptAs)).toEqual(bytes)
    expect(run('verify', path).code).toBe(0)
    expect(run('repair', path, '--skip-corrupt').out).toBe(`${path}: nothing to repair\n`)
  })

  it('cuts where it is told to', async () => {
    const { path, records } = await journal()
    expect(run('repair', path, '--cut-at', '7', '--write')).toMatchObject({ code: 0, err: '' })
    expect(await MiniStore.replay(path)).toEqual(records.slice(0, 6))
    expect(readdirSync(join(path, '..')).filter((name) => name.includes('broken'))).toHaveLength(1)
  })

  it('is refused while the journal is open elsewhere', async () => {
    const { path } = await journal()
    const store = await MiniStore.open(path)
    const locked = run('repair', path, '--cut-at', '7', '--write')
    expect(locked.code).toBe(3)
    expect(locked.err).toContain(`process ${process.pid}`)
    await store.close()
  })
})

describe('the command', () => {
  it('explains itself, with examples and exit codes', () => {
    for (const name of ['cat', 'tail', 'stats', 'verify', 'repair']) {
      const { code, out, err } = run(name, '--help')
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(out).toContain(`  ministore ${name} state/journal.jsonl`)
      expect(out).toContain('Exit codes:')
    }
    const { version } = JSON.parse(
      readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
    )
    expect(run('--version').out).toBe(`${version}\n`)
  })

  it('names each package that it contains, with its licence', () => {
    const { sources } = JSON.parse(readFileSync(`${CLI}.map`, 'utf8')) as { sources: string[] }
    const notices = readFileSync(new URL('../THIRD-PARTY-NOTICES', import.meta.url), 'utf8')
    const contained = sources.map((path) => /.*node_modules\/([^/]+)\//.exec(path)?.[1])
    for (const name of new Set(contained)) {
      if (name !== undefined) expect(notices).toMatch(new RegExp(`^${name} \\d.*\\(MIT\\)$`, 'm'))
    }
    expect(contained).toContain('commander')
  })

  it('exits with 2 when it is used wrongly', async () => {
    const { path } = await journal(1)
    const wrong = [
      [],
      ['cat'],
      ['dog', path],
      ['cat', path, '--from', 'x'],
      ['cat', path, '--from', '0'],
      ['repair', path],
      ['repair', path, '--skip-corrupt', '--cut-at', '1'],
      ['stats', path, '--loud'],
    ]
    for (const args of wrong)
      expect(run(...args), args.join(' ')).toMatchObject({ code: 2, out: '' })
  })

  it('exits with 3 when there is no journal, and creates none', () => {
    const folder = temporaryFolder()
    for (const name of ['cat', 'tail', 'stats', 'verify']) {
      const { code, err } = run(name, join(folder, 'journal.jsonl'))
      expect({ name, code }).toEqual({ name, code: 3 })
      expect(err).toMatch(/^ministore: .*no journal is there\n$/)
    }
    expect(readdirSync(folder)).toEqual([])
    writeFileSync(join(folder, 'note.txt'), 'hello\n')
    expect(run('stats', join(folder, 'note.txt')).code).toBe(3)
  })
})
