import { join } from 'node:path'
import { peerModule } from '../install.js'
import type { BenchRecord, Peer } from '../peer.js'

interface Level {
  open(): Promise<void>
  put(key: string, value: BenchRecord, options: { sync: boolean }): Promise<void>
  batch(operations: { type: 'put'; key: string; value: BenchRecord }[]): Promise<void>
  values(): { nextv(size: number): Promise<BenchRecord[]>; close(): Promise<void> }
  close(): Promise<void>
}

type LevelClass = new (path: string, options: { valueEncoding: 'json' }) => Level

const keyOf = (seq: number): string => String(seq).padStart(12, '0')

/** LevelDB. */
export const classicLevel: Peer = {
  name: 'classic-level',
  needs: 'classic-level',
  append: 'put, sync: true',
  replay: 'values(), nextv(1000)',
  hasOpenTime: true,
  async open(folder) {
    const { ClassicLevel } = peerModule<{ ClassicLevel: LevelClass }>('classic-level')
    const level = new ClassicLevel(join(folder, 'level'), { valueEncoding: 'json' })
    await level.open()
    let seq = 0
    return {
      append: (record) => level.put(keyOf(++seq), record, { sync: true }),
      fill: (records) =>
        level.batch(records.map((value) => ({ type: 'put', key: keyOf(++seq), value }))),
      async sum() {
        let sum = 0
        const values = level.values()
        for (;;) {
          const some = await values.nextv(1000)
          if (some.length === 0) break
          for (const { by } of some) sum += by
        }
        await values.close()
        return sum
      },
      close: () => level.close(),
    }
  },
}
