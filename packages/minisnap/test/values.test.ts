import { runInNewContext } from 'node:vm'
import { SnapStore, json } from '@mini-rs/minisnap'
import { msgpack } from '@mini-rs/minisnap/msgpack'
import { MAX_DEPTH, describeObject, kindOf, memberPath } from '@mini-rs/minisnap/values'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { FOLDER } from './support/snapshots.js'

class Items extends Array<number> {}
class Names extends Map<string, string> {}

const KINDS = [
  [[1], 'array'],
  [Items.of(1), 'array'],
  [{ a: 1 }, 'object'],
  [Object.assign(Object.create(null) as object, { a: 1 }), 'object'],
  [runInNewContext('({ a: [1] })') as object, 'object'],
  [new Map([[1, 2]]), 'Map'],
  [new Set([1]), 'Set'],
  [new Date(0), 'Date'],
  [Uint8Array.of(1), 'Uint8Array'],
  [Buffer.from('a'), 'Uint8Array'],
  [new Names(), undefined],
  [new URL('https://example.org'), undefined],
  [/a/, undefined],
  [new Error('a'), undefined],
  [new Uint16Array(1), undefined],
  [new ArrayBuffer(1), undefined],
  [Promise.resolve(), undefined],
  [() => 1, undefined],
] satisfies [object, string | undefined][]

/** What the codec makes of a state, or the code of its refusal. */
async function carried(state: unknown, isPacked: boolean): Promise<unknown> {
  const codec = isPacked ? msgpack() : json({ tagged: true })
  const snapshots = new SnapStore<unknown>(FOLDER, { codec, fileSystem: new CrashFileSystem() })
  try {
    await snapshots.create([state], 1)
  } catch (error) {
    return (error as { readonly code: unknown }).code
  }
  return ((await snapshots.restore()).state as readonly unknown[])[0]
}

describe('kindOf', () => {
  it.each(KINDS)('tells what the codecs carry, and what as: %o', async (value, kind) => {
    expect(kindOf(value)).toBe(kind)
    for (const isPacked of [false, true]) {
      const found = await carried(value, isPacked)
      if (kind === undefined) expect(found).toBe('STATE_NOT_SERIALIZABLE')
      else expect(kindOf(found as object)).toBe(kind)
    }
  })
})

describe('MAX_DEPTH', () => {
  const nestings: readonly (readonly [string, number, (inner: unknown) => unknown])[] = [
    ['an array', 1, (inner) => [inner]],
    ['an object', 1, (inner) => ({ inner })],
    ['a Set', 2, (inner) => new Set([inner])],
    ['a Map', 3, (inner) => new Map([['inner', inner]])],
    ['an object with a key $type', 3, (inner) => ({ $type: 'mine', inner })],
  ]

  it.each(nestings)('is reached in tagged JSON by %s, each %i', (_, brackets, wrap) => {
    const nested = (count: number): unknown => {
      let value: unknown = []
      for (let left = count; left > 0; left--) value = wrap(value)
      return value
    }
    const encode = (state: unknown): unknown[] => {
      const envelope = { seq: 1, version: 1, createdAt: 'now', codec: 'json-tagged', state }
      return [...json({ tagged: true }).encode(envelope, { pretty: false })]
    }
    const most = Math.floor((MAX_DEPTH - 1) / brackets) // the empty array is one
    encode(nested(most))
    expect(() => encode(nested(most + 1))).toThrow(`nesting deeper than ${MAX_DEPTH}`)
  })

  it.each([
    ['a Date', new Date(0)],
    ['a bigint', 1n],
    ['a Uint8Array', Uint8Array.of(1)],
  ])('counts %s as one in tagged JSON', async (_, leaf) => {
    const nested = (count: number): unknown => {
      let value: unknown = leaf
      for (let left = count; left > 0; left--) value = [value]
      return value
    }
    // `carried` puts one more array around it.
    expect(await carried(nested(MAX_DEPTH - 2), false)).toEqual(nested(MAX_DEPTH - 2))
    expect(await carried(nested(MAX_DEPTH - 1), false)).toBe('STATE_NOT_SERIALIZABLE')
  })
})

describe('messages', () => {
  it('name the class of what cannot be carried', () => {
    expect(describeObject(new URL('https://example.org'))).toBe('a class instance (URL)')
    expect(describeObject(Object.create({ constructor: undefined }) as object)).toBe(
      'a class instance (?)',
    )
  })

  it('write a key as the errors do', () => {
    expect(['a', '$a_1', 'a b', '1', '', 'a"b'].map(memberPath)).toEqual([
      '.a',
      '.$a_1',
      '["a b"]',
      '["1"]',
      '[""]',
      '["a\\"b"]',
    ])
  })
})
