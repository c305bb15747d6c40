import { join } from 'node:path'
import { peerModule } from '../install.js'
import type { BenchRecord, Peer } from '../peer.js'

interface Lmdb {
  readonly flushed: PromiseLike<boolean>
  put(key: number, value: BenchRecord): Promise<boolean>
  transaction(work: () => void): Promise<void>
  getRange(): Iterable<{ value: BenchRecord }>
  close(): Promise<void>
}

/** LMDB, with the encoding and the overlapping sync that it has by default. */
export const lmdb: Peer = {
  name: 'lmdb',
  needs: 'lmdb',
  append: 'put, then flushed',
  replay: 'getRange',
  hasOpenTime: true,
  async open(folder) {
    const { open } = peerModule<{ open(options: { path: string }): Lmdb }>('lmdb')
    const database = open({ path: join(folder, 'lmdb') })
    let seq = 0
    return {
      async append(record) {
        await database.put(++seq, record)
        await database.flushed
      },
      fill: (records) =>
        database.transaction(() => {
          for (const record of records) void database.put(++seq, record)
        }),
      async sum() {
        let sum = 0
        for (const { value } of database.getRange()) sum += value.by
        return sum
      },
      close: () => database.close(),
    }
  },
}
