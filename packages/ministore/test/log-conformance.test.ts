import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MiniStore, type OpenOptions } from '@mini-rs/ministore'
import { type LogSubject, logConformance } from '@mini-rs/testkit'

const LIMITS = { maxRecordBytes: 1000 }

/** A store on real files; small segments, so that records can be dropped one by one. */
async function subjectOn(options: OpenOptions<unknown>): Promise<LogSubject> {
  const folder = await mkdtemp(join(tmpdir(), 'ministore-'))
  const path = join(folder, 'journal.jsonl')
  const opened: MiniStore<unknown>[] = []
  const open = async (): Promise<MiniStore<unknown>> => {
    const store = await MiniStore.open(path, { ...LIMITS, ...options })
    opened.push(store)
    return store
  }
  return {
    log: await open(),
    reopen: open,
    cleanUp: async () => {
      for (const store of opened) await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const VARIANTS: readonly (readonly [string, OpenOptions<unknown>])[] = [
  ['MiniStore', {}],
  ['MiniStore with small segments', { maxSegmentBytes: 300 }],
  ["MiniStore with durability 'os'", { durability: 'os', maxSegmentBytes: 300 }],
  ["MiniStore with syncOn 'inline'", { syncOn: 'inline' }],
  ['MiniStore without seals', { seal: false, segmentDigits: 3 }],
]

for (const [name, options] of VARIANTS) logConformance(name, () => subjectOn(options))
