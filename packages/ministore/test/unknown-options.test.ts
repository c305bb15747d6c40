import { MiniStore } from '@mini-rs/ministore'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { BASE } from './support/journals.js'

/** What a program in plain JavaScript may pass. */
function options(given: object): never {
  return given as never
}

function opened(): Promise<MiniStore<unknown>> {
  return MiniStore.open(BASE, { fileSystem: new CrashFileSystem() })
}

describe('an option that there is not', () => {
  it('is refused by open, which leaves nothing behind and lists those that there are', async () => {
    const fileSystem = new CrashFileSystem()
    const opening = MiniStore.open(BASE, options({ fileSystem, durabilty: 'os' }))
    await expect(opening).rejects.toThrow(TypeError)
    await expect(opening).rejects.toThrow(
      /^options: there is no option "durabilty"; there are durability, syncOn, .*, schema, /,
    )
    expect(fileSystem.statSync(BASE)).toBeUndefined()
  })

  it('is refused by an append, whose condition would not count', async () => {
    const store = await opened()
    const wrong = options({ expectedSequence: 7 })
    await expect(store.append(1, wrong)).rejects.toThrow(
      'options: there is no option "expectedSequence"; there are expectedSeq',
    )
    await expect(store.appendMany([1], wrong)).rejects.toThrow(TypeError)
    expect(store.lastSeq).toBe(0)
    await store.close()
  })

  it('is refused by whoever reads a journal', async () => {
    const fileSystem = new CrashFileSystem()
    const wrong = options({ fileSystem, form: 3 })
    const calls: (() => unknown)[] = [
      () => MiniStore.replay(BASE, wrong),
      () => MiniStore.entries(BASE, wrong),
      () => MiniStore.batches(BASE, wrong),
      () => MiniStore.reduce(BASE, (sum: number) => sum, 0, wrong),
      () => MiniStore.follow(BASE, wrong),
      () => MiniStore.inspect(BASE, wrong),
      () => MiniStore.acknowledgedSeq(BASE, wrong),
      () => MiniStore.locate(BASE, 1, wrong),
      () => MiniStore.verify(BASE, wrong),
      () => MiniStore.repair(BASE, options({ fileSystem, skipCorrupt: true, form: 3 })),
    ]
    for (const call of calls) {
      const calling = async (): Promise<unknown> => call()
      await expect(calling()).rejects.toThrow('options: there is no option "form"; there are ')
    }
  })

  it('is refused of a range of the own records', async () => {
    const store = await opened()
    const refused = 'range: there is no option "until"; there are from, signal, to'
    expect(() => store.entries(options({ until: 3 }))).toThrow(refused)
    expect(() => store.batches(options({ until: 3 }))).toThrow(refused)
    expect(() => store.follow(options({ to: 3 }))).toThrow('"to"; there are from, signal')
    await store.close()
  })

  it('is one that the options have themselves, not what all objects have got', async () => {
    const own = { fileSystem: new CrashFileSystem(), lock: undefined }
    const given = Object.assign(Object.create({ ours: true }) as object, own)
    const store = await MiniStore.open(BASE, options(given))
    expect(store.status).toBe('open')
    await store.close()
  })
})
