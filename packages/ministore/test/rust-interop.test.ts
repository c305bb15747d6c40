import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MiniStore } from '@mini-rs/ministore'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '@mini-rs/testkit/vitest'

const fixture = (name: string): string =>
  fileURLToPath(new URL(`fixtures/rust-0.1.3/${name}`, import.meta.url))

interface Registry {
  components: Record<string, { name: string }>
}
type Mutation = { Register: { name: string } } | { Unregister: string } | Record<string, unknown>

describe('journals that the Rust crate wrote', () => {
  it('replay to the same records', async () => {
    expect(await MiniStore.replay(fixture('counter/journal.jsonl'))).toEqual([
      { Set: { value: 42 } },
      { Inc: { delta: 5 } },
      'Reset',
      { Note: 'привет 🌍 "quoted"\n\tnext\u0001\u2028/' },
      { Pair: [-9007199254740991, 0.1] },
      { Pair: [0, 1e-7] },
      { Pair: [1, 1e300] },
      { Note: '' },
      { Inc: { delta: 4294967295 } },
    ])
    expect(await MiniStore.replay(fixture('empty/journal.jsonl'))).toEqual([])
    const mutations = await MiniStore.replay<Mutation>(fixture('registry/registry.wal.jsonl'))
    expect(mutations).toHaveLength(23)
    const registered = mutations.filter(
      (mutation) => typeof mutation === 'object' && 'Register' in mutation,
    )
    const expected = JSON.parse(
      readFileSync(fixture('registry/expected-state.json'), 'utf8'),
    ) as Registry
    expect(registered.length).toBeGreaterThanOrEqual(Object.keys(expected.components).length)
  })

  it.each(['counter/journal.jsonl', 'registry/registry.wal.jsonl', 'empty/journal.jsonl'])(
    '%s keeps its old lines untouched when we append to it',
    async (name) => {
      const path = join(temporaryFolder(), 'journal.jsonl')
      copyFileSync(fixture(name), path)
      const old = readFileSync(path)
      const before = await MiniStore.replay(path)
      const store = await MiniStore.open(path)
      expect(store.recovery).toMatchObject({ verdict: 'clean', unverifiedRecords: before.length })
      expect(await store.append({ Inc: { delta: 1 } })).toBe(before.length + 1)
      await store.close()
      expect(readFileSync(path).subarray(0, old.length)).toEqual(old)
      expect(await MiniStore.replay(path)).toEqual([...before, { Inc: { delta: 1 } }])
      const again = await MiniStore.open(path)
      expect(again.recovery.unverifiedRecords, 'our seal covers the old lines').toBe(0)
      await again.close()
    },
  )
})

describe('what we write', () => {
  it('is a line of JSON each, trimming nothing, behind the header that the Rust crate writes', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const store = await MiniStore.open(path)
    await store.append({ Set: { value: 42 } })
    await store.appendMany(['two', ['three'], 4])
    await store.close()
    const text = readFileSync(path, 'utf8')
    const [header, ...lines] = text.split('\n')
    expect(header).toBe('// MINISTORE JOURNAL v0.1.0')
    expect(lines.pop()).toBe('')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { Set: { value: 42 } },
      'two',
      ['three'],
      4,
    ])
    expect(lines.map((line) => line.trimEnd())).toEqual([
      '{"Set":{"value":42}}',
      '"two"',
      '["three"]',
      '4',
    ])
  })

  it('is byte for byte what the Rust crate writes with seal: false', async () => {
    const path = join(temporaryFolder(), 'journal.jsonl')
    const store = await MiniStore.open(path, { seal: false })
    await Promise.all([store.append({ a: 1 }), store.append('b')])
    await expect(store.appendMany([1, 2])).rejects.toThrow(RangeError)
    await store.close()
    expect(readFileSync(path, 'utf8')).toBe('// MINISTORE JOURNAL v0.1.0\n{"a":1}\n"b"\n')
  })
})

describe('the golden file', () => {
  it('is still read, and still written byte for byte', async () => {
    const golden = fileURLToPath(new URL('fixtures/golden/v0.1.0.jsonl', import.meta.url))
    expect(await MiniStore.replay(golden)).toEqual([
      { Set: { value: 42 } },
      { Inc: { by: 1 } },
      'Reset',
    ])
    const path = join(temporaryFolder(), 'journal.jsonl')
    const store = await MiniStore.open(path)
    await store.append({ Set: { value: 42 } })
    await store.appendMany([{ Inc: { by: 1 } }, 'Reset'])
    await store.close()
    expect(readFileSync(path)).toEqual(readFileSync(golden))
  })
})
