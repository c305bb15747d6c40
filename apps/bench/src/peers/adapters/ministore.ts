import { join } from 'node:path'
import { MiniStore, type OpenOptions } from '@mini-rs/ministore'
import type { BenchRecord, Journal, Peer } from '../peer.js'

/** Ours, with its syncs in the thread pool. */
export const ministore: Peer = {
  name: 'ministore',
  append: 'append',
  replay: 'batches',
  hasOpenTime: true,
  open: (folder) => open(folder, {}),
}

/** Ours, with the sync of a lone append on the calling thread. */
export const ministoreInline: Peer = {
  name: 'ministore inline',
  append: "append, syncOn: 'inline'",
  hasOpenTime: false,
  open: (folder) => open(folder, { syncOn: 'inline' }),
}

async function open(folder: string, options: OpenOptions<BenchRecord>): Promise<Journal> {
  const path = join(folder, 'journal.jsonl')
  const store = await MiniStore.open<BenchRecord>(path, options)
  return {
    append: (record) => store.append(record),
    fill: (records) => store.appendMany(records),
    async sum() {
      let sum = 0
      for await (const { records } of MiniStore.batches<BenchRecord>(path)) {
        for (const { by } of records) sum += by
      }
      return sum
    },
    close: () => store.close(),
  }
}
