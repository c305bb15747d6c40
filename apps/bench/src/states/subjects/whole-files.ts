import { join } from 'node:path'
import { grouped } from '../../measure.js'
import { peerModule } from '../../peers/install.js'
import { type Entry, changeOf, entriesOf, idOf } from '../changes.js'
import type { Subject } from '../subject.js'

interface State {
  entries: Record<string, Entry>
}

interface Low {
  data: State
  write(): Promise<void>
}

interface LowModule {
  JSONFilePreset(path: string, defaults: State): Promise<Low>
}

/** One JSON file, written as a whole each time. */
export function lowdb(size: number): Subject {
  return {
    name: `lowdb, ${grouped(size)}`,
    kind: 'peer',
    family: 'lowdb',
    size,
    needs: 'lowdb',
    change: 'assign + write, the whole file',
    callers: [1, 64],
    replacesFile: true,
    ...bounds(size),
    async open(folder) {
      const path = join(folder, 'low.json')
      const { JSONFilePreset } = peerModule<LowModule>('lowdb/node')
      const low = await JSONFilePreset(path, initialOf(size))
      return {
        change(n) {
          const { id, value } = changeOf(n, size)
          existing(low.data.entries[id], id).value = value
          return low.write()
        },
        values: async () => valuesOf(low.data, size),
        close: () => low.write(),
      }
    },
  }
}

interface Conf {
  store: State
  set(key: string, value: unknown): void
}

interface ConfModule {
  default: new (options: { cwd: string; configName: string; projectName: string }) => Conf
}

/** One JSON file, read and written as a whole each time. */
export function conf(size: number): Subject {
  return {
    name: `conf, ${grouped(size)}`,
    kind: 'peer',
    family: 'conf',
    size,
    needs: 'conf',
    change: 'set, the whole file',
    callers: [1, 64],
    isBlocking: true,
    replacesFile: true,
    ...bounds(size),
    async open(folder) {
      const { default: Conf } = peerModule<ConfModule>('conf')
      const config = new Conf({ cwd: folder, configName: 'conf', projectName: 'bench' })
      if (config.store.entries === undefined) config.store = initialOf(size)
      return {
        change(n) {
          const { id, value } = changeOf(n, size)
          config.set(`entries.${id}.value`, value)
          return undefined
        },
        values: async () => valuesOf(config.store, size),
        close: async () => undefined,
      }
    },
  }
}

/** A change costs as much as the whole state: a few tell what it is. */
function bounds(size: number): Pick<Subject, 'maxRounds' | 'maxChanges'> {
  return size <= 100 ? { maxRounds: 5 } : { maxRounds: 3, maxChanges: size <= 10_000 ? 64 : 8 }
}

function initialOf(size: number): State {
  return { entries: Object.fromEntries(entriesOf(size)) }
}

function valuesOf({ entries }: State, size: number): number[] {
  return Array.from({ length: size }, (_, index) => {
    const id = idOf(index)
    return existing(entries[id], id).value
  })
}

function existing(entry: Entry | undefined, id: string): Entry {
  if (entry === undefined) throw new Error(`no entry ${id}`)
  return entry
}
