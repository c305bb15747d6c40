import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StateManager, defineState } from '@mini-rs/ministate'
import { CrashFileSystem } from '@mini-rs/testkit'
import { temporaryFolder } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import { FOLDER } from './support/states.js'

const PARTS = {
  initial: { n: 0 },
  mutations: (m: never) => {
    const make = m as (recipe: (state: { n: number }, by: number) => void) => unknown
    return { add: make((state, by) => void (state.n += by)) }
  },
}

const counter = defineState({
  initial: { n: 0 },
  mutations: (m) => ({ add: m((state, by: number) => void (state.n += by)) }),
})

/** What a program in plain JavaScript may pass. */
function slip(given: unknown): never {
  return given as never
}

function opened(): Promise<StateManager<{ n: number }, (typeof counter)['mutations']>> {
  return StateManager.open(FOLDER, counter, { fileSystem: new CrashFileSystem() })
}

describe('an option that there is not is refused', () => {
  it.each<[string, object, RegExp]>([
    [
      'options',
      { snapshot: { everyRecords: 3 } },
      /"snapshot"; there are journal, .*, snapshots, /,
    ],
    ['options', { maxSegments: 3 }, /"maxSegments"; there are /],
    ['options', { codec: {} }, /"codec"; there are /],
    [
      'snapshots',
      { snapshots: { everyRecord: 3 } },
      /"everyRecord"; there are everyRecords, every/,
    ],
    ['readOnly', { readOnly: { follow: true, poll: 5 } }, /"poll"; there are follow$/],
  ])('by open and verify: %s %j', async (what, given, names) => {
    const fileSystem = new CrashFileSystem()
    const options = slip({ fileSystem, ...given })
    for (const call of [StateManager.open, StateManager.verify] as const) {
      const calling = call(FOLDER, counter, options) as Promise<unknown>
      await expect(calling).rejects.toThrow(TypeError)
      await expect(calling).rejects.toThrow(`${what}: there is no option `)
      await expect(calling).rejects.toThrow(names)
    }
    expect(fileSystem.statSync(FOLDER)).toBeUndefined()
  })

  it('by defineState, and by m', () => {
    const invariants = (): boolean => true
    expect(() => defineState(slip({ ...PARTS, invariants }))).toThrow(
      'options: there is no option "invariants"; there are initial, mutations, version, migrate, schema, invariant, codec',
    )
    const upcasts = { 1: (old: unknown) => old }
    const build = (m: never): unknown => ({
      add: (m as (recipe: object, versions: object) => unknown)(() => {}, { version: 2, upcasts }),
    })
    expect(() => defineState(slip({ ...PARTS, mutations: build }))).toThrow(
      'the versions of a payload: there is no option "upcasts"; there are version, upcast',
    )
  })

  it('by whatever else takes options', async () => {
    const manager = await opened()
    const calls: [object: object, refused: string, call: (options: never) => unknown][] = [
      [{ expectSeq: 5 }, 'options', (o) => manager.apply({ add: 1 }, o)],
      [{ expectSeq: 5 }, 'options', (o) => manager.applyAll([{ add: 1 }], o)],
      [
        { equals: Object.is },
        'options',
        (o) =>
          manager.select(
            ({ n }) => n,
            () => {},
            o,
          ),
      ],
      [{ since: 1 }, 'options', (o) => manager.changes(o)],
      [{ since: 1 }, 'range', (o) => manager.history(o)],
      [{ seq: 1 }, 'options', (o) => manager.fork('/other', o)],
      [{ timeoutMs: 1 }, 'options', (o) => manager.createSnapshot(o)],
    ]
    for (const [given, what, call] of calls) {
      const calling = async (): Promise<unknown> => call(slip(given))
      const [name = ''] = Object.keys(given)
      await expect(calling()).rejects.toThrow(`${what}: there is no option "${name}"; there are `)
    }
    expect(manager.sequence()).toBe(0)
    await manager.close()
  })
})

describe('a definition that is none', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a function', () => counter],
    ['what defineState takes', PARTS],
    ['mutations without m', { ...counter, mutations: { add: () => {} } }],
    ['no mutations', { ...counter, mutations: undefined }],
  ])('is refused by open and verify: %s', async (_what, definition) => {
    const fileSystem = new CrashFileSystem()
    for (const call of [StateManager.open, StateManager.verify] as const) {
      const calling = call(FOLDER, slip(definition), { fileSystem }) as Promise<unknown>
      await expect(calling).rejects.toThrow(TypeError)
      await expect(calling).rejects.toThrow('the definition must be what defineState answers')
    }
    expect(fileSystem.statSync(FOLDER)).toBeUndefined()
  })

  it('is told at defineState where the mutations are no function', () => {
    expect(() => defineState(slip(undefined))).toThrow('defineState takes an object')
    expect(() => defineState(slip({ initial: {}, mutations: {} }))).toThrow(
      'mutations must be a function: (m) => ({ name: m(recipe) })',
    )
  })

  it('is not one that was copied, with another beginning', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await StateManager.open(
      FOLDER,
      { ...counter, initial: { n: 5 } },
      { fileSystem },
    )
    expect(manager.state).toEqual({ n: 5 })
    await manager.close()
  })
})

describe('a folder that is a file', () => {
  it('is refused, and the file is named and left alone', async () => {
    const file = join(temporaryFolder(), 'x')
    writeFileSync(file, 'mine')
    await expect(StateManager.open(file, counter)).rejects.toMatchObject({
      code: 'PATH_NOT_FOLDER',
      path: file,
      message: expect.stringContaining(`${file} is a file, and a folder is needed there`),
    })
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })
})
