import { gunzipSync } from 'node:zlib'
import * as zlib from 'node:zlib'
import { MiniSnapError, SnapStore } from '@mini-rs/minisnap'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { FOLDER, pathOf, withSnapshots } from './support/snapshots.js'

const hasZstd = 'createZstdCompress' in zlib

describe('compressed snapshots', () => {
  it.each(['gzip', ...(hasZstd ? ['zstd'] : [])] as ('gzip' | 'zstd')[])(
    'come back the same, and smaller: %s',
    async (compression) => {
      const end = compression === 'gzip' ? 'json.gz' : 'json.zst'
      const fileSystem = new CrashFileSystem()
      const state = { text: 'again and '.repeat(1000) }
      const snapshots = new SnapStore<typeof state>(FOLDER, { fileSystem, compression })
      const { path, sizeBytes } = await snapshots.create(state, 3)
      expect(path).toBe(pathOf(3, end))
      expect(sizeBytes).toBeLessThan(1000)
      expect(await snapshots.restore()).toMatchObject({ state, info: { isVerified: true } })
      expect(await snapshots.verify()).toMatchObject([{ status: 'whole' }])
    },
  )

  it('are files that gzip unpacks', async () => {
    const { fileSystem } = await withSnapshots([3], { compression: 'gzip' })
    expect(JSON.parse(gunzipSync(fileSystem.get(pathOf(3, 'json.gz'))).toString())).toMatchObject({
      state: { counter: 30 },
    })
  })

  it('are read whatever the store would write', async () => {
    const { fileSystem } = await withSnapshots([3], { compression: 'gzip' })
    const plain = new SnapStore(FOLDER, { fileSystem })
    expect((await plain.restore()).state).toEqual({ counter: 30 })
    await plain.create({ counter: -3 }, 3)
    expect(fileSystem.paths).toEqual([pathOf(3)])
  })

  it('are damaged when they are cut, or carry no seal', async () => {
    const { fileSystem, snapshots } = await withSnapshots([3], { compression: 'gzip' })
    const path = pathOf(3, 'json.gz')
    const whole = fileSystem.get(path)
    fileSystem.put(path, whole.subarray(0, whole.length - 9))
    expect(await snapshots.verify()).toMatchObject([{ status: 'damaged' }])
    const bare = gunzipSync(whole).toString().trimEnd()
    fileSystem.put(path, zlib.gzipSync(bare))
    await expect(snapshots.restore()).rejects.toThrow('it has no seal')
  })

  it('fail as a whole when the state cannot be written', async () => {
    const { fileSystem, snapshots } = await withSnapshots([3], { compression: 'gzip' })
    const failing = snapshots.create({ counter: Number.NaN }, 4)
    await expect(failing).rejects.toMatchObject({ code: 'STATE_NOT_SERIALIZABLE' })
    expect(fileSystem.paths).toEqual([pathOf(3, 'json.gz')])
  })

  it.skipIf(hasZstd)('are refused where Node.js cannot do it', async () => {
    const unavailable = { code: 'COMPRESSION_UNAVAILABLE' }
    expect(() => new SnapStore(FOLDER, { compression: 'zstd' })).toThrow(
      expect.objectContaining(unavailable),
    )
    const { fileSystem, snapshots } = await withSnapshots([3])
    fileSystem.put(pathOf(4, 'json.zst'), Buffer.from('(/µ'))
    const restoring = snapshots.restore()
    await expect(restoring).rejects.toMatchObject(unavailable)
    await expect(restoring).rejects.toThrow(/22\.15/)
    expect(await restoring.catch((error: unknown) => MiniSnapError.is(error))).toBe(true)
  })
})
