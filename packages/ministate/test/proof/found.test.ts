import { StateManager } from '@mini-rs/ministate'
import { CrashFileSystem } from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { PROGRAM_STATE } from '../../proof/model.js'
import { FOLDER, openState } from '../support/states.js'

describe('what random lives have found', () => {
  it('verify: a log of which every record was dropped goes on from its snapshot', async () => {
    const fileSystem = new CrashFileSystem()
    const manager = await openState(fileSystem, PROGRAM_STATE, { snapshots: { keep: 1 } })
    await manager.do.add({ id: 1, by: 1 })
    await manager.createSnapshot()
    await manager.compact()
    await manager.close()
    expect(await StateManager.verify(FOLDER, PROGRAM_STATE, { fileSystem })).toMatchObject({
      isSound: true,
      records: 0,
      snapshot: { status: 'equal', seq: 1 },
    })
  })
})
