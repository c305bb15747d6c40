import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { type Change, StateManager, defineState } from '@mini-rs/ministate'
import { CrashFileSystem, errno } from '@mini-rs/testkit'
import { temporaryFolder } from '@mini-rs/testkit/vitest'
import { describe, expect, it } from 'vitest'
import { FOLDER } from './support/states.js'

const log = defineState({
  initial: { count: 0, last: '' },
  mutations: (m) => ({
    add: m((state, text: string) => {
      state.count++
      state.last = text
      return state.count
    }),
  }),
})

describe('a reader beside a writer', () => {
  it('reads what is there, and what has come since when it is asked to', async () => {
    const fileSystem = new CrashFileSystem()
    const writer = await StateManager.open(FOLDER, log, { fileSystem })
    await writer.apply({ add: 'a' })
    const reader = await StateManager.open(FOLDER, log, { fileSystem, readOnly: true })
    expect(reader.state).toEqual({ count: 1, last: 'a' })
    await writer.apply({ add: 'b' })
    expect(reader.sequence()).toBe(1)
    await reader.refresh()
    expect(reader.state).toEqual({ count: 2, last: 'b' })
    await reader.close()
    await writer.close()
  })

  it('takes no lock, writes no byte, and refuses to change anything', async () => {
    const folder = temporaryFolder()
    const writer = await StateManager.open(folder, log)
    await writer.apply({ add: 'a' })
    await expect(StateManager.open(folder, log)).rejects.toMatchObject({ code: 'JOURNAL_LOCKED' })
    const before = bytesOf(folder)
    const reader = await StateManager.open(folder, log, { readOnly: { follow: true } })
    await expect(reader.apply({ add: 'x' })).rejects.toMatchObject({ code: 'READ_ONLY' })
    await expect(reader.do.add('x')).rejects.toMatchObject({ code: 'READ_ONLY' })
    await expect(reader.applyAll([{ add: 'x' }])).rejects.toMatchObject({ code: 'READ_ONLY' })
    await expect(reader.update(() => ({ add: 'x' }))).rejects.toMatchObject({ code: 'READ_ONLY' })
    await expect(reader.createSnapshot()).rejects.toMatchObject({ code: 'READ_ONLY' })
    await expect(reader.compact()).rejects.toMatchObject({ code: 'READ_ONLY' })
    expect(await reader.dryRun({ add: 'x' })).toMatchObject({ ok: true, result: 2 })
    expect(await reader.at(0)).toEqual({ count: 0, last: '' })
    await reader.close()
    expect(bytesOf(folder)).toEqual(before)
    await writer.close()
  })

  it('waits for a state that is not there yet', async () => {
    const fileSystem = new CrashFileSystem()
    const reader = await StateManager.open(FOLDER, log, { fileSystem, readOnly: { follow: true } })
    expect(reader.state).toEqual({ count: 0, last: '' })
    const writer = await StateManager.open(FOLDER, log, { fileSystem })
    await writer.apply({ add: 'a' })
    await reader.refresh()
    expect(reader.state).toEqual({ count: 1, last: 'a' })
    await reader.close()
    await writer.close()
  })

  it('never sees a commit whose sync is running, nor one whose sync fails', async () => {
    const fileSystem = new CrashFileSystem()
    const writer = await StateManager.open(FOLDER, log, { fileSystem })
    await writer.apply({ add: 'durable' })
    const follower = await StateManager.open(FOLDER, log, {
      fileSystem,
      readOnly: { follow: true },
    })
    let seenMeanwhile: Promise<unknown> | undefined
    fileSystem.hook = (call, path) => {
      if (call !== 'sync' || !path.includes('journal.jsonl')) return
      fileSystem.hook = undefined
      // The line is in the file, and not on the disk.
      seenMeanwhile = StateManager.open(FOLDER, log, { fileSystem, readOnly: true }).then(
        async (reader) => {
          await reader.close()
          return reader.state
        },
      )
      throw errno('EIO', path)
    }
    await expect(writer.apply({ add: 'lost' })).rejects.toMatchObject({ outcome: 'unknown' })
    expect(await seenMeanwhile).toEqual({ count: 1, last: 'durable' })
    await follower.refresh()
    expect(follower.state).toEqual({ count: 1, last: 'durable' })
    await follower.close()
    await writer.close()
  })
})

describe('a follower', () => {
  it('publishes whole commits, and keeps up through rotations, snapshots and compaction', async () => {
    const fileSystem = new CrashFileSystem()
    const options = { fileSystem, maxSegmentBytes: 400, snapshots: { everyRecords: 20 } }
    const writer = await StateManager.open(FOLDER, log, options)
    const follower = await StateManager.open(FOLDER, log, {
      fileSystem,
      readOnly: { follow: true },
    })
    const seen: number[] = []
    follower.subscribe(() => seen.push(follower.sequence()))
    for (let n = 0; n < 60; n++) {
      await writer.applyAll([{ add: `${n}a` }, { add: `${n}b` }, { add: `${n}c` }])
      if (n % 7 === 0) await turn()
    }
    await follower.refresh()
    expect(follower.state).toEqual(writer.state)
    expect(seen.every((seq) => seq % 3 === 0)).toBe(true)
    await follower.close()
    await writer.close()
  })

  it('that lost its place loads the newest snapshot, and changes say so', async () => {
    const fileSystem = new CrashFileSystem()
    const options = { fileSystem, maxSegmentBytes: 100, snapshots: { keep: 1 } }
    const writer = await StateManager.open(FOLDER, log, options)
    await writer.apply({ add: 'first' })
    const reader = await StateManager.open(FOLDER, log, { fileSystem, readOnly: true })
    for (let n = 0; n < 20; n++) await writer.apply({ add: `${n}` })
    await writer.createSnapshot()
    expect((await writer.compact()).droppedRecords).toBeGreaterThan(10)
    await writer.apply({ add: 'last' })
    await reader.refresh()
    expect(reader.state).toEqual({ count: 22, last: 'last' })

    const follower = await StateManager.open(FOLDER, log, {
      fileSystem,
      readOnly: { follow: true },
    })
    const stop = new AbortController()
    const changes: Change<typeof log.mutations>[] = []
    for await (const change of follower.changes({ from: 2, signal: stop.signal })) {
      changes.push(change)
      if (change.seq >= 22) stop.abort()
    }
    expect(changes[0]?.kind).toBe('reset')
    expect(changes.at(-1)?.seq).toBe(22)
    for (const one of [reader, follower, writer]) await one.close()
  })
})

/** Every file with its content; locks and times are the writer's. */
function bytesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile())
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(folder, name)).toString('base64')]),
  )
}
