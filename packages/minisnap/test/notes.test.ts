import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { crc32 } from '@mini-rs/ministore/seal'
import { SnapStore, type SnapStoreOptions, json } from '@mini-rs/minisnap'
import { msgpack } from '@mini-rs/minisnap/msgpack'
import { CrashFileSystem } from '@mini-rs/testkit'
import { seedOfRun } from '@mini-rs/testkit/vitest'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeJson } from '../src/codec/json-writer.js'
import { sealOf } from '../src/file/sealed-body.js'
import { FOLDER, pathOf, withSnapshots } from './support/snapshots.js'

const NOTES = { skipped: [17, 18], by: { host: 'a', pid: 7 }, state: 'not this one', '': null }

const CODECS: readonly (readonly [string, SnapStoreOptions<unknown>])[] = [
  ['json', { codec: json() }],
  ['compact json', { codec: json(), pretty: false }],
  ['tagged json', { codec: json({ tagged: true }) }],
  ['msgpack', { codec: msgpack() }],
]

const VARIANTS = CODECS.flatMap(([name, options]) => [
  { name, options },
  { name: `${name}, gzip`, options: { ...options, compression: 'gzip' as const } },
])

function storeWith(options: SnapStoreOptions<unknown>): SnapStore<unknown> {
  return new SnapStore<unknown>(FOLDER, { fileSystem: new CrashFileSystem(), ...options })
}

describe('notes', () => {
  it.each(VARIANTS)('come back beside the state: $name', async ({ options }) => {
    const snapshots = storeWith(options)
    const created = await snapshots.create({ counter: 1 }, 1, { notes: NOTES })
    expect(created.notes).toStrictEqual(NOTES)
    const { state, info } = await snapshots.restore()
    expect({ state, notes: info.notes }).toStrictEqual({ state: { counter: 1 }, notes: NOTES })
    expect(await snapshots.verify()).toMatchObject([{ status: 'whole' }])
  })

  it.each(VARIANTS)('are undefined where none were given: $name', async ({ options }) => {
    const snapshots = storeWith(options)
    // A state that looks like an envelope with notes is still a state.
    const state = { seq: 9, notes: { mine: true }, state: 0 }
    expect((await snapshots.create(state, 1)).notes).toBeUndefined()
    const restored = await snapshots.restore()
    expect(restored.state).toStrictEqual(state)
    expect(restored.info.notes).toBeUndefined()
  })

  it.each(CODECS)('are kept apart from the state, whatever both hold: %s', async (_, options) => {
    const seed = seedOfRun('notes')
    // What msgpack would change it refuses; the tests below say so.
    const isCarried = (text: string): boolean => !/__proto__|__keys__|\ufeff|-0/.test(text)
    const value = fc.jsonValue().filter((one) => isCarried([...writeJson(one)].join('')))
    const key = fc.string().filter(isCarried)
    await fc.assert(
      fc.asyncProperty(fc.dictionary(key, value), value, async (notes, state) => {
        const snapshots = storeWith(options)
        await snapshots.create(state, 1, { notes })
        const restored = await snapshots.restore()
        expect(restored.state).toEqual(state)
        expect(restored.info.notes).toEqual(notes)
      }),
      { seed, numRuns: 200 },
    )
  })

  it('stand in the file right before the state, and nowhere when there are none', async () => {
    const { fileSystem, snapshots } = await withSnapshots([1], { pretty: false })
    await snapshots.create({ counter: 2 }, 2, { notes: { a: [1] } })
    expect(Object.keys(JSON.parse(fileSystem.get(pathOf(1)).toString()) as object)).toEqual([
      'seq',
      'version',
      'createdAt',
      'state',
    ])
    expect(fileSystem.get(pathOf(2)).toString()).toMatch(
      /^\{"seq":2,"version":1,"createdAt":"[^"]+","notes":\{"a":\[1\]\},"state":\{"counter":2\}\}\t/,
    )
  })

  it('are the text of JSON.stringify in a pretty file', async () => {
    const { fileSystem, snapshots } = await withSnapshots([])
    await snapshots.create({ counter: 2 }, 2, { notes: NOTES })
    const text = fileSystem.get(pathOf(2)).toString().slice(0, -34)
    expect(text).toBe(JSON.stringify(JSON.parse(text), null, 2))
  })

  it('are not tagged, and a $type in them is a key like any other', async () => {
    const snapshots = storeWith({ codec: json({ tagged: true }) })
    const notes = { $type: 'Map', value: [[{ $type: 'bigint', value: 'x' }, 1]] }
    await snapshots.create(new Map([[1, 2n]]), 1, { notes })
    const { state, info } = await snapshots.restore()
    expect(state).toEqual(new Map([[1, 2n]]))
    expect(info.notes).toEqual(notes)
  })

  it('keep keys called __proto__ and the sign of zero in JSON', async () => {
    const notes = JSON.parse('{"__proto__":{"polluted":true},"zero":-0}') as Record<string, unknown>
    const snapshots = storeWith({})
    await snapshots.create(1, 1, { notes })
    expect((await snapshots.restore()).info.notes).toStrictEqual(notes)
  })

  it.each(['sliced', 'atOnce'] as const)('are those of the call: %s', async (mode) => {
    const notes = { list: [1] }
    const { snapshots } = await withSnapshots([])
    const creating = snapshots.create({ counter: 1 }, 1, { notes, mode })
    notes.list.push(2)
    const created = await creating
    expect(created.notes).toEqual({ list: [1] })
    expect((await snapshots.restore()).info.notes).toEqual({ list: [1] })
  })

  it.each([
    ['undefined', { a: undefined }, '$notes.a'],
    ['a Date', { at: [new Date(0)] }, '$notes.at[0]'],
    ['NaN', { n: Number.NaN }, '$notes.n'],
    ['a bigint', { n: 1n }, '$notes.n'],
  ])('refuse %s with every codec, and say where', async (what, notes, statePath) => {
    for (const [, options] of CODECS) {
      const snapshots = storeWith(options)
      const creating = snapshots.create(1, 1, { notes })
      await expect(creating).rejects.toMatchObject({ code: 'STATE_NOT_SERIALIZABLE', statePath })
      await expect(creating).rejects.toThrow(
        `the notes hold ${what} at ${statePath}, which the file cannot carry; convert it first`,
      )
      await expect(creating).rejects.not.toThrow('tagged')
      expect(await snapshots.list()).toEqual([])
    }
  })

  it.each([
    [JSON.parse('{"a":{"__proto__":1}}'), '$notes.a'],
    [{ a: ['\ufefftext'] }, '$notes.a[0]'],
  ])('refuse what msgpack would change: %j', async (notes, statePath) => {
    const snapshots = storeWith({ codec: msgpack() })
    await expect(snapshots.create(1, 1, { notes: notes as never })).rejects.toMatchObject({
      code: 'STATE_NOT_SERIALIZABLE',
      statePath,
    })
  })

  it('refuse what is no plain object', async () => {
    const { snapshots } = await withSnapshots([])
    for (const notes of [null, [], 'text', 1, new Map(), new Date()]) {
      const creating = snapshots.create({ counter: 1 }, 1, { notes: notes as never })
      await expect(creating).rejects.toThrow(TypeError)
    }
    expect(await snapshots.list()).toEqual([])
  })
})

describe('notes that are no object', () => {
  it.each(['null', '[]', '"text"', '7'])('are damage: %s', async (notes) => {
    const { fileSystem, snapshots } = await withSnapshots([1, 2])
    const body = `{"seq":2,"version":1,"createdAt":"now","notes":${notes},"state":{"counter":1}}`
    const bytes = Buffer.from(body)
    fileSystem.put(pathOf(2), Buffer.concat([bytes, sealOf(crc32(bytes))]))
    const { seq, skipped } = await snapshots.restore()
    expect({ seq, skipped }).toMatchObject({ seq: 1, skipped: [{ seq: 2 }] })
    expect(skipped[0]?.reason).toContain('its notes are no object')
  })

  it('are damage in msgpack as well', async () => {
    const fileSystem = new CrashFileSystem()
    const snapshots = new SnapStore<unknown>(FOLDER, { fileSystem, codec: msgpack() })
    await snapshots.create(1, 1)
    const path = pathOf(1, 'msgpack')
    const notes = new Map([[1, 2]]) as never
    const envelope = { seq: 1, version: 1, createdAt: 'now', codec: 'msgpack', state: 1 }
    const packed = [...msgpack().encode({ ...envelope, notes }, { pretty: false })] as Uint8Array[]
    const bytes = Buffer.concat(packed)
    fileSystem.put(path, Buffer.concat([bytes, sealOf(crc32(bytes))]))
    await expect(snapshots.restore()).rejects.toThrow('its notes are no object')
  })
})

describe('files of the Rust crates', () => {
  it('have no notes', async () => {
    const { fileSystem, snapshots } = await withSnapshots([])
    await fileSystem.makeDirectory(FOLDER)
    for (const name of ['snapshot.json', 'snapshot.seq']) {
      const path = fileURLToPath(new URL(`fixtures/rust-registry/${name}`, import.meta.url))
      fileSystem.put(`${FOLDER}/${name}`, readFileSync(path))
    }
    expect((await snapshots.restore()).info.notes).toBeUndefined()
    fileSystem.put(pathOf(90), Buffer.from('{"seq":90,"state":{"counter":7}}'))
    expect(await snapshots.restore()).toMatchObject({ seq: 90, info: { notes: undefined } })
  })
})
