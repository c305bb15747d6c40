import { SnapStore } from '@mini-rs/minisnap'
import { CrashFileSystem } from '@mini-rs/testkit'
import { proveRow } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import { failingCalls } from '../../proof/failing-calls.js'
import { FOLDER, pathOf, withSnapshots } from '../support/snapshots.js'

proveRow(failingCalls)

/** A disk that takes a part of a write and claims to have taken all; `isHidden`: its sizes lie as well. */
function swallowing(fileSystem: CrashFileSystem, isHidden: boolean): CrashFileSystem {
  return new Proxy(fileSystem, {
    get(target, name) {
      if (name !== 'open') {
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      }
      return async (...args: Parameters<CrashFileSystem['open']>) => {
        const handle = await target.open(...args)
        let claimedBytes = 0
        return {
          read: handle.read.bind(handle),
          sync: handle.sync.bind(handle),
          close: handle.close.bind(handle),
          sizeSync: () => (isHidden && claimedBytes > 0 ? claimedBytes : handle.sizeSync()),
          write: async (bytes: Uint8Array, offsetBytes: number) => {
            await handle.write(bytes.subarray(0, bytes.length - 40), offsetBytes)
            claimedBytes += bytes.length
            return bytes.length
          },
        }
      }
    },
  })
}

describe('a disk that swallows the end of a write', () => {
  it('is noticed by the size of the file, before the older snapshot is in danger', async () => {
    const { fileSystem } = await withSnapshots([1])
    const snapshots = new SnapStore(FOLDER, { fileSystem: swallowing(fileSystem, false) })
    await expect(snapshots.create({ counter: 2 }, 2)).rejects.toMatchObject({
      code: 'WRITE_FAILED',
    })
    expect(fileSystem.paths).toEqual([pathOf(1)])
  })

  it('goes unnoticed until the restore, without that check', async () => {
    const { fileSystem } = await withSnapshots([1])
    const snapshots = new SnapStore(FOLDER, { fileSystem: swallowing(fileSystem, true) })
    await snapshots.create({ counter: 2 }, 2)
    expect(await snapshots.restore()).toMatchObject({ seq: 1, skipped: [{ seq: 2 }] })
  })
})
