import { join } from 'node:path'
import { peerModule } from '../install.js'
import type { BenchRecord, Peer } from '../peer.js'

interface Statement {
  run(...values: unknown[]): unknown
  pluck(): Statement
  iterate(): Iterable<string>
}

interface Database {
  pragma(text: string): unknown
  exec(sql: string): unknown
  prepare(sql: string): Statement
  transaction<A>(work: (argument: A) => void): (argument: A) => void
  close(): void
}

/** SQLite; each insert is a transaction of its own. */
export const betterSqlite3: Peer = {
  name: 'better-sqlite3',
  needs: 'better-sqlite3',
  append: 'insert, WAL, synchronous=FULL',
  replay: 'select, iterate + JSON.parse',
  hasOpenTime: true,
  isBlocking: true,
  async open(folder) {
    const Database = peerModule<new (path: string) => Database>('better-sqlite3')
    const database = new Database(join(folder, 'data.sqlite'))
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.exec('CREATE TABLE IF NOT EXISTS records (seq INTEGER PRIMARY KEY, body TEXT)')
    const insert = database.prepare('INSERT INTO records (body) VALUES (?)')
    const select = database.prepare('SELECT body FROM records ORDER BY seq').pluck()
    const insertAll = database.transaction((records: BenchRecord[]) => {
      for (const record of records) insert.run(JSON.stringify(record))
    })
    return {
      append(record) {
        insert.run(JSON.stringify(record))
        return undefined
      },
      async fill(records) {
        insertAll(records)
      },
      async sum() {
        let sum = 0
        for (const body of select.iterate()) sum += (JSON.parse(body) as BenchRecord).by
        return sum
      },
      async close() {
        database.close()
      },
    }
  },
}
