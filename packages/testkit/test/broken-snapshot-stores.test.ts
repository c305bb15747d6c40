import type { SnapshotStore } from '@mini-rs/minisnap'
import {
  type MemorySnapshotStore,
  type SnapshotSubject,
  snapshotStoreChecks,
} from '@mini-rs/testkit'
import { describe, expect, it } from 'vitest'
import { brokenSnapshotFailures } from './support/broken-snapshot-failures.js'
import { brokenSnapshotReaders } from './support/broken-snapshot-readers.js'
import { brokenSnapshotWriters } from './support/broken-snapshot-writers.js'
import { FaithfulStore } from './support/faithful-snapshot-store.js'
import { memorySnapshotSubject } from './support/memory-snapshot-subject.js'
import { noticedBy } from './support/noticing.js'

const SEED = 7
/** More than two, so that the order of those that are kept shows. */
const KEEP = 3

type Wrapper = new (inner: MemorySnapshotStore<unknown>) => FaithfulStore

/** Memory in which what `Broken` does can be seen by every handle. */
async function brokenSubject(Broken: Wrapper): Promise<SnapshotSubject> {
  const subject = await memorySnapshotSubject(SEED, KEEP)
  const connect = (): SnapshotStore<unknown> => new Broken(subject.store.connect())
  return {
    ...subject,
    store: new Broken(subject.store),
    other: connect(),
    reopen: async () => connect(),
  }
}

function noticedIn(Broken: Wrapper): Promise<string[]> {
  return noticedBy(snapshotStoreChecks, () => brokenSubject(Broken))
}

describe('the conformance suite', () => {
  const brokenStores = [
    ...brokenSnapshotWriters,
    ...brokenSnapshotReaders,
    ...brokenSnapshotFailures,
  ]
  const byName = brokenStores.map(([Broken, caughtBy]) => ({ name: Broken.name, Broken, caughtBy }))

  it('passes a store whose wrapper changes nothing', async () => {
    expect(await noticedIn(FaithfulStore)).toEqual([])
  })

  it.each(byName)('notices the store that $name: $caughtBy', async ({ Broken, caughtBy }) => {
    expect(await noticedIn(Broken)).toContainEqual(expect.stringMatching(caughtBy))
  })

  it('has no check without a store that breaks just that', () => {
    const names = snapshotStoreChecks.map(({ name }) => name)
    const isControlled = (name: string): boolean =>
      brokenStores.some(([, caughtBy]) => caughtBy.test(name))
    expect(names.filter((name) => !isControlled(name))).toEqual([])
  })

  it('has no two checks of one name', () => {
    const names = snapshotStoreChecks.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})
