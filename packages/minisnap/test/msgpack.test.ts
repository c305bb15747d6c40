import { SnapStore, json } from '@mini-rs/minisnap'
import { msgpack } from '@mini-rs/minisnap/msgpack'
import { CrashFileSystem } from '@mini-rs/testkit'
import { seedOfRun } from '@mini-rs/testkit/vitest'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FOLDER, pathOf } from './support/snapshots.js'
import { carriedStates } from './support/states.js'

describe('msgpack', () => {
  it('gives every state back that it takes', async () => {
    const codec = msgpack()
    const seed = seedOfRun('msgpack')
    fc.assert(
      fc.property(carriedStates({ isPackable: true }), (state) => {
        const envelope = { seq: 1, version: 1, createdAt: 'now', codec: 'msgpack', state }
        const bytes = Buffer.concat([...codec.encode(envelope, { pretty: true })] as Uint8Array[])
        expect(codec.decode(bytes)).toStrictEqual(envelope)
      }),
      { seed, numRuns: 2_000 },
    )
  })

  it.each([
    [{ a: [1, Number.NaN] }, '$.a[1]'],
    [{ 'a b': undefined }, '$["a b"]'],
    [Array.from({ length: 3 }).fill(1, 0, 1), '$[1]'],
    [new Map([['k', () => 0]]), '$(entry 1)'],
    [JSON.parse('{"__proto__":1}'), '$'],
    [[JSON.parse('{"__keys__":1}')], '$[0]'],
    [{ a: { constructor: 1, toJSON: 'text' } }, '$.a'],
    [Object.assign(Object.create(null) as object, { toJSON: { a: 1 } }), '$'],
    [{ a: '\ud800' }, '$.a'],
    [['\ufefftext'], '$[0]'],
    [{ a: new URL('https://example.org') }, '$.a'],
    [{ a: new Date(Number.NaN) }, '$.a'],
    [{ a: Symbol('a') }, '$.a'],
  ])('refuses what would not come back: %o', async (state, statePath) => {
    const snapshots = new SnapStore<unknown>(FOLDER, {
      fileSystem: new CrashFileSystem(),
      codec: msgpack(),
    })
    await expect(snapshots.create(state, 1)).rejects.toMatchObject({
      code: 'STATE_NOT_SERIALIZABLE',
      statePath,
    })
  })

  it('carries a key called toJSON, and one called constructor', async () => {
    const state: unknown = [{ toJSON: 'text' }, { constructor: 1 }, { constructor: 'a', toJSON: 0 }]
    const snapshots = new SnapStore<unknown>(FOLDER, {
      fileSystem: new CrashFileSystem(),
      codec: msgpack(),
    })
    await snapshots.create(state, 1)
    expect((await snapshots.restore()).state).toEqual(state)
  })

  it('refuses a cycle', async () => {
    const state: unknown[] = []
    state.push(state)
    const snapshots = new SnapStore<unknown>(FOLDER, {
      fileSystem: new CrashFileSystem(),
      codec: msgpack(),
    })
    await expect(snapshots.create(state, 1)).rejects.toThrow('or a cycle')
  })

  it('is sealed, and its damage is noticed', async () => {
    const fileSystem = new CrashFileSystem()
    const snapshots = new SnapStore<unknown>(FOLDER, { fileSystem, codec: msgpack() })
    await snapshots.create({ list: [1, 2, 3] }, 1)
    await snapshots.create({ list: [1, 2, 4] }, 2)
    const path = pathOf(2, 'msgpack')
    const whole = fileSystem.get(path)
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const bytes = Buffer.from(whole)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      fileSystem.put(path, bytes)
      expect(await snapshots.restore()).toMatchObject({ seq: 1, skipped: [{ seq: 2 }] })
    }
    fileSystem.put(path, whole.subarray(0, whole.length - 34))
    expect((await snapshots.restore()).seq).toBe(1)
  })

  it('and JSON refuse each other, and say which is asked for', async () => {
    const fileSystem = new CrashFileSystem()
    const packed = new SnapStore<unknown>(FOLDER, { fileSystem, codec: msgpack() })
    const plain = new SnapStore<unknown>(FOLDER, { fileSystem })
    const tagged = new SnapStore<unknown>(FOLDER, { fileSystem, codec: json({ tagged: true }) })
    await packed.create([1], 1)
    await expect(plain.restore()).rejects.toMatchObject({ code: 'SNAPSHOT_WRONG_CODEC', seq: 1 })
    await expect(plain.restore()).rejects.toThrow(/written by the codec msgpack/)
    await tagged.create(new Map([[1, 2]]), 2)
    await expect(plain.restore()).rejects.toThrow(/written by the codec json-tagged/)
    await expect(packed.restore()).rejects.toThrow(/written by the codec json/)
    expect((await tagged.restore()).state).toEqual(new Map([[1, 2]]))
    await plain.create([3], 3)
    expect((await tagged.restore()).state).toEqual([3])
    expect(await plain.verify()).toMatchObject([{ status: 'whole' }, { status: 'whole' }])
  })
})
