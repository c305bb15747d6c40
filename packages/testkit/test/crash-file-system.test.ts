import { describe, expect, it } from 'vitest'
import {
  CrashFileSystem,
  ScriptedChoices,
  SeededChoices,
  errno,
  everyCombination,
  shrinkScript,
} from '@mini-rs/testkit'

const SMALL = { sectorBytes: 4, gaps: 'zero', hasPatterns: false } as const

async function written(text: string, isSynced: boolean): Promise<CrashFileSystem> {
  const disk = new CrashFileSystem({ sectorBytes: 4 })
  const handle = await disk.open('/file', 'createNew')
  await handle.write(Buffer.from('head'), 0)
  await handle.sync()
  await disk.syncDirectory('/')
  await handle.write(Buffer.from(text), 4)
  if (isSynced) await handle.sync()
  return disk
}

/** What every power cut at the end may leave of the file. */
function everyRest(disk: CrashFileSystem): Set<string> {
  const rests = new Set<string>()
  for (const choices of everyCombination()) {
    const after = disk.powerCutAt(disk.position, choices, SMALL)
    rests.add(after.has('/file') ? after.get('/file').toString() : 'no file')
  }
  return rests
}

describe('a power cut', () => {
  it('leaves what was synced', async () => {
    expect([...everyRest(await written('abcd', true))]).toEqual(['headabcd'])
  })

  it('leaves any subset of the sectors that were not, of any length, with zeros in the gaps', async () => {
    const rests = everyRest(await written('abcdefgh', false))
    expect(rests).toContain('headabcdefgh')
    expect(rests).toContain('head')
    expect(rests).toContain('head\0\0\0\0efgh')
    expect(rests).toContain('headabcd\0\0')
    expect(rests).toContain('heada')
    for (const rest of rests) expect(rest).toMatch(/^head(a|$|\0)/)
  })

  it('may lose names, each for itself, until the folder is synced', async () => {
    const disk = new CrashFileSystem()
    for (const path of ['/a', '/b']) await (await disk.open(path, 'createNew')).sync()
    await disk.rename('/b', '/c')
    const states = new Set<string>()
    for (const choices of everyCombination()) {
      states.add(disk.powerCutAt(disk.position, choices, SMALL).paths.join())
    }
    expect(states).toEqual(new Set(['', '/a', '/b', '/a,/b', '/c', '/a,/c']))
    await disk.syncDirectory('/')
    expect(disk.powerCutAt(disk.position, new SeededChoices(1)).paths).toEqual(['/a', '/c'])
  })

  it('changes the boot id; killing a process does not, and keeps the page cache', async () => {
    const disk = await written('abcd', false)
    const killed = disk.killedAt(disk.position)
    expect(await killed.bootId()).toBe(await disk.bootId())
    expect(killed.get('/file').toString()).toBe('headabcd')
    const cut = disk.powerCutAt(disk.position, new SeededChoices(1))
    expect(await cut.bootId()).not.toBe(await disk.bootId())
  })
})

describe('a disk that fails', () => {
  it('counts the pages of a failed sync as clean, whatever of them it has written', async () => {
    const choices = new ScriptedChoices([2, 2, 2, 2, 2, 2, 2, 2, 0])
    const disk = new CrashFileSystem({ choices, sectorBytes: 4 })
    const handle = await disk.open('/file', 'createNew')
    await disk.syncDirectory('/')
    await handle.write(Buffer.from('abcdefgh'), 0)
    disk.hook = (call, path) => {
      if (call === 'sync') throw errno('EIO', path)
    }
    await expect(handle.sync()).rejects.toMatchObject({ code: 'EIO' })
    disk.hook = undefined
    await handle.sync()
    expect(disk.get('/file').toString()).toBe('abcdefgh')
    const after = disk.powerCutAt(disk.position, new SeededChoices(1))
    expect(after.get('/file').toString()).not.toBe('abcdefgh')
  })

  it('takes only a part of a write where the hook says so', async () => {
    const disk = new CrashFileSystem()
    disk.hook = (call) => (call === 'write' ? 3 : undefined)
    const handle = await disk.open('/file', 'createNew')
    expect(await handle.write(Buffer.from('abcdef'), 0)).toBe(3)
    expect(disk.get('/file').toString()).toBe('abc')
  })
})

describe('choices', () => {
  it('are the same for the same seed, and a script repeats them', () => {
    const first = new SeededChoices(7)
    const second = new SeededChoices(7)
    const answers = Array.from({ length: 50 }, () => first.choose(10))
    expect(Array.from({ length: 50 }, () => second.choose(10))).toEqual(answers)
    const script = new ScriptedChoices(first.taken)
    expect(Array.from({ length: 50 }, () => script.choose(10))).toEqual(answers)
    expect(script.choose(10)).toBe(0)
  })

  it('are counted through without gaps or repetition', () => {
    const seen: string[] = []
    for (const choices of everyCombination()) {
      const first = choices.choose(2)
      seen.push(first === 0 ? `0${choices.choose(3)}` : '1')
    }
    expect(seen).toEqual(['00', '01', '02', '1'])
  })

  it('shrink to the smallest script that fails as well', async () => {
    const fails = async (script: readonly number[]): Promise<boolean> =>
      script.some((answer) => answer >= 3)
    expect(await shrinkScript([5, 1, 0, 7, 2, 9], fails)).toEqual([3])
  })

  it('gives no new file the bytes of one that only a power cut would bring back', async () => {
    const disk = new CrashFileSystem()
    disk.put('/old', Buffer.from('old bytes'))
    disk.put('/other', Buffer.from('x'))
    await disk.remove('/other')
    const killed = disk.killedAt(disk.position)
    const handle = await killed.open('/new', 'createNew')
    expect(handle.sizeSync()).toBe(0)
  })
})
