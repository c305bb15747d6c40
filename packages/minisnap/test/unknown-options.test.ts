import { MiniStore } from '@mini-rs/ministore'
import { SnapStore, compact, json } from '@mini-rs/minisnap'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'

/** What a program in plain JavaScript may pass. */
function slip(given: object): never {
  return given as never
}

describe('an option that there is not', () => {
  it('is refused by a store, which lists those that there are', () => {
    const make = (): unknown => new SnapStore('/snapshots', slip({ keeps: 3 }))
    expect(make).toThrow(TypeError)
    expect(make).toThrow(
      'options: there is no option "keeps"; there are codec, pretty, compression, keep, version, migrate, schema, sliceMs, mode, fileSystem, clock',
    )
  })

  it('is refused by whatever else takes options', async () => {
    const fileSystem = new CrashFileSystem()
    const store = new SnapStore<object>('/snapshots', { fileSystem })
    const log = await MiniStore.open<never>('/journal.jsonl', { fileSystem })
    await expect(store.create({}, 1, slip({ note: {} }))).rejects.toThrow('"note"; there are mode,')
    await store.create({}, 1)
    for (const restore of [store.restore, store.tryRestore]) {
      await expect(restore.call(store, slip({ before: 5 }))).rejects.toThrow(
        'options: there is no option "before"; there are atOrBefore, signal, onProgress',
      )
    }
    await expect(compact(log, store, slip({ from: 5 }))).rejects.toThrow(
      'options: there is no option "from"; there are keepFrom',
    )
    expect(() => json(slip({ tag: true }))).toThrow('"tag"; there are tagged')
    expect(await store.list()).toHaveLength(1)
    await log.close()
  })
})
