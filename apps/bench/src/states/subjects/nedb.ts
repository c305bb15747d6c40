import { join } from 'node:path'
import { grouped } from '../../measure.js'
import { peerModule } from '../../peers/install.js'
import { changeOf, entriesOf } from '../changes.js'
import type { Subject } from '../subject.js'

interface Document {
  readonly _id: string
  readonly name: string
  readonly value: number
}

interface Datastore {
  loadDatabaseAsync(): Promise<void>
  insertAsync(documents: readonly Document[]): Promise<unknown>
  updateAsync(query: object, change: object): Promise<{ readonly numAffected: number }>
  countAsync(query: object): Promise<number>
  findAsync(query: object): { sort(by: object): PromiseLike<readonly Document[]> }
}

/** Documents in memory, each change a line that is appended to a file. */
export function nedb(size: number): Subject {
  return {
    name: `nedb, ${grouped(size)}`,
    kind: 'peer',
    family: 'nedb',
    size,
    needs: '@seald-io/nedb',
    change: 'update, a line in a file',
    callers: [1, 64],
    async open(folder) {
      const Datastore =
        peerModule<new (options: { filename: string }) => Datastore>('@seald-io/nedb')
      const database = new Datastore({ filename: join(folder, 'data.nedb') })
      await database.loadDatabaseAsync()
      if ((await database.countAsync({})) === 0) {
        const documents = entriesOf(size).map(([id, { name, value }]) => ({ _id: id, name, value }))
        await database.insertAsync(documents)
      }
      return {
        async change(n) {
          const { id, value } = changeOf(n, size)
          const { numAffected } = await database.updateAsync({ _id: id }, { $set: { value } })
          if (numAffected !== 1) throw new Error(`no entry ${id}`)
        },
        async values() {
          const documents = await database.findAsync({}).sort({ _id: 1 })
          return documents.map(({ value }) => value)
        },
        close: async () => undefined,
      }
    },
  }
}
