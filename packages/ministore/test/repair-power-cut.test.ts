import { MiniStore, MiniStoreError, type RepairMode } from '@mini-rs/ministore'
import { CrashFileSystem, type Lies, SeededChoices } from '@mini-rs/testkit'
import { seedOfRun } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import { BASE, writeJournal } from './support/journals.js'

const CUTS_PER_POSITION = 12

/** A journal of several files with a damaged record in an archived one. */
async function damagedJournal(lies: Lies): Promise<CrashFileSystem> {
  const whole = new CrashFileSystem()
  await writeJournal(BASE, 12, { fileSystem: whole, maxSegmentBytes: 400 })
  const damaged = `${BASE}.000002`
  const bytes = whole.get(damaged)
  bytes.write('X', bytes.indexOf('record'))
  whole.put(damaged, bytes)
  return new CrashFileSystem({ disk: whole.diskAt(whole.position), lies })
}

async function recordsOf(fileSystem: CrashFileSystem): Promise<string> {
  return JSON.stringify(await MiniStore.replay(BASE, { fileSystem }))
}

/** Cuts the power at every step of a repair, and repairs what is left. */
async function cutEverywhere(
  mode: RepairMode,
  lies: Lies,
): Promise<{ count: number; failures: string[] }> {
  const seed = seedOfRun('repair and power cuts')
  const damaged = await damagedJournal(lies)
  const originals = damaged.paths
    .filter((path) => /jsonl(\.\d+)?$/.test(path))
    .map((path) => damaged.get(path).toString('latin1'))
  await MiniStore.repair(BASE, { ...mode, dryRun: false, fileSystem: damaged })
  const wanted = await recordsOf(damaged)
  const failures: string[] = []
  let count = 0
  for (let position = 0; position <= damaged.position; position++) {
    for (let cut = 0; cut < CUTS_PER_POSITION; cut++) {
      count++
      const choices = new SeededChoices(seed * 100_000 + count)
      const left = damaged.powerCutAt(position, choices)
      const failure = await failureOf(left, mode, wanted, originals)
      if (failure !== undefined) failures.push(`cut at ${position}: ${failure}`)
    }
  }
  return { count, failures }
}

async function failureOf(
  left: CrashFileSystem,
  mode: RepairMode,
  wanted: string,
  originals: readonly string[],
): Promise<string | undefined> {
  try {
    await MiniStore.repair(BASE, { ...mode, dryRun: false, fileSystem: left })
    if ((await recordsOf(left)) !== wanted) return 'other records'
    await (await MiniStore.open(BASE, { fileSystem: left })).close()
  } catch (error) {
    if (MiniStoreError.is(error)) return error.message
    throw error
  }
  const kept = new Set(left.paths.map((path) => left.get(path).toString('latin1')))
  // Those behind the damage are written anew as well; the one before it stays what it is.
  return originals.every((text) => kept.has(text)) ? undefined : 'an original is lost'
}

describe('a repair at whose every step the power fails', () => {
  const modes: RepairMode[] = [{ skipCorrupt: true }]
  it.each(modes)('keeps the originals, and is finished by the next one: %j', async (mode) => {
    const { count, failures } = await cutEverywhere(mode, {})
    console.log(`${count} power cuts`)
    expect(failures).toEqual([])
  })

  it.each([[{ sync: 'never' }], [{ syncDirectory: 'never' }]] as [Lies][])(
    'loses something without its syncs: %j',
    async (lies) => {
      expect((await cutEverywhere({ skipCorrupt: true }, lies)).failures).not.toEqual([])
    },
  )
})
