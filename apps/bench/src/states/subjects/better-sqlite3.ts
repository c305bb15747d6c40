import { join } from 'node:path'
import { grouped } from '../../measure.js'
import { peerModule } from '../../peers/install.js'
import { changeOf, entriesOf } from '../changes.js'
import type { Subject } from '../subject.js'

interface Statement {
  run(...values: unknown[]): { readonly changes: number }
  pluck(): Statement
  all(): unknown[]
}

interface Database {
  pragma(text: string): unknown
  exec(sql: string): unknown
  prepare(sql: string): Statement
  transaction(work: () => void): () => void
  close(): void
}

/** SQLite; each change is a transaction of its own. */
export function betterSqlite3(size: number): Subject {
  return {
    name: `better-sqlite3, ${grouped(size)}`,
    kind: 'peer',
    family: 'better-sqlite3',
    size,
    needs: 'better-sqlite3',
    change: 'update, WAL, synchronous=FULL',
    callers: [1, 64],
    isBlocking: true,
    async open(folder) {
      const Database = peerModule<new (path: string) => Database>('better-sqlite3')
      const database = new Database(join(folder, 'data.sqlite'))
      database.pragma('journal_mode = WAL')
      database.pragma('synchronous = FULL')
      database.exec(
        'CREATE TABLE IF NOT EXISTS entries (id TEXT PRIMARY KEY, name TEXT, value INTEGER)',
      )
      const select = database.prepare('SELECT value FROM entries ORDER BY id').pluck()
      if (select.all().length === 0) fill(database, size)
      const update = database.prepare('UPDATE entries SET value = ? WHERE id = ?')
      return {
        change(n) {
          const { id, value } = changeOf(n, size)
          if (update.run(value, id).changes !== 1) throw new Error(`no entry ${id}`)
          return undefined
        },
        values: async () => select.all() as number[],
        close: async () => database.close(),
      }
    },
  }
}

function fill(database: Database, size: number): void {
  const insert = database.prepare('INSERT INTO entries VALUES (?, ?, ?)')
  const insertAll = database.transaction(() => {
    for (const [id, { name, value }] of entriesOf(size)) insert.run(id, name, value)
  })
  insertAll()
}
