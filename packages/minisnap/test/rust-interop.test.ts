import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MiniStore } from '@mini-rs/ministore'
import { SnapStore, json } from '@mini-rs/minisnap'
import { CrashFileSystem } from '@mini-rs/testkit'
import { temporaryFolder } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import { FOLDER, pathOf, withSnapshots } from './support/snapshots.js'

const FIXTURES = fileURLToPath(new URL('fixtures/rust-registry', import.meta.url))

interface Component {
  readonly name: string
}

interface Registry {
  readonly revision: number
  readonly components: Record<string, Component>
}

type Mutation =
  | { Register: Component }
  | { Remove: { name: string } }
  | { Enable: { name: string; enabled: boolean } }

function apply({ components, revision }: Registry, mutation: Mutation): Registry {
  const next = { ...components }
  if ('Register' in mutation) next[mutation.Register.name] = mutation.Register
  else if ('Remove' in mutation) delete next[mutation.Remove.name]
  else Object.assign((next[mutation.Enable.name] ??= mutation.Enable), mutation.Enable)
  return { components: next, revision: revision + 1 }
}

function copyOfFixture(): string {
  const folder = temporaryFolder()
  for (const name of ['snapshot.json', 'snapshot.seq', 'registry.wal.jsonl']) {
    copyFileSync(join(FIXTURES, name), join(folder, name))
  }
  return folder
}

describe('the files of the first Rust crate', () => {
  it('are restored with their number, and called unverified', async () => {
    const folder = copyOfFixture()
    const snapshots = new SnapStore<Registry>(folder)
    const { state, seq, info } = await snapshots.restore()
    expect(seq).toBe(21)
    expect(info).toMatchObject({ isVerified: false, createdAt: undefined, version: 1 })
    expect(await snapshots.verify()).toMatchObject([{ seq: 21, status: 'unverified' }])
    const wal = join(folder, 'registry.wal.jsonl')
    const tail = await MiniStore.replay<Mutation>(wal, { from: seq + 1 })
    const whole = tail.reduce(apply, state)
    expect(whole).toEqual(
      JSON.parse(readFileSync(join(FIXTURES, 'expected-state.json'), 'utf8')) as unknown,
    )
  })

  it('stay where they are, beside newer snapshots', async () => {
    const folder = copyOfFixture()
    const snapshots = new SnapStore<Registry>(folder)
    for (const seq of [30, 40, 50]) await snapshots.create({ components: {}, revision: seq }, seq)
    expect((await snapshots.list()).map(({ seq }) => seq)).toEqual([50, 40, 21])
    expect((await snapshots.restore({ atOrBefore: 29 })).seq).toBe(21)
  })

  it.each([
    ['snapshot.seq', undefined, 'is missing'],
    ['snapshot.seq', 'many', 'holds no number'],
    ['snapshot.json', '{"components":', 'it is no JSON'],
  ])('do not count with a broken half: %s', async (name, text, reason) => {
    const fileSystem = new CrashFileSystem()
    await fileSystem.makeDirectory(FOLDER)
    fileSystem.put(`${FOLDER}/snapshot.json`, readFileSync(join(FIXTURES, 'snapshot.json')))
    fileSystem.put(`${FOLDER}/snapshot.seq`, readFileSync(join(FIXTURES, 'snapshot.seq')))
    if (text === undefined) fileSystem.discard(`${FOLDER}/${name}`)
    else fileSystem.put(`${FOLDER}/${name}`, Buffer.from(text))
    const restoring = new SnapStore(FOLDER, { fileSystem }).restore()
    await expect(restoring).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' })
    await expect(restoring).rejects.toThrow(reason)
  })
})

describe('the newer Rust crate', () => {
  it('is given the name and the envelope that it expects, and only blanks behind it', async () => {
    const { fileSystem } = await withSnapshots([10], { pretty: false })
    const text = fileSystem.get(`${FOLDER}/snapshot_00000000000000000010.json`).toString()
    expect(text).toMatch(
      /^\{"seq":10,"version":1,"createdAt":"[^"]+","state":\{"counter":100\}\}\t[\t ]{32}\n$/,
    )
    expect(JSON.parse(text)).toMatchObject({ seq: 10, state: { counter: 100 } })
  })

  it.each(['{"seq":10,"state":{"counter":7}}', '{\n  "seq": 10,\n  "state": {"counter": 7}\n}\n'])(
    'is read: %j',
    async (text) => {
      const { fileSystem, snapshots } = await withSnapshots([])
      await fileSystem.makeDirectory(FOLDER)
      fileSystem.put(pathOf(10), Buffer.from(text))
      expect(await snapshots.restore()).toMatchObject({ state: { counter: 7 }, seq: 10 })
      expect(await snapshots.verify(10)).toMatchObject([{ status: 'unverified' }])
      const tagged = new SnapStore(FOLDER, { fileSystem, codec: json({ tagged: true }) })
      expect((await tagged.restore()).state).toEqual({ counter: 7 })
    },
  )

  it('lets no cut file of ours pass for one of its own', async () => {
    const { fileSystem, snapshots } = await withSnapshots([10])
    const whole = fileSystem.get(pathOf(10))
    fileSystem.put(pathOf(10), whole.subarray(0, whole.length - 34))
    await expect(snapshots.restore()).rejects.toThrow('its seal is missing')
  })
})
