import { SnapStore, json } from '@mini-rs/minisnap'
import { CrashFileSystem } from '@mini-rs/testkit'
import { seedOfRun } from '@mini-rs/testkit/vitest'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readJson } from '../src/codec/json-reader.js'
import { writeJson } from '../src/codec/json-writer.js'
import { FOLDER } from './support/snapshots.js'
import { carriedStates } from './support/states.js'

/** JSON values as JSON.parse makes them, `__proto__` and keys that look like indexes among them. */
const jsonValues = fc.json({ stringUnit: 'grapheme' }).map((text) => JSON.parse(text) as unknown)
const odd = fc.constantFrom(
  '{"__proto__":{"a":1},"b":[]}',
  '{"2":1,"b":{},"1":[{}]}',
  '[[],{},"\\"\\\\","",-1.5e-300]',
  '{"a":{"__proto__":null}}',
)
const values = fc.oneof(
  jsonValues,
  odd.map((text) => JSON.parse(text) as unknown),
)

function written(value: unknown, style: { pretty?: boolean; tagged?: boolean } = {}): string {
  return [...writeJson(value, style)].join('')
}

function encoded(state: unknown, tagged: boolean, pretty = false): string {
  const codec = json({ tagged })
  const named = tagged ? { codec: codec.name } : {}
  const envelope = { seq: 1, version: 1, createdAt: 'now', ...named, state }
  return [...codec.encode(envelope, { pretty })].join('')
}

describe('plain JSON', () => {
  it('is the text of JSON.stringify, compact and pretty', () => {
    const seed = seedOfRun('json text')
    fc.assert(
      fc.property(values, (value) => {
        if (JSON.stringify(value).includes('-0')) return // which JSON.stringify loses
        expect(written(value)).toBe(JSON.stringify(value))
        expect(written(value, { pretty: true })).toBe(JSON.stringify(value, null, 2))
      }),
      { seed, numRuns: 2_000 },
    )
  })

  it('is the text of JSON.stringify for the whole envelope', () => {
    for (const state of [{ a: [1, { b: null }] }, [], 'x', 0, {}]) {
      const envelope = { seq: 1, version: 1, createdAt: 'now', state }
      expect(encoded(state, false)).toBe(JSON.stringify(envelope))
      expect(encoded(state, false, true)).toBe(JSON.stringify(envelope, null, 2))
    }
  })

  it('keeps the sign of zero', () => {
    expect(Object.is(readJson(Buffer.from(written(-0))), -0)).toBe(true)
  })

  it('comes in pieces, also of a large array', () => {
    const pieces = [...writeJson(Array.from({ length: 100_000 }, (_, index) => index))]
    expect(pieces.length).toBeGreaterThan(5)
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(70_000)
  })

  const hole = [1, 2]
  delete hole[1]
  it.each<[string, unknown, string]>([
    ['NaN', { a: [Number.NaN] }, '$.a[0]'],
    ['Infinity', { a: Number.POSITIVE_INFINITY }, '$.a'],
    ['undefined', { 'a b': undefined }, '$["a b"]'],
    ['a hole', hole, '$[1]'],
    ['a function', { toJSON: () => 1 }, '$.toJSON'],
    ['a symbol', [Symbol('x')], '$[0]'],
    ['a symbol as a key', [{ [Symbol('x')]: 1 }], '$[0]'],
    ['a bigint', 1n, '$'],
    ['a Map', { a: new Map() }, '$.a'],
    ['a Set', new Set(), '$'],
    ['a Date', { at: new Date() }, '$.at'],
    ['a Uint8Array', Buffer.from('x'), '$'],
    ['a class instance (URL)', { a: new URL('https://example.org') }, '$.a'],
    ['a lone surrogate', ['\ud800'], '$[0]'],
    ['a lone surrogate', { '\ud800': 1 }, '$["\\ud800"]'],
  ])('refuses %s, and says where', (what, state, statePath) => {
    expect(() => written(state)).toThrow(
      expect.objectContaining({ code: 'STATE_NOT_SERIALIZABLE', statePath }),
    )
    expect(() => written(state)).toThrow(`the state holds ${what} at `)
  })

  it('takes 126 levels, and refuses the next, which a cycle reaches', () => {
    const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
    expect(written(nested(126))).toBe('['.repeat(126) + ']'.repeat(126))
    expect(() => written(nested(127))).toThrow('nesting deeper than 126, or a cycle,')
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(() => written(cycle)).toThrow('or a cycle')
  })

  it('takes objects without a prototype, and of another realm', () => {
    expect(written(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}')
    expect(written(structuredClone({ a: [1] }))).toBe('{"a":[1]}')
  })
})

describe('tagged JSON', () => {
  it('gives every state back that it takes', () => {
    const seed = seedOfRun('tagged')
    const codec = json({ tagged: true })
    fc.assert(
      fc.property(carriedStates(), fc.boolean(), (state, pretty) => {
        const decoded = codec.decode(Buffer.from(encoded(state, true, pretty)))
        expect(decoded).toStrictEqual({
          seq: 1,
          version: 1,
          createdAt: 'now',
          codec: 'json-tagged',
          state,
        })
      }),
      { seed, numRuns: 2_000 },
    )
  })

  it('looks as it is documented', () => {
    const state = {
      map: new Map([['k', 1n]]),
      set: new Set([new Date(0)]),
      bytes: Uint8Array.of(1, 2),
      tag: { $type: 'mine' },
    }
    expect(JSON.parse(written(state, { tagged: true }))).toEqual({
      map: { $type: 'Map', value: [['k', { $type: 'bigint', value: '1' }]] },
      set: { $type: 'Set', value: [{ $type: 'Date', value: '1970-01-01T00:00:00.000Z' }] },
      bytes: { $type: 'Uint8Array', value: 'AQI=' },
      tag: { $type: 'Object', value: [['$type', 'mine']] },
    })
  })

  it('gives a Buffer back as a Uint8Array', () => {
    const decoded = json({ tagged: true }).decode(Buffer.from(encoded(Buffer.from('x'), true)))
    expect(decoded).toMatchObject({ state: Uint8Array.of(120) })
  })

  it('refuses an invalid Date and a class of its own, and says where', () => {
    class Shelf extends Map {}
    const map = new Map<string, unknown>([
      ['a', 1],
      ['k', { at: new Date(Number.NaN) }],
    ])
    expect(() => written(map, { tagged: true })).toThrow('an invalid Date at $(entry 1)[1].at')
    expect(() => written([new Shelf()], { tagged: true })).toThrow(
      'a class instance (Shelf) at $[0]',
    )
  })

  it('counts the levels that its JSON has', () => {
    let nested: unknown = 1
    for (let level = 0; level < 42; level++) nested = new Map([[level, nested]])
    expect(written(nested, { tagged: true }).length).toBeGreaterThan(100)
    expect(() => written(new Map([[1, nested]]), { tagged: true })).toThrow('deeper than 126')
  })

  it.each([
    ['{"$type":"Vector","value":[]}', 'a tag of the type "Vector"'],
    ['{"$type":"Map","value":{}}', 'a malformed tag of the type Map'],
    ['{"$type":"Map","value":[[1]]}', 'a malformed tag of the type Map'],
    ['{"$type":"Object","value":[[1,2]]}', 'a malformed tag of the type Object'],
    ['{"$type":"Date","value":"never"}', 'a malformed tag of the type Date'],
    ['{"$type":"bigint","value":1}', 'a malformed tag of the type bigint'],
    ['{"$type":"bigint","value":"one"}', 'a malformed tag of the type bigint'],
    ['{"$type":7}', 'a tag of the type 7'],
  ])('refuses a tag that is none of its own: %s', (state, message) => {
    const text = `{"seq":1,"codec":"json-tagged","state":${state}}`
    expect(() => json({ tagged: true }).decode(Buffer.from(text))).toThrow(message)
  })

  it('leaves tags alone in a file that is not tagged', async () => {
    const fileSystem = new CrashFileSystem()
    await new SnapStore(FOLDER, { fileSystem }).create({ $type: 'Map', value: 1 }, 1)
    const tagged = new SnapStore(FOLDER, { fileSystem, codec: json({ tagged: true }) })
    expect((await tagged.restore()).state).toEqual({ $type: 'Map', value: 1 })
  })
})

describe('JSON that is read in parts', () => {
  it('is what JSON.parse makes of it, whatever the size of a part', () => {
    const seed = seedOfRun('json parts')
    const texts = values.chain((value) =>
      fc.constantFrom(JSON.stringify(value), ` ${JSON.stringify(value, null, 2)}\t\n`),
    )
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 60 }), (text, partBytes) => {
        expect(readJson(Buffer.from(text), partBytes)).toStrictEqual(JSON.parse(text))
      }),
      { seed, numRuns: 5_000 },
    )
  })

  it('keeps the last of two equal keys, and keys that look like indexes', () => {
    for (const text of [
      '{"b":{"x":[1,2]},"1":{"y":[3]},"b":{"z":4},"0":5}',
      '{"a":1,"__proto__":{"x":1},"b":2}',
    ]) {
      for (let partBytes = 1; partBytes < text.length; partBytes++) {
        expect(readJson(Buffer.from(text), partBytes)).toStrictEqual(JSON.parse(text))
      }
    }
  })

  it('refuses exactly what JSON.parse refuses', () => {
    const seed = seedOfRun('broken json')
    const broken = fc
      .tuple(
        values,
        fc.nat(),
        fc.constantFrom('', ',', ']', '}', '"', ':', '[', '{', '\\', '1', ' '),
      )
      .map(([value, at, character]) => {
        const text = JSON.stringify(value)
        const cut = at % (text.length + 1)
        return text.slice(0, cut) + character + text.slice(cut + (at % 2))
      })
    fc.assert(
      fc.property(broken, fc.integer({ min: 1, max: 30 }), (text, partBytes) => {
        expect(outcomeOf(() => readJson(Buffer.from(text), partBytes))).toStrictEqual(
          outcomeOf(() => JSON.parse(Buffer.from(text).toString()) as unknown),
        )
      }),
      { seed, numRuns: 5_000 },
    )
  })

  it('finds tags whose dollar was escaped by another hand', () => {
    const text = String.raw`{"seq":1,"version":1,"createdAt":"","codec":"json-tagged","state":{"when":{"\u0024type":"Date","value":"1970-01-01T00:00:00.005Z"}}}`
    const envelope = json({ tagged: true }).decode(Buffer.from(text)) as { state: unknown }
    expect(envelope.state).toEqual({ when: new Date(5) })
  })
})

function outcomeOf(parse: () => unknown): unknown {
  try {
    return { value: parse() }
  } catch (error) {
    return error instanceof SyntaxError ? 'refused' : error
  }
}
