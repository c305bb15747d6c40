import { join } from 'node:path'
import { peerModule } from '../install.js'
import type { BenchRecord, Peer } from '../peer.js'

interface Low {
  data: BenchRecord[]
  read(): Promise<void>
  write(): Promise<void>
}

interface LowModule {
  JSONFilePreset(path: string, defaults: BenchRecord[]): Promise<Low>
}

/** One JSON file, written as a whole each time; it is not synced. */
export const lowdb: Peer = {
  name: 'lowdb',
  needs: 'lowdb',
  append: 'push + write, the whole file',
  replay: 'read, the whole file',
  hasOpenTime: true,
  maxAppends: 20_000,
  async open(folder) {
    const low = await peerModule<LowModule>('lowdb/node').JSONFilePreset(
      join(folder, 'low.json'),
      [],
    )
    return {
      append(record) {
        low.data.push(record)
        return low.write()
      },
      async fill(records) {
        for (const record of records) low.data.push(record)
      },
      async sum() {
        await low.read()
        return low.data.reduce((sum, { by }) => sum + by, 0)
      },
      close: () => low.write(),
    }
  },
}
